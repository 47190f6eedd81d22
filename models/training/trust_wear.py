"""Draw what people wear over a face: masks, glasses, hair, hats; and what covers nothing: glasses, beards, shadows."""

import math

import cv2
import numpy as np

from models.training.trust_canvas import SIDE, Canvas, Covered, Image, Points, blend, capsule, filled, texture


def _mask_outline(canvas: Canvas) -> Points:
    """From the bridge of the nose along the jaw, as a mask over mouth and nose lies."""
    rng, points = canvas.rng, canvas.points
    _, down = canvas.axes
    top = points[27 + int(rng.integers(0, 4))]
    start = int(rng.integers(1, 4))
    jaw = points[start : 17 - start].copy()
    jaw[3:-3] += down * canvas.unit * rng.uniform(0.0, 0.35)
    jaw += rng.normal(0, 0.02 * canvas.unit, jaw.shape)
    left, right = (points[31] + points[48]) / 2, (points[35] + points[54]) / 2
    lift = down * canvas.unit * rng.uniform(0.15, 0.5)
    return np.asarray(np.vstack([jaw, right[None] - lift, top[None], left[None] - lift]), np.float32)


def surgical(canvas: Canvas) -> Covered:
    """A mask of one bright color with pleats and straps."""
    rng = canvas.rng
    outline = _mask_outline(canvas)
    mask = filled(outline)
    across, down = canvas.axes
    cover = np.full((SIDE, SIDE), rng.uniform(120, 250), np.float32) + rng.normal(0, 2, (SIDE, SIDE))
    ys, xs = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    mouth = canvas.spot("mouth")
    height = ((xs - mouth[0]) * down[0] + (ys - mouth[1]) * down[1]) / canvas.unit
    width = ((xs - mouth[0]) * across[0] + (ys - mouth[1]) * across[1]) / canvas.unit
    cover = cover * (1 - rng.uniform(0.1, 0.4) * np.clip(np.abs(width), 0, 1.2) ** 2)
    for pleat in rng.uniform(-0.6, 0.5, int(rng.integers(0, 4))):
        bent = pleat + 0.12 * width**2
        cover = cover * (1 - rng.uniform(0.08, 0.25) * np.exp(-(((height - bent) / 0.035) ** 2)))
    for end, ear in ((outline[0], canvas.points[0]), (outline[-4], canvas.points[16])):
        strap = np.zeros((SIDE, SIDE), np.float32)
        a, b = (tuple(int(8 * c) for c in p) for p in (end, ear - down * canvas.unit * 0.2))
        cv2.line(strap, a, b, 1.0, int(rng.integers(1, 4)), cv2.LINE_AA, shift=3)
        mask = np.maximum(mask, strap)
    return blend(canvas, np.asarray(cover, np.float32), mask)


def cloth(canvas: Canvas) -> Covered:
    """A patterned mask without pleats: stripes, dots or a print."""
    rng = canvas.rng
    mask = filled(_mask_outline(canvas))
    ys, xs = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    angle, pitch = rng.uniform(0, math.pi), canvas.unit * rng.uniform(0.08, 0.4)
    wave = np.sin((xs * math.cos(angle) + ys * math.sin(angle)) * 2 * math.pi / pitch)
    if rng.random() < 0.5:
        wave = wave * np.sin((ys * math.cos(angle) - xs * math.sin(angle)) * 2 * math.pi / pitch)
    level = rng.uniform(25, 220)
    cover = texture(canvas, level, rng.uniform(0, 0.4)) + rng.uniform(0, 45) * np.sign(wave)
    return blend(canvas, np.asarray(cover, np.float32), mask)


def scarf(canvas: Canvas) -> Covered:
    """Cloth from below up to the lips or the nose, with folds, over the whole width."""
    rng = canvas.rng
    across, down = canvas.axes
    mouth, unit = canvas.spot("mouth"), canvas.unit
    steps = np.linspace(-3, 3, 25)
    top = mouth - down * unit * rng.uniform(-0.3, 0.9)
    tilt, bow = rng.normal(0, 0.08), rng.uniform(-0.08, 0.12)
    edge = [
        top + across * unit * s + down * unit * (tilt * s + bow * s * s + rng.normal(0, 0.015)) for s in steps
    ]
    below = [edge[-1] + down * unit * 5, edge[0] + down * unit * 5]
    ys, xs = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    angle = math.atan2(across[1], across[0]) + rng.normal(0, 0.4)
    place = -xs * math.sin(angle) + ys * math.cos(angle)
    folds = sum(
        np.sin(place * 2 * math.pi / (unit * rng.uniform(0.25, 0.9)) + rng.uniform(0, 6)) for _ in range(2)
    )
    cover = texture(canvas, rng.uniform(20, 200), rng.uniform(0.1, 0.6)) * (
        1 + rng.uniform(0.03, 0.15) * folds
    )
    return blend(canvas, np.asarray(cover, np.float32), filled(np.array([*edge, *below])))


def _lens(canvas: Canvas, eye: Points, outward: float, size: tuple[float, float], power: float) -> Image:
    """The mask of one lens: a superellipse that hangs a little outward."""
    across, down = canvas.axes
    turns = np.linspace(0, 2 * math.pi, 48)
    x = np.sign(np.cos(turns)) * np.abs(np.cos(turns)) ** (2 / power) * size[0]
    y = np.sign(np.sin(turns)) * np.abs(np.sin(turns)) ** (2 / power) * size[1]
    center = eye + across * outward * canvas.unit * 0.06 + down * canvas.unit * 0.05
    return filled(center + x[:, None] * across + y[:, None] * down)


def _spectacles(canvas: Canvas) -> tuple[Image, Image]:
    """Masks of the lenses and of frame, bridge and temples."""
    rng, unit = canvas.rng, canvas.unit
    across, _ = canvas.axes
    size = unit * rng.uniform(0.33, 0.5), unit * rng.uniform(0.24, 0.42)
    power = rng.uniform(1.8, 4.0)
    eyes = canvas.spot("left_eye"), canvas.spot("right_eye")
    lenses = np.maximum(
        *(_lens(canvas, eye, side, size, power) for eye, side in zip(eyes, (-1, 1), strict=True))
    )
    rim = np.zeros((SIDE, SIDE), np.float32)
    thick = max(1, round(unit * rng.uniform(0.02, 0.09)))
    ends = (eyes[0] + across * size[0] * 0.9, eyes[1] - across * size[0] * 0.9)
    for a, b in (
        ends,
        (eyes[0] - across * size[0], canvas.points[0]),
        (eyes[1] + across * size[0], canvas.points[16]),
    ):
        cv2.line(rim, tuple(map(int, a)), tuple(map(int, b)), 1.0, thick, cv2.LINE_AA)
    kernel = np.ones((2 * thick + 1, 2 * thick + 1), np.uint8)
    rim = np.maximum(rim, cv2.dilate(lenses, kernel) - lenses)
    return np.asarray(lenses, np.float32), np.asarray(rim, np.float32)


def sunglasses(canvas: Canvas) -> Covered:
    """Dark lenses, even or brighter below, with a frame."""
    rng = canvas.rng
    lenses, rim = _spectacles(canvas)
    ys = np.mgrid[0:SIDE, 0:SIDE][0].astype(np.float32)
    height = (ys - canvas.spot("eyes")[1]) / canvas.unit
    cover = rng.uniform(5, 70) + rng.uniform(0, 60) * np.clip(height + 0.3, 0, 1)
    # Dark glass lets a little of the eye through.
    cover = cover + rng.uniform(0, 0.12) * canvas.image
    if rng.random() < 0.4:
        x, y = canvas.spot("left_eye") + rng.normal(0, 0.15 * canvas.unit, 2)
        glint, _ = capsule(
            np.array([x, y], np.float32), np.array([x + 9, y - 6], np.float32), rng.uniform(2, 5)
        )
        cover = cover + 120 * glint
    cover = np.where(lenses >= rim, cover, rng.choice((rng.uniform(0, 60), rng.uniform(120, 220))))
    return blend(canvas, np.asarray(cover, np.float32), np.maximum(lenses, rim), rng.uniform(0.6, 1.4))


def mirrored(canvas: Canvas) -> Covered:
    """Sunglasses that mirror something."""
    rng = canvas.rng
    lenses, rim = _spectacles(canvas)
    cover = texture(canvas, rng.uniform(40, 160), rng.uniform(0.6, 1.3))
    cover = np.where(lenses >= rim, cover, rng.uniform(0, 200))
    return blend(canvas, np.asarray(cover, np.float32), np.maximum(lenses, rim), rng.uniform(0.6, 1.4))


def _strands(canvas: Canvas, low: float, high: float) -> tuple[Image, Image]:
    """Hair that falls from above the face down to between `low` and `high` units below the eyes."""
    rng, unit = canvas.rng, canvas.unit
    across, down = canvas.axes
    eyes = canvas.spot("eyes")
    cover = np.full((SIDE, SIDE), 0, np.float32)
    mask = np.zeros((SIDE, SIDE), np.float32)
    level, middle, width = rng.uniform(10, 170), rng.uniform(-1.1, 1.1), rng.uniform(0.35, 1.3)
    bend = rng.normal(0, 0.5)
    for _ in range(int(rng.integers(40, 110))):
        x = middle + rng.uniform(-width, width)
        length = rng.uniform(low, high)
        steps = np.linspace(-2.2, length, 12)
        lean = bend + rng.normal(0, 0.1)
        path = [eyes + across * unit * (x + lean * (s + 2.2) ** 2 * 0.08) + down * unit * s for s in steps]
        color = float(np.clip(level + rng.normal(0, 16), 0, 255))
        drawn = [np.round(np.array(path) * 8).astype(np.int32)]
        thick = int(rng.integers(2, 6))
        cv2.polylines(cover, drawn, False, color, thick, cv2.LINE_AA, shift=3)
        cv2.polylines(mask, drawn, False, 1.0, thick, cv2.LINE_AA, shift=3)
    return cover, mask


def hair(canvas: Canvas) -> Covered:
    """Hair over one or both eyes."""
    cover, mask = _strands(canvas, 0.1, 1.8)
    filled_in = np.where(mask > 0.3, cover / np.maximum(mask, 0.3), 0)
    return blend(canvas, np.asarray(filled_in, np.float32), mask, 0.8)


def brim(canvas: Canvas) -> Covered:
    """A cap, a hat or a helmet, down to the brows or over the eyes, with its shadow."""
    rng, unit = canvas.rng, canvas.unit
    across, down = canvas.axes
    low = canvas.spot("eyes") + down * unit * rng.uniform(-0.55, 0.35)
    steps = np.linspace(-3, 3, 25)
    bow, tilt = rng.uniform(-0.1, 0.15), rng.normal(0, 0.08)
    edge = [low + across * unit * s + down * unit * (tilt * s + bow * s * s) for s in steps]
    above = [edge[-1] - down * unit * 5, edge[0] - down * unit * 5]
    cover = texture(canvas, rng.uniform(10, 200), rng.uniform(0.1, 0.6))
    return blend(canvas, cover, filled(np.array([*edge, *above])))


def glasses(canvas: Canvas) -> Covered:
    """Clear glasses: covers nothing that matters, so its mask is empty."""
    rng = canvas.rng
    lenses, rim = _spectacles(canvas)
    dark = rng.uniform(0, 110)
    image = canvas.image + rng.uniform(-12, 18) * lenses
    if rng.random() < 0.3:
        x, y = canvas.spot("right_eye") + rng.normal(0, 0.15 * canvas.unit, 2)
        glint, _ = capsule(
            np.array([x, y], np.float32), np.array([x + 7, y - 4], np.float32), rng.uniform(1, 3)
        )
        image = image + 90 * glint
    image = image * (1 - rim) + dark * rim
    return np.clip(image, 0, 255).astype(np.float32), np.zeros((SIDE, SIDE), np.float32)


def beard(canvas: Canvas) -> Covered:
    """A beard around the lips: covers nothing that matters."""
    rng, unit = canvas.rng, canvas.unit
    start = int(rng.integers(3, 6))
    jaw = canvas.points[start : 17 - start]
    upper = canvas.points[33] * 0.6 + canvas.points[51] * 0.4
    region = filled(
        np.vstack(
            [
                jaw,
                (jaw[-1] * 0.5 + canvas.points[54] * 0.5)[None],
                upper[None],
                (jaw[0] * 0.5 + canvas.points[48] * 0.5)[None],
            ]
        )
    )
    lips = cv2.dilate(filled(canvas.points[48:60]), np.ones((3, 3), np.uint8))
    soft = cv2.GaussianBlur(np.asarray(region * (1 - lips), np.float32), (0, 0), 0.06 * unit)
    grain = cv2.GaussianBlur(rng.normal(0, 1, (SIDE, SIDE)).astype(np.float32), (0, 0), 1.2)
    dark = canvas.image * rng.uniform(0.3, 0.8) + 14 * grain
    strength = soft * rng.uniform(0.5, 1.0)
    return np.clip(canvas.image * (1 - strength) + dark * strength, 0, 255).astype(np.float32), np.zeros_like(
        canvas.image
    )


def shade(canvas: Canvas) -> Covered:
    """Light from one side, or the shadow of something: covers nothing."""
    rng = canvas.rng
    ys, xs = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    angle = rng.uniform(0, 2 * math.pi)
    nose = canvas.spot("nose")
    place = ((xs - nose[0]) * math.cos(angle) + (ys - nose[1]) * math.sin(angle)) / canvas.unit + rng.normal(
        0, 0.3
    )
    lit = 0.5 + 0.5 * np.tanh(place / rng.uniform(0.1, 1.2))
    image = canvas.image * (1 - rng.uniform(0.2, 0.75) * lit)
    return np.clip(image, 0, 255).astype(np.float32), np.zeros_like(canvas.image)


def fringe(canvas: Canvas) -> Covered:
    """Hair on the forehead that ends above the eyes; its mask says what it covers after all."""
    cover, mask = _strands(canvas, -1.2, -0.35)
    filled_in = np.where(mask > 0.3, cover / np.maximum(mask, 0.3), 0)
    return blend(canvas, np.asarray(filled_in, np.float32), mask, 0.8)
