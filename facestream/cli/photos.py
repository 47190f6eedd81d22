"""Read photographs from files and describe the faces in them; follows nobody and never draws.

All places are in pixels of the picture as a person sees it: turned the way its EXIF orientation says.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

import cv2
import numpy as np

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import EMOTIONS, Face, FrameReport, GrayImage
from facestream.cli.streams import can_write
from facestream.errors import ImageError
from facestream.media.jpeg import claimed_size_wh

MAX_PIXELS = 40_000_000
"""More than a phone's 7,000 x 5,250; 8,000 x 8,000 is refused. A search needs about 20 bytes for each pixel."""
MAX_FILE_BYTES = 64 << 20
KINDS = "JPEG, PNG, WebP, BMP, GIF or TIFF"


def describe_photos(
    analyzer: Analyzer, paths: Iterable[Path], out: TextIO, *, landmarks: bool, max_pixels: int = MAX_PIXELS
) -> int:
    """Write one line of JSON for each picture; one that cannot be analysed gets an `error`. Returns how many did."""
    refused = 0
    for path in paths:
        line: dict[str, Any] = {"image": str(path)}
        try:
            gray = read_gray(path, max_pixels)
            line |= {"width": gray.shape[1], "height": gray.shape[0]}
            line |= report_as_dict(analyzer.analyze_still(gray), landmarks=landmarks)
        except ImageError as error:
            refused += 1
            line["error"] = str(error)
        text = json.dumps(line, ensure_ascii=False)
        # The name or the terminal may not be UTF-8; JSON escapes these characters.
        out.write((text if can_write(out, text) else json.dumps(line)) + "\n")
        out.flush()
    return refused


def analyze_photo(analyzer: Analyzer, path: Path, max_pixels: int = MAX_PIXELS) -> FrameReport:
    """The faces of one photograph; raises ImageError with a sentence for anything else."""
    return analyzer.analyze_still(read_gray(path, max_pixels))


def read_gray(path: Path, max_pixels: int = MAX_PIXELS) -> GrayImage:
    """The picture in gray, upright; raises ImageError with a sentence for what is none or too large."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ImageError(
                f"{path}: {size} bytes, expected at most {MAX_FILE_BYTES}; give a smaller picture"
            )
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise ImageError(f"{path}: cannot be read ({_reason(error)}); expected a picture file") from error
    if not content:
        raise ImageError(f"{path}: the file is empty; expected a picture ({KINDS})")
    # Asked before decoding: a small file can unfold to gigabytes.
    _refuse_too_large(path, said_size_wh(content), max_pixels)
    try:
        # Gray by OpenCV's own weights; transparency is left out; EXIF orientation is obeyed.
        gray = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error as error:
        raise ImageError(f"{path}: cannot be decoded ({error.err}); save the picture anew") from error
    if gray is None:
        raise ImageError(
            f"{path}: damaged or not a picture; expected {KINDS}, complete: save or copy it anew"
        )
    _refuse_too_large(path, (gray.shape[1], gray.shape[0]), max_pixels)
    return np.ascontiguousarray(gray, np.uint8)


def said_size_wh(content: bytes) -> tuple[int, int] | None:
    """The size that a PNG or JPEG gives in its header, read without decoding; None for other kinds."""
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    return claimed_size_wh(content)


def report_as_dict(report: FrameReport, *, landmarks: bool) -> dict[str, Any]:
    """The report in JSON's types; pixels to a tenth, probabilities to four decimals."""
    return {
        "faces": [_face_as_dict(face, landmarks=landmarks) for face in report.faces],
        "ms": {
            "detect": round(report.detect_ms, 2),
            "landmarks": round(report.landmarks_ms, 2),
            "emotion": round(report.emotion_ms, 2),
        },
    }


def _face_as_dict(face: Face, *, landmarks: bool) -> dict[str, Any]:
    box, pose = face.box, face.pose
    written: dict[str, Any] = {
        "id": face.id,
        "box": [round(value, 1) for value in (box.left, box.top, box.width, box.height)],
        "label": str(face.label),
        "unsure": str(face.unsure or ""),
        "probabilities": {
            str(emotion): round(value, 4) for emotion, value in zip(EMOTIONS, face.probabilities, strict=True)
        },
        "pose_deg": pose
        and {
            "yaw": round(pose.yaw_deg, 1),
            "pitch": round(pose.pitch_deg, 1),
            "roll": round(pose.roll_deg, 1),
        },
        "eye_opening": round(face.eye_opening, 3),
        "mouth_opening": round(face.mouth_opening, 3),
    }
    if landmarks:
        written["landmarks"] = [[round(float(x), 1), round(float(y), 1)] for x, y in face.landmarks_xy]
    return written


def _refuse_too_large(path: Path, size_wh: tuple[int, int] | None, max_pixels: int) -> None:
    if size_wh and size_wh[0] * size_wh[1] > max_pixels:
        raise ImageError(
            f"{path}: {size_wh[0]}x{size_wh[1]} pixels, expected at most {max_pixels} in all; "
            "give a smaller picture"
        )


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
