"""Judge any emotion model with any crop rule on FER+ valid; never trains.

    python -m models.training.evaluate --data FERPLUS_DIR --predictor FILE.dat --cache DIR --model FILE.tflite

Needs only what the product needs. Which images count is `dataset.load_faces`'s rule. Benchmarks call
`evaluate` with their own function from image, landmarks and box to seven probabilities.
"""

import argparse
import hashlib
import json
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from facestream.analysis.emotion import alignment
from facestream.analysis.emotion.alignment import align_face
from facestream.analysis.faces import EMOTIONS
from models.training.calibrate import FOLDS, cross_fitted_ece
from models.training.dataset import CROP_PX, Faces, load_faces
from models.training.metrics import Scores, score

FOLD_SEED = 0
_TIMED_CALLS = 500
_UNTIMED_CALLS = 50

Predict = Callable[[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
"""From a gray image, its landmarks (68, 2) and its box (x0, y0, x1, y1) to seven probabilities."""


def main() -> None:
    """Read the command line, print the figures as JSON, keep them where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with valid.npz")
    parser.add_argument("--predictor", type=Path, required=True, help="dlib's 68-point file")
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps the landmarks")
    parser.add_argument("--model", type=Path, required=True, help="a .tflite file that takes aligned faces")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    args = parser.parse_args()
    faces = load_faces(args.data / "valid.npz", args.predictor, args.cache)
    text = json.dumps(figures(args.model, faces), indent=2) + "\n"
    text = re.sub(r"\[[^][{}]*\]", lambda found: " ".join(found.group().split()), text)  # a row on one line
    print(text)
    if args.json:
        args.json.write_text(text, encoding="utf-8")


def evaluate(predict: Predict, faces: Faces) -> tuple[Scores, NDArray[np.float32]]:
    """Score the function on these faces; give the probabilities (N, 7) too."""
    probabilities = np.stack(
        [
            predict(image, landmarks, box[:4])
            for image, landmarks, box in zip(faces.images, faces.landmarks_xy, faces.boxes, strict=True)
        ]
    )
    return score(probabilities, faces.majority), probabilities


def aligned_model(model: Path) -> Predict:
    """Predict by the shipped rule: cut with `align_face`, run on one thread."""
    interpreter = Interpreter(str(model), num_threads=1)
    interpreter.allocate_tensors()
    gray = interpreter.get_input_details()[0]["index"]
    probabilities = interpreter.get_output_details()[0]["index"]

    def predict(
        image: NDArray[np.uint8], landmarks_xy: NDArray[np.float32], _box: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        crop = align_face(image, landmarks_xy, CROP_PX)
        interpreter.set_tensor(gray, crop[None, :, :, None].astype(np.float32))
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(probabilities)[0], dtype=np.float32)

    return predict


def figures(model: Path, faces: Faces) -> dict[str, object]:
    """Give all that the model card says in numbers, ready for JSON."""
    predict = aligned_model(model)
    scores, probabilities = evaluate(predict, faces)
    found = faces.boxes[:, 4] > 0
    found_scores = score(probabilities[found], faces.majority[found])
    content = model.read_bytes()
    return {
        "file": model.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "input": f"gray 0..255 as float32, shape (1, {CROP_PX}, {CROP_PX}, 1)",
        "labels": [str(emotion) for emotion in EMOTIONS],
        "crop": {
            "rule": "facestream.analysis.emotion.alignment.align_face",
            "size_px": CROP_PX,
            "eye_line_y": alignment.EYE_LINE_Y,
            "face_unit": alignment.FACE_UNIT,
            "eyes_to_mouth_units": alignment.EYES_TO_MOUTH_UNITS,
        },
        "set": "FER+ valid, majority label of seven, single votes dropped",
        "faces": len(faces.images),
        "faces_per_label": np.bincount(faces.majority, minlength=len(EMOTIONS)).tolist(),
        **_rounded(scores),
        f"ece_cross_fitted_{FOLDS}_folds": round(
            cross_fitted_ece(np.log(np.maximum(probabilities, 1e-12)), faces.majority, FOLD_SEED), 4
        ),
        "found_by_dlib_only": {"faces": int(found.sum()), **_rounded(found_scores)},
        "ms_per_face_with_crop_one_thread": _time_ms(predict, faces),
    }


def _rounded(scores: Scores) -> dict[str, object]:
    return {
        name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(scores).items()
    }


def _time_ms(predict: Predict, faces: Faces) -> dict[str, float]:
    spent_ms = []
    for call in range(_UNTIMED_CALLS + _TIMED_CALLS):
        i = call % len(faces.images)
        started_s = time.perf_counter()
        predict(faces.images[i], faces.landmarks_xy[i], faces.boxes[i, :4])
        spent_ms.append(1000 * (time.perf_counter() - started_s))
    timed = spent_ms[_UNTIMED_CALLS:]
    return {"min": round(min(timed), 3), "median": round(statistics.median(timed), 3)}


if __name__ == "__main__":
    main()
