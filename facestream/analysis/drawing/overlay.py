"""Draw a frame report onto the planes of the yuv420p frame it describes.

Pure: runs no model and reads no clock. Never converts to BGR, and never draws over the frame counter of a replay.
"""

import enum
import math
from collections.abc import Collection

import cv2
import numpy as np

from facestream.analysis.drawing.canvas import (
    BLACK,
    WHITE,
    Canvas,
    Colour,
    FixedXY,
    Plane,
    Planes,
    fixed,
    from_rgb,
    rounded,
)
from facestream.analysis.drawing.own_shapes import draw_own_lines, draw_own_texts
from facestream.analysis.drawing.pills import Area, draw_pill, inside, pill_wh, printable
from facestream.analysis.drawing.words import WORDS, Language
from facestream.analysis.faces import EMOTIONS, Face, FrameReport, HeadPose

# Bright, and distinct for people with common kinds of colour blindness (after Okabe and Ito 2008); by face id, in turn.
FACE_COLOURS = (
    from_rgb(86, 200, 255), from_rgb(255, 176, 32), from_rgb(64, 224, 160), from_rgb(235, 235, 235),
    from_rgb(240, 150, 205), from_rgb(255, 120, 64), from_rgb(150, 160, 255), from_rgb(250, 236, 80),
)  # fmt: skip
AXIS_COLOURS = (from_rgb(255, 80, 80), from_rgb(80, 230, 80), from_rgb(90, 140, 255))
HULLS = (
    range(17, 22),  # eyebrow on the left of the image
    range(22, 27),
    range(36, 42),  # eye on the left of the image
    range(42, 48),
    range(48, 60),  # outer mouth
    range(60, 68),  # inner mouth
)
NOSE_TIP = 30
EDGES_FROM_PX = 180.0  # in a narrower face, the dark edges of the lines would fill eyes and mouth

BEYOND_BOX = 0.25
"""How far landmarks and axes may extend beyond the box of a face, as a share of its sides; 0.09 was measured."""

# The replay client stamps a frame counter into the lower right corner, 96x16 pixels on a grid of 16, and reads it from
# the annotated frame. If there is one, nothing is drawn on the first area; labels always stay out of the second.
STAMP_CORNER_WH = (112, 32)
STAMP_WIDTH_PX, STAMP_HEIGHT_PX, STAMP_GRID_PX = 96, 16, 16
STAMP_BLACK_BELOW, STAMP_WHITE_ABOVE = 60, 190
STAMP_SHARE, STAMP_CLEAR_SHARE = 0.1, 0.8


class Layer(enum.StrEnum):
    """A part of the drawing that a peer can choose."""

    BOX = "box"
    HULLS = "hulls"
    POINTS = "points"
    LABEL = "label"
    POSE = "pose"
    STATS = "stats"


DEFAULT_LAYERS = frozenset({Layer.BOX, Layer.HULLS, Layer.LABEL, Layer.STATS})


def draw(
    planes: Planes,
    report: FrameReport,
    layers: Collection[Layer],
    stats: str,
    language: Language = Language.ENGLISH,
) -> None:
    """Draw the chosen layers of a report, and what your own analysis wants drawn.

    `stats` is the text in the upper left corner, `language` that of the labels.

    Takes 0.2-0.4 ms for each face with the default layers, and twice that with all. A face whose coordinates are not
    finite is left out.
    """
    canvas = Canvas(planes)
    faces = [face for face in report.faces if math.isfinite(sum(_area_of(face)))]
    areas = [_area_of(face) for face in faces]
    kept = _stamped_corners(planes) if report.drawing or _reach_stamp(areas, canvas.size_wh) else []
    for face in faces:
        _draw_lines(canvas, face, layers)
    draw_own_lines(canvas, report.drawing)
    # Text last, so that the lines of another face do not cross it.
    taken = draw_own_texts(canvas, report.drawing)
    if Layer.STATS in layers and stats:
        taken.append(_draw_stats(canvas, stats))
    if Layer.LABEL in layers:
        whole = Area(0, 0, *canvas.size_wh)
        for face, area in zip(faces, areas, strict=True):
            if whole.shared_px(area) > 0:
                taken.append(
                    _draw_label(
                        canvas,
                        face,
                        label_text(face, len(faces), language),
                        taken,
                        [other for other in areas if other is not area],
                    )
                )
    for corner, before in kept:
        corner[...] = before


def _stamped_corners(planes: Planes) -> list[tuple[Plane, Plane]]:
    """The lower right corner of each plane, with a copy of it, if a headless peer has stamped its frame counter there.

    A stamp consists of black and white blocks without gray levels between them; no other corner looks like this.
    """
    frame_height, frame_width = planes[0].shape
    top = (frame_height - STAMP_HEIGHT_PX) // STAMP_GRID_PX * STAMP_GRID_PX
    left = (frame_width - STAMP_WIDTH_PX) // STAMP_GRID_PX * STAMP_GRID_PX
    if top < 0 or left < 0:
        return []
    luma = planes[0][top : top + STAMP_HEIGHT_PX, left : left + STAMP_WIDTH_PX]
    black = np.count_nonzero(luma < STAMP_BLACK_BELOW) / luma.size
    white = np.count_nonzero(luma > STAMP_WHITE_ABOVE) / luma.size
    if min(black, white) < STAMP_SHARE or black + white < STAMP_CLEAR_SHARE:
        return []
    width, height = STAMP_CORNER_WH
    corners = [
        plane[-height // side :, -width // side :] for plane, side in zip(planes, (1, 2, 2), strict=True)
    ]
    return [(corner, corner.copy()) for corner in corners]


def _reach_stamp(areas: list[Area], size_wh: tuple[int, int]) -> bool:
    """Whether the lines of a face may reach the corner of a stamp; texts never do."""
    (width, height), (corner_width, corner_height) = size_wh, STAMP_CORNER_WH
    return any(
        area.left + (1 + BEYOND_BOX) * area.width > width - corner_width
        and area.top + (1 + BEYOND_BOX) * area.height > height - corner_height
        for area in areas
    )


def _area_of(face: Face) -> Area:
    box = face.box
    return Area(box.left, box.top, box.width, box.height)


def _colour_of(face: Face) -> Colour:
    return FACE_COLOURS[(face.id - 1) % len(FACE_COLOURS)]


def _draw_lines(canvas: Canvas, face: Face, layers: Collection[Layer]) -> None:
    colour = _colour_of(face)
    if np.isfinite(face.landmarks_xy).all():
        points = fixed(face.landmarks_xy)
        if Layer.HULLS in layers:
            _draw_hulls(canvas, points, face.box.width, colour)
        if Layer.POINTS in layers:
            _draw_points(canvas, points, colour)
        if Layer.POSE in layers and face.pose is not None:
            _draw_pose(canvas, face, face.pose)
    if Layer.BOX in layers:
        outline = rounded(*_area_of(face), 0.12 * min(face.box.width, face.box.height))
        canvas.outlined([outline], colour, canvas.stroke_px, canvas.stroke_px + 2)


def _draw_hulls(canvas: Canvas, points: FixedXY, face_width_px: float, colour: Colour) -> None:
    hulls = [np.asarray(cv2.convexHull(points[part.start : part.stop]), np.int32) for part in HULLS]
    # Thin on a small face, so that the face stays visible under the lines.
    thickness_px = max(1, min(canvas.stroke_px, round(face_width_px / 150)))
    if face_width_px < EDGES_FROM_PX:
        canvas.lines(hulls, colour, thickness_px)
    else:
        canvas.outlined(hulls, colour, thickness_px, thickness_px + 1)


def _draw_points(canvas: Canvas, points: FixedXY, colour: Colour) -> None:
    canvas.dots(points, canvas.stroke_px + 1, colour)


def _draw_pose(canvas: Canvas, face: Face, pose: HeadPose) -> None:
    """Three axes from the nose tip: red along the eyes, green to the chin, blue in the direction of the nose."""
    yaw, pitch, roll = (math.radians(value) for value in (pose.yaw_deg, pose.pitch_deg, pose.roll_deg))
    ahead = np.array([math.sin(yaw) * math.cos(pitch), -math.sin(pitch), -math.cos(yaw) * math.cos(pitch)])
    # The eye line is at a right angle to `ahead`, and `roll` is its direction in the image.
    depth = math.cos(roll) * ahead[0] + math.sin(roll) * ahead[1]
    aside = np.array([-ahead[2] * math.cos(roll), -ahead[2] * math.sin(roll), depth])
    if not (norm := float(np.linalg.norm(aside))) > 0:
        return
    aside /= norm
    tip = face.landmarks_xy[NOSE_TIP]
    length = 0.45 * face.box.width
    for axis, colour in zip((aside, np.cross(aside, ahead), ahead), AXIS_COLOURS, strict=True):
        canvas.outlined(
            [fixed(np.array([tip, tip + length * axis[:2]]))],
            colour,
            canvas.stroke_px,
            canvas.stroke_px + 2,
        )


def _draw_stats(canvas: Canvas, stats: str) -> Area:
    text = printable(stats)
    margin = canvas.text_px / 2
    area = inside(canvas, Area(margin, margin, *pill_wh(canvas, text)))
    draw_pill(canvas, text, area, BLACK, WHITE)
    return area


def label_text(face: Face, faces_in_frame: int, language: Language = Language.ENGLISH) -> str:
    """What the label of a face says; with several faces in the frame it begins with the face's id."""
    words = WORDS[language]
    if face.unsure:
        note = f"({words.reasons[face.unsure]})"
    else:
        # The label may differ from the most probable emotion of this moment; the number beside it is its own.
        named = face.label in EMOTIONS
        share = face.probabilities[EMOTIONS.index(face.label)] if named else face.confidence
        note = f"{100 * share:.0f}{words.percent_sign}"
    number = f"{face.id}: " if faces_in_frame > 1 else ""
    return f"{number}{words.labels.get(face.label, face.label)} {note}"


def _draw_label(canvas: Canvas, face: Face, shown: str, taken: list[Area], others: list[Area]) -> Area:
    """The label above its box, or elsewhere around it where it covers less of other texts and faces."""
    text = printable(shown)
    width, height = pill_wh(canvas, text)
    left, top, box_width, box_height = _area_of(face)
    gap = 1.5 * canvas.stroke_px
    right, above, below = left + box_width - width, top - height - gap, top + box_height + gap
    higher = above - height - gap
    corners_xy = (
        (left, above),
        (right, above),
        (left, below),
        (right, below),
        (left, higher),
        (right, higher),
    )
    best, least = Area(*corners_xy[0], width, height), math.inf
    for number, corner_xy in enumerate(corners_xy):
        # A later position must be clearly better, so that labels do not jump for a few pixels.
        handicap = 0.08 * number * width * height
        if least <= handicap:
            break
        area = inside(canvas, Area(*corner_xy, width, height))
        covered_px = 4 * sum(map(area.shared_px, taken)) + sum(map(area.shared_px, others))
        if covered_px + handicap < least:
            best, least = area, covered_px + handicap
    draw_pill(canvas, text, best, _colour_of(face), BLACK)
    return best
