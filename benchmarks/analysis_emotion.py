"""Measure the accuracy of each emotion model with each crop rule on FER+ valid: human labels, seven classes.

FER+ images are 48 pixels wide and cropped tightly, so a wide crop contains repeated edges: the crop rules differ less
here than on photographs. If dlib finds no face, the usual box of a face in FER+ is used, the same for all rules.
Former versions of our net come from the repository's own history, so a clone without history leaves them out.
"""

import subprocess
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import measured
from facestream.analysis.emotion.reader import (
    MINI_XCEPTION_PX,
    EmotionReader,
    Look,
    MiniXception,
    OwnEmotionNet,
    crop_square,
)
from facestream.analysis.faces import EMOTIONS, BoundingBox
from facestream.analysis.interpreter import Interpreter
from facestream.analysis.model_files import checked_path
from facestream.resources import MODELS_DIR
from models.training.dataset import Faces, load_faces
from models.training.evaluate import Predict, evaluate
from models.training.metrics import score

Box = NDArray[np.float32]
Crop = Callable[[NDArray[np.uint8], BoundingBox], NDArray[np.uint8]]
MINI = checked_path(MODELS_DIR, "mini_xception")
OWN = checked_path(MODELS_DIR, "emotion")
FORMER_BLOBS = {"1": "b229ad2cdda74fc4d5057676fe36787d6c391208"}
"""Git's name of models/emotion.tflite by its version in the manifest."""


def main() -> None:
    parser = measured.parser(__doc__ or "")
    parser.add_argument("--data", type=Path, required=True, help="folder with valid.npz (FER+)")
    parser.add_argument(
        "--cache",
        type=Path,
        default=measured.ROOT / "build" / "bench",
        help="folder that keeps the landmarks",
    )
    options = parser.parse_args()
    before = measured.circumstances()
    cv2.setNumThreads(1)
    faces = load_faces(options.data / "valid.npz", checked_path(MODELS_DIR, "landmarks"), options.cache)
    if options.quick:
        faces = Faces(
            faces.images[:300], faces.soft_labels[:300], faces.landmarks_xy[:300], faces.boxes[:300]
        )
    found = faces.boxes[:, 4] > 0
    figures: dict[str, object] = {"faces": len(faces.images), "found_by_dlib": int(found.sum())}
    for name, predict in _rules(options.cache).items():
        measured.say(name)
        scores, probabilities = evaluate(predict, faces)
        figures[name] = {
            "all": _rounded(asdict(scores)),
            "found_by_dlib": _rounded(asdict(score(probabilities[found], faces.majority[found]))),
        }
    measured.write("analysis_emotion", options, before, figures)


def _rules(cache_dir: Path) -> dict[str, Predict]:
    net = Interpreter(MINI, (1, MINI_XCEPTION_PX, MINI_XCEPTION_PX, 1), (1, len(EMOTIONS)))
    mini = MiniXception(MINI)
    rules: dict[str, Predict] = {
        "mini_xception, tight box, [0, 1] (the ancestor's way)": _cut(net, _tight, _zero_to_one),
        "mini_xception, tight box, [-1, 1]": _cut(net, _tight, _minus_one_to_one),
        "mini_xception, widened by 0.2, moved up by 0.1": lambda image, points, box: mini.read(
            image, _box(box), points
        ),
    }
    rules["mini_xception, widened, mean of the face and its mirror image"] = _aligned(mini, Look.BOTH)
    if OWN.is_file():
        own = OwnEmotionNet(OWN)
        rules["own net, aligned by landmarks"] = _aligned(own)
        rules["own net, aligned, mean of the face and its mirror image"] = _aligned(own, Look.BOTH)
        rules["own net, widened box instead of its own rule"] = _cut(
            Interpreter(OWN, (1, own.SIZE_PX, own.SIZE_PX, 1), (1, len(EMOTIONS))),
            lambda image, box: crop_square(image, box, own.SIZE_PX),
            lambda crop: crop.astype(np.float32),
        )
    for version, blob in FORMER_BLOBS.items():
        if former := _former(blob, cache_dir / f"emotion-{version}.tflite"):
            rules[f"own net, version {version}, aligned by landmarks"] = _aligned(OwnEmotionNet(former))
    return rules


def _former(blob: str, path: Path) -> Path | None:
    """The file of that blob, None in a clone without it."""
    git = subprocess.run(
        ["git", "cat-file", "blob", blob], cwd=measured.ROOT, capture_output=True, check=False
    )
    if git.returncode:
        measured.say(f"left out: git has no {blob} ({git.stderr.decode().strip()})")
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(git.stdout)
    return path


def _aligned(net: EmotionReader, look: Look = Look.PLAIN) -> Predict:
    return lambda image, points, box: net.read(image, _box(box), points, look)


def _cut(net: Interpreter, crop: Crop, scaled: Callable[[NDArray[np.uint8]], NDArray[np.float32]]) -> Predict:
    return lambda image, _points, box: net.run(scaled(crop(image, _box(box))))[0]


def _box(box: Box) -> BoundingBox:
    left, top, right, bottom = (float(value) for value in box[:4])
    return BoundingBox(left, top, right - left, bottom - top)


def _tight(image: NDArray[np.uint8], box: BoundingBox) -> NDArray[np.uint8]:
    """The box itself, without what lies outside the image."""
    left, top = max(0, round(box.left)), max(0, round(box.top))
    cut = image[top : round(box.top + box.height), left : round(box.left + box.width)]
    return np.asarray(cv2.resize(cut, (MINI_XCEPTION_PX, MINI_XCEPTION_PX)), np.uint8)


def _zero_to_one(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    return crop.astype(np.float32) / 255.0


def _minus_one_to_one(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    return (crop.astype(np.float32) / 255.0 - 0.5) * 2.0


def _rounded(scores: dict[str, object]) -> dict[str, object]:
    kept = ("accuracy", "macro_f1", "ece", "recall")
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in scores.items()
        if name in kept
    }


if __name__ == "__main__":
    main()
