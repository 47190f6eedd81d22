"""Prepare the background of the drawing: the frame itself, the frame with only its faces sharp, or a black area.

Any of them can be mirrored. Works in place on the planes of a yuv420p frame. Pure: reads no clock and keeps no state.
"""

import enum
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.analysis.drawing.canvas import Planes
from facestream.analysis.faces import BoundingBox, Face, FrameReport, HeadPose

BLACK_Y, GRAY_CHROMA = 16, 128
BLUR_CELLS = 24
"""Cells along the longer side of a blurred frame: a room can be recognised, a document cannot be read."""
FACE_WIDTHS = 0.72, 0.95
"""Half axes of the ellipse that stays sharp, in widths of the box of the face: from hair to chin."""


class Background(enum.StrEnum):
    """What the peer sees under the drawing; the values are those of the telemetry messages."""

    FRAME = "picture"  # the frame as it is
    BLUR = "blur"  # only faces are sharp
    LANDMARKS = "landmarks"  # nothing of the frame


def show_background(planes: Planes, report: FrameReport, background: Background) -> None:
    """Turn the planes of a frame into the background, in place; only faces of the report stay sharp."""
    if background is Background.LANDMARKS:
        planes[0][:] = BLACK_Y
        planes[1][:] = planes[2][:] = GRAY_CHROMA
    elif background is Background.BLUR:
        for plane, scale in zip(planes, (1.0, 0.5, 0.5), strict=True):
            _blur_around(plane, [face.box for face in report.faces], scale)


def mirror_planes(planes: Planes) -> None:
    """Exchange left and right of a yuv420p frame, in place; takes 0.1 ms at 640x480 and 0.3 ms at 1280x720."""
    for plane in planes:
        # Not with `plane` as the target: OpenCV does not promise to work in place.
        plane[...] = cv2.flip(plane, 1)


def mirrored(report: FrameReport, width_px: int) -> FrameReport:
    """The report of the mirrored frame, for drawing; a landmark keeps its number and so changes its side."""
    last_column = width_px - 1
    return replace(
        report,
        faces=tuple(_mirrored_face(face, last_column) for face in report.faces),
        drawing=tuple(shape.mirrored(last_column) for shape in report.drawing),
    )


def _blur_around(plane: NDArray[np.uint8], boxes: list[BoundingBox], scale: float) -> None:
    height, width = plane.shape
    cell = max(1.0, max(width, height) / BLUR_CELLS)
    small = cv2.resize(
        plane, (max(1, round(width / cell)), max(1, round(height / cell))), interpolation=cv2.INTER_AREA
    )
    blurred = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    sharp = np.zeros(plane.shape, np.uint8)
    for box in boxes:
        x, y = box.center_xy
        axes = round(FACE_WIDTHS[0] * box.width * scale), round(FACE_WIDTHS[1] * box.height * scale)
        center = round(x * scale), round((y - 0.08 * box.height) * scale)
        cv2.ellipse(sharp, center, axes, 0, 0, 360, 255, cv2.FILLED)
    np.copyto(plane, blurred, where=sharp == 0)


def _mirrored_face(face: Face, last_column: int) -> Face:
    points_xy = face.landmarks_xy.copy()
    points_xy[:, 0] = last_column - points_xy[:, 0]
    box, pose = face.box, face.pose
    return replace(
        face,
        box=replace(box, left=last_column - box.left - box.width),
        landmarks_xy=points_xy,
        pose=pose and HeadPose(-pose.yaw_deg, pose.pitch_deg, -pose.roll_deg),
    )
