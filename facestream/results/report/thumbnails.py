"""Keep small images of faces at moments of change, a bounded number for each face."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facestream.results.record import FaceResult, FrameResult

MOST_IMAGES = 10
"""For each face; of more, every second one is dropped, and the later ones are farther apart."""
MOST_FACES = 12
WIDER = 1.5
SIZE_WH = (96, 96)
JPEG_QUALITY = 72


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One face at one moment."""

    time_s: float
    """On the clock of the results."""
    label: str
    jpeg: bytes


class Thumbnails:
    """The images of one report."""

    def __init__(self) -> None:
        self.by_face: dict[int, list[Thumbnail]] = {}
        self._apart_s: dict[int, float] = {}
        self._wanted: list[FaceResult] = []
        self._time_s = 0.0

    @property
    def wants_image(self) -> bool:
        return bool(self._wanted)

    def want(self, changed: Mapping[int, str], result: FrameResult) -> None:
        """The labels that have changed, by face id, and the result whose frame may show it."""
        self._time_s = result.time_s
        self._wanted = [
            face for face in result.faces if changed.get(face.id) == face.label and self._has_room(face.id)
        ]

    def add(self, image: NDArray[np.uint8]) -> None:
        """The frame of the last result: luma or BGR. Raises ValueError for an array of another shape or type."""
        if image.dtype != np.uint8 or not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)):
            raise ValueError(
                f"image of shape {image.shape} and type {image.dtype}; expected uint8, (height, width) or "
                "(height, width, 3)"
            )
        wanted, self._wanted = self._wanted, []
        for face in wanted:
            jpeg = _cropped(image, face.box)
            if jpeg is not None:
                self._keep(face.id, Thumbnail(self._time_s, face.label, jpeg))

    def _has_room(self, face_id: int) -> bool:
        kept = self.by_face.get(face_id)
        if kept is None:
            return len(self.by_face) < MOST_FACES
        return self._time_s - kept[-1].time_s >= self._apart_s[face_id]

    def _keep(self, face_id: int, thumbnail: Thumbnail) -> None:
        kept = self.by_face.setdefault(face_id, [])
        apart_s = self._apart_s.setdefault(face_id, 0.0)
        kept.append(thumbnail)
        if len(kept) > MOST_IMAGES:
            del kept[1::2]
            self._apart_s[face_id] = max(1.0, 2 * apart_s)


def _cropped(image: NDArray[np.uint8], box: tuple[float, float, float, float]) -> bytes | None:
    """The face as a JPEG; None: it is outside of the image."""
    import cv2  # takes a while, and most reports have no images

    left, top, width, height = box
    side = WIDER * max(width, height)
    if not np.isfinite(side):
        return None
    middle_x, middle_y = left + width / 2, top + height / 2
    rows, columns = image.shape[:2]
    from_x, to_x = max(0, round(middle_x - side / 2)), min(columns, round(middle_x + side / 2))
    from_y, to_y = max(0, round(middle_y - side / 2)), min(rows, round(middle_y + side / 2))
    if to_x - from_x < 8 or to_y - from_y < 8:
        return None
    crop = image[from_y:to_y, from_x:to_x]
    scale = min(SIZE_WH[0] / crop.shape[1], SIZE_WH[1] / crop.shape[0], 1.0)
    size_wh = max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale))
    small = cv2.resize(crop, size_wh, interpolation=cv2.INTER_AREA)
    done, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return jpeg.tobytes() if done else None
