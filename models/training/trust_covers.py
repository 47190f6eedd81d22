"""Draw covers onto gray faces: hands and things, and by name all that there are. Reads no file.

A cover is drawn on a face of `SIDE` pixels with its landmarks, so that the landmark predictor later meets the covered
image. All randomness comes from the caller's generator.
"""

import math
from collections.abc import Callable

import cv2
import numpy as np

from models.training.trust_canvas import (
    SIDE,
    Canvas,
    Covered,
    Image,
    Points,
    blend,
    capsule,
    filled,
    skin_texture,
    texture,
    tilted_box,
)
from models.training.trust_wear import (
    beard,
    brim,
    cloth,
    fringe,
    glasses,
    hair,
    mirrored,
    scarf,
    shade,
    sunglasses,
    surgical,
)


def _fingers(canvas: Canvas, tip: Points, direction: float, count: int) -> tuple[Image, Image]:
    """Fingers side by side whose tips are about `tip`, pointing along `direction`: cover and mask."""
    rng, unit = canvas.rng, canvas.unit
    radius = unit * rng.uniform(0.14, 0.22)
    across = np.array([-math.sin(direction), math.cos(direction)], np.float32)
    cover, mask = skin_texture(canvas), np.zeros((SIDE, SIDE), np.float32)
    spread = rng.uniform(-0.08, 0.16)
    for number in range(count):
        side = number - (count - 1) / 2
        turned = direction + spread * side + rng.normal(0, 0.03)
        ahead = np.array([math.cos(turned), math.sin(turned)], np.float32)
        end = (
            tip
            + across * side * radius * rng.uniform(1.85, 2.15)
            - ahead * unit * rng.uniform(0, 0.35) * abs(side)
        )
        start = end - ahead * unit * rng.uniform(2.0, 3.4)
        finger, apart = capsule(start, end, radius)
        shaded = cover * (1.08 - rng.uniform(0.25, 0.6) * np.clip(apart, 0, 1) ** 3)
        for joint in (0.33, 0.62):
            crease, _ = capsule(
                end - ahead * unit * joint * 2 + across * radius * 0.5,
                end - ahead * unit * joint * 2 - across * radius * 0.5,
                unit * 0.02,
            )
            shaded = shaded * (1 - 0.12 * crease)
        if rng.random() < 0.5:
            nail, _ = capsule(end - ahead * radius * 0.7, end - ahead * radius * 0.1, radius * 0.5)
            shaded = shaded + 25 * nail
        cover = np.where(finger > 0.5, shaded, cover)
        mask = np.maximum(mask, finger)
    return cover, mask


def fingers(canvas: Canvas) -> Covered:
    """One to four fingers on the mouth, an eye or a cheek."""
    rng = canvas.rng
    names = ("mouth", "mouth", "left_eye", "right_eye", "nose", "left_cheek", "right_cheek", "chin")
    spot = canvas.spot(str(rng.choice(names)))
    direction = float(rng.uniform(0, 2 * math.pi))
    ahead = np.array([math.cos(direction), math.sin(direction)], np.float32)
    tip = spot + ahead * canvas.unit * rng.uniform(-0.1, 0.8) + rng.normal(0, 0.12 * canvas.unit, 2)
    cover, mask = _fingers(canvas, np.asarray(tip, np.float32), direction, int(rng.integers(1, 5)))
    return blend(canvas, cover, mask)


def hand(canvas: Canvas) -> Covered:
    """A whole hand with palm or back, fingers and a thumb, over the mouth, the eyes or half of the face."""
    rng, unit = canvas.rng, canvas.unit
    spot = canvas.spot(str(rng.choice(("mouth", "mouth", "eyes", "nose", "left_eye", "right_eye"))))
    # From below or from a side, as arms come.
    direction = float(rng.choice((-math.pi / 2, 0, math.pi)) + rng.normal(0, 0.35))
    ahead = np.array([math.cos(direction), math.sin(direction)], np.float32)
    tip = np.asarray(spot + ahead * unit * rng.uniform(0.5, 1.3), np.float32)
    cover, mask = _fingers(canvas, tip, direction, 4)
    palm = tip - ahead * unit * rng.uniform(1.7, 2.3)
    axes = (unit * rng.uniform(0.75, 1.0), unit * rng.uniform(0.7, 0.95))
    back = np.zeros((SIDE, SIDE), np.float32)
    cv2.ellipse(
        back,
        (tuple(map(float, palm)), (2 * axes[0], 2 * axes[1]), math.degrees(direction)),
        1.0,
        -1,
        cv2.LINE_AA,
    )
    wrist, _ = capsule(
        np.asarray(palm - ahead * unit * 3, np.float32), np.asarray(palm, np.float32), unit * 0.6
    )
    sideways = direction + rng.choice((-1, 1)) * rng.uniform(0.6, 1.1)
    thumb, apart = capsule(
        np.asarray(palm, np.float32),
        np.asarray(palm + unit * 1.25 * np.array([math.cos(sideways), math.sin(sideways)]), np.float32),
        unit * rng.uniform(0.17, 0.24),
    )
    rounded = cv2.GaussianBlur(np.maximum(back, wrist), (0, 0), 0.25 * unit)
    smooth = skin_texture(canvas) * (0.75 + 0.3 * rounded)
    cover = np.where(np.maximum(back, wrist) > mask, smooth, cover)
    cover = np.where(thumb > 0.5, smooth * (1.08 - 0.4 * np.clip(apart, 0, 1) ** 3), cover)
    return blend(canvas, cover, np.maximum.reduce([mask, back, wrist, thumb]))


def _anywhere(canvas: Canvas) -> Points:
    names = ("mouth", "mouth", "left_eye", "right_eye", "eyes", "nose", "left_cheek", "right_cheek", "chin")
    spot = canvas.spot(str(canvas.rng.choice(names)))
    return np.asarray(spot + canvas.rng.normal(0, 0.25 * canvas.unit, 2), np.float32)


def bar(canvas: Canvas) -> Covered:
    """A round bar, a microphone or an arm of a stand, shaded like a cylinder."""
    rng, unit = canvas.rng, canvas.unit
    spot, angle = _anywhere(canvas), rng.uniform(0, math.pi)
    half = unit * rng.uniform(0.1, 0.6)
    corners, place = tilted_box(spot, angle, (unit * 4, half))
    mask = filled(corners)
    if rng.random() < 0.5:  # it ends in a head, as a microphone does
        along = np.array([math.cos(angle), math.sin(angle)], np.float32)
        mask = mask * filled(tilted_box(spot - along * unit * 4, angle, (unit * 4, half))[0])
        cv2.circle(mask, tuple(map(int, spot)), int(half * rng.uniform(1.0, 1.7)), 1.0, -1, cv2.LINE_AA)
    shine = rng.uniform(-0.6, 0.6)
    cover = texture(canvas, rng.uniform(15, 220), rng.uniform(0, 0.4))
    cover = cover * (1.1 - 0.55 * np.clip(np.abs(place), 0, 1) ** 2) + rng.uniform(0, 70) * np.exp(
        -(((place - shine) / 0.2) ** 2)
    )
    return blend(canvas, np.asarray(cover, np.float32), mask)


def phone(canvas: Canvas) -> Covered:
    """A flat thing with straight edges: a phone, a book, a sheet of paper."""
    rng, unit = canvas.rng, canvas.unit
    size = unit * rng.uniform(0.5, 1.6), unit * rng.uniform(0.4, 1.1)
    angle = rng.choice((0.0, math.pi / 2)) + rng.normal(0, 0.35)
    corners, _ = tilted_box(_anywhere(canvas), angle, size)
    cover = texture(canvas, rng.uniform(10, 245), rng.choice((0.0, 0.15, 0.8)))
    if rng.random() < 0.6:
        at = corners[0] + (corners[2] - corners[0]) * rng.uniform(0.15, 0.3)
        cv2.circle(
            cover, tuple(map(int, at)), max(2, int(unit * 0.1)), float(rng.uniform(0, 80)), -1, cv2.LINE_AA
        )
    return blend(canvas, cover, filled(corners))


def cup(canvas: Canvas) -> Covered:
    """A cup or a glass at the mouth, wider above, with a rim and perhaps fingers around it."""
    rng, unit = canvas.rng, canvas.unit
    across, down = canvas.axes
    top = canvas.spot("mouth") - down * unit * rng.uniform(0.0, 0.5) + across * unit * rng.normal(0, 0.15)
    wide, narrow, tall = (
        unit * rng.uniform(0.5, 0.85),
        unit * rng.uniform(0.35, 0.6),
        unit * rng.uniform(1.2, 2.2),
    )
    corners = [
        top - across * wide,
        top + across * wide,
        top + down * tall + across * narrow,
        top + down * tall - across * narrow,
    ]
    mask = filled(np.array(corners))
    ys, xs = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    place = ((xs - top[0]) * across[0] + (ys - top[1]) * across[1]) / wide
    cover = texture(canvas, rng.uniform(40, 240), rng.uniform(0, 0.25)) * (
        1.08 - 0.5 * np.clip(np.abs(place), 0, 1) ** 2
    )
    rim = np.zeros((SIDE, SIDE), np.float32)
    angle = math.degrees(math.atan2(across[1], across[0]))
    cv2.ellipse(rim, (tuple(map(float, top)), (2 * wide, 0.35 * wide), angle), 1.0, -1, cv2.LINE_AA)
    cover = np.where(rim > 0.5, cover * rng.uniform(0.5, 1.2), cover)
    mask = np.maximum(mask, rim)
    if rng.random() < 0.5:
        tip = np.asarray(top + down * unit * 0.7 + across * unit * 0.3, np.float32)
        over, held = _fingers(canvas, tip, float(rng.choice((0, math.pi))) + 0.2, 3)
        cover, mask = np.where(held > 0.5, over, cover), np.maximum(mask, held)
    return blend(canvas, np.asarray(cover, np.float32), mask)


def patch(canvas: Canvas) -> Covered:
    """A piece of another image in any rounded shape."""
    rng, unit = canvas.rng, canvas.unit
    turns = np.linspace(0, 2 * math.pi, 24, endpoint=False)
    radii = (
        unit * rng.uniform(0.3, 1.2) * (1 + 0.25 * np.convolve(rng.normal(0, 1, 24), np.ones(5) / 5, "same"))
    )
    stretch = rng.uniform(0.5, 1.6)
    outline = _anywhere(canvas) + np.column_stack(
        [np.cos(turns) * radii * stretch, np.sin(turns) * radii / stretch]
    )
    level = rng.choice((canvas.skin, rng.uniform(20, 230)))
    return blend(canvas, texture(canvas, float(level), rng.uniform(0.5, 1.3)), filled(outline))


def flat(canvas: Canvas) -> Covered:
    """One gray level over the mouth or the eyes: a censor's bar, a mask that somebody drew."""
    rng, unit = canvas.rng, canvas.unit
    size = unit * rng.uniform(0.4, 1.3), unit * rng.uniform(0.25, 0.8)
    corners, _ = tilted_box(_anywhere(canvas), rng.normal(0, 0.2), size)
    cover = np.full((SIDE, SIDE), rng.uniform(0, 255), np.float32)
    return blend(canvas, cover, filled(corners), rng.uniform(0.4, 1.5))


Cover = Callable[[Canvas], Covered]
COVERS: dict[str, Cover] = {
    cover.__name__: cover
    for cover in (fingers, surgical, scarf, sunglasses, hair, bar, phone, patch, flat, brim)
}
"""Those that the net is trained with."""
HELD_OUT: dict[str, Cover] = {cover.__name__: cover for cover in (hand, cloth, mirrored, cup)}
"""Only for the figures: the net never sees one of these kinds."""
HARMLESS: dict[str, Cover] = {cover.__name__: cover for cover in (glasses, beard, shade, fringe)}
"""What looks like a cover and is none."""


def hidden_shares(points: Points, mask: Image) -> tuple[float, float]:
    """Which share of the eyes and of the mouth the mask covers, each 0..1."""
    eyes = np.maximum(*(filled(_wider(points[part], 1.5)) for part in (slice(36, 42), slice(42, 48))))
    mouth = filled(_wider(points[48:60], 1.1))
    return tuple(float((region * mask).sum() / max(1.0, float(region.sum()))) for region in (eyes, mouth))  # type: ignore[return-value]


def _wider(points: Points, factor: float) -> Points:
    middle = points.mean(0)
    hull = cv2.convexHull(np.asarray(middle + (points - middle) * factor, np.float32))
    return np.asarray(hull[:, 0], np.float32)
