"""Describe the faces in photographs as JSON lines, one for each photograph: `facestream analyze` without `--out`."""

import contextlib
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from facestream.analysis.faces import EMOTIONS, Face, FrameReport
from facestream.cli.streams import can_write, write_error
from facestream.errors import ImageError
from facestream.results.outputs import Output, check_outputs

if TYPE_CHECKING:
    from facestream.analysis.analyzer import Analyzer


def checked_output(path: Path | None, photos: Sequence[Path]) -> Output | None:
    """The file for the lines, None: standard output; raises ConfigError, and leaves everything as it is."""
    check_outputs({"--jsonl": path}, photos)
    return None if path is None else Output(path, "--jsonl")


def write_lines(
    analyzer: "Analyzer", photos: Sequence[Path], output: Output | None, *, landmarks: bool
) -> int:
    """Describe all images; returns the number of failed ones. The file is replaced when it is whole."""
    if output is None:
        return describe_photos(analyzer, photos, sys.stdout, landmarks=landmarks)
    try:
        failed = describe_photos(analyzer, photos, output.open_text(), landmarks=landmarks)
    except KeyboardInterrupt:
        kept = output.keep_incomplete()
        write_error(f"facestream: the reports until then are in {kept}\n" if kept else "")
        raise
    except BaseException:
        output.discard()
        raise
    output.commit()
    return failed


def describe_photos(
    analyzer: "Analyzer",
    paths: Iterable[Path],
    out: TextIO,
    *,
    landmarks: bool,
) -> int:
    """Write one line of JSON for each image, with `error` if it failed; returns the number of failed images.

    An image for which your own analysis has failed counts as failed too; its line has everything else.
    """
    from facestream.analysis.photos import read_gray

    failed = 0
    logged = set[str]()
    for path in paths:
        line: dict[str, Any] = {"image": str(path)}
        try:
            gray = read_gray(path)
            line |= {"width": gray.shape[1], "height": gray.shape[0]}
            # What your own analysis prints is not a line of the results.
            with contextlib.redirect_stdout(sys.stderr):
                report = analyzer.analyze_still(gray)
            line |= report_as_dict(report, landmarks=landmarks)
            if report.extra_fault is not None:
                failed += 1
                if report.extra_fault.kind not in logged:
                    logged.add(report.extra_fault.kind)
                    write_error(
                        f"facestream: {path}: your own analysis has failed:\n{report.extra_fault.traceback}"
                    )
        except ImageError as error:
            failed += 1
            line["error"] = str(error)
        text = json.dumps(line, ensure_ascii=False)
        # The name or the terminal may not be UTF-8; JSON escapes these characters.
        out.write((text if can_write(out, text) else json.dumps(line)) + "\n")
        out.flush()
    return failed


def report_as_dict(report: FrameReport, *, landmarks: bool) -> dict[str, Any]:
    """The report in JSON's types: pixels with one decimal, probabilities with four, milliseconds with two."""
    own: dict[str, Any] = {"extra": dict(report.extra)} if report.extra else {}
    if report.extra_fault is not None:
        own["extra_fault"] = report.extra_fault.sentence
    return {
        "faces": [_face_as_dict(face, landmarks=landmarks) for face in report.faces],
        **own,
        "ms": {
            "detect": round(report.detect_ms, 2),
            "landmarks": round(report.landmarks_ms, 2),
            "emotion": round(report.emotion_ms, 2),
        },
    }


def _face_as_dict(face: Face, *, landmarks: bool) -> dict[str, Any]:
    box, pose = face.box, face.pose
    values: dict[str, Any] = {
        "id": face.id,
        "box": [round(value, 1) for value in (box.left, box.top, box.width, box.height)],
        "label": str(face.label),
        "unsure": str(face.unsure or ""),
        "trust": None if face.trust is None else round(face.trust, 3),
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
        "valence": round(face.valence, 3),
        "arousal": round(face.arousal, 3),
    }
    if landmarks:
        values["landmarks"] = [[round(float(x), 1), round(float(y), 1)] for x, y in face.landmarks_xy]
    return values
