"""Fit the weights of `trust` on one half of the judged faces of FER+ valid, and print them; changes no file.

    python -m models.training.trust_calibrate --data FERPLUS_DIR --cache DIR

The half is that of `trust_judged`; the other half is for the figures (`benchmarks/analysis_trust.py`).
"""

import argparse
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from facestream.analysis.emotion.reader import EmotionReader, MiniXception, OwnEmotionNet
from facestream.analysis.model_files import checked_path
from facestream.analysis.options import EmotionModelName, LandmarkModelName
from facestream.analysis.trust.calibration import FEATURES, calibration_of
from facestream.analysis.trust.reader import TrustNet
from facestream.resources import MODELS_DIR
from models.training.trust_judged import judged_faces
from models.training.trust_measured import measure

FITTED_ON = {
    "clean": 3.0, "harmless": 1.0, "covered": 1.0, "mask": 0.5, "sunglasses": 0.5, "far_off": 0.5, "jittered": 0.5,
    "half": 0.5, "dark": 1.0, "blurred": 1.0,
}  # fmt: skip
"""Weights of the kinds. Covers of the kinds that the net was not trained with are left for the figures."""
TROUBLES_FROM = FEATURES.index("eyes_hidden")
RIDGE = 1.0
_STEPS = 30


def main() -> None:
    """Read the command line, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with valid.npz")
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps the judged faces")
    parser.add_argument("--landmarks", choices=get_args(LandmarkModelName), default="dlib")
    args = parser.parse_args()
    arrays = judged_faces(args.data, MODELS_DIR, args.cache, args.landmarks)
    fit = arrays["fit"].astype(bool)
    visibility = TrustNet(checked_path(MODELS_DIR, "trust"))
    for name in get_args(EmotionModelName):
        path = checked_path(MODELS_DIR, name)
        emotions: EmotionReader = OwnEmotionNet(path) if name == "emotion" else MiniXception(path)
        features, right, weights = [], [], []
        for kind, weight in FITTED_ON.items():
            measured = measure(arrays, kind, emotions, visibility, calibration_of(name))
            features.append(measured.features[fit])
            right.append((measured.word == arrays["majority"])[fit])
            weights.append(np.full(int(fit.sum()), weight))
        fitted = believable(np.concatenate(features), np.concatenate(right), np.concatenate(weights))
        print(name, "(" + ", ".join(f"{value:.3f}" for value in fitted) + ")")
        print("   ", dict(zip(FEATURES, np.round(fitted, 2).tolist(), strict=True)))


def believable(
    features: NDArray[np.float64], right: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The weights, where no trouble raises the trust: one that would, because the probabilities say as much, gets 0."""
    kept = np.ones(features.shape[1], bool)
    while True:
        fitted = np.zeros(features.shape[1])
        fitted[kept] = logistic(features[:, kept], right, weights)
        worst = TROUBLES_FROM + int(np.argmax(fitted[TROUBLES_FROM:]))
        if fitted[worst] <= 0:
            return fitted
        kept[worst] = False


def logistic(
    features: NDArray[np.float64], right: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weights of a logistic regression by Newton's method, with a small penalty on all but the constant."""
    fitted = np.zeros(features.shape[1])
    penalty = np.full(features.shape[1], RIDGE)
    penalty[0] = 0
    for _ in range(_STEPS):
        said = 1 / (1 + np.exp(-features @ fitted))
        slope = features.T @ (weights * (right - said)) - penalty * fitted
        curve = (features * (weights * said * (1 - said))[:, None]).T @ features + np.diag(penalty + 1e-9)
        fitted = fitted + np.linalg.solve(curve, slope)
    return fitted


if __name__ == "__main__":
    main()
