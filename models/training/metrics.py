"""Accuracy, macro-F1, recall and calibration of seven probabilities against labels; runs no model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facestream.analysis.faces import EMOTIONS

ECE_BINS = 15


@dataclass(frozen=True, slots=True)
class Scores:
    """How good a model is on one set."""

    accuracy: float
    macro_f1: float
    ece: float
    """Expected calibration error, 0..1: mean gap of confidence and accuracy, 15 bins (Guo et al. 2017)."""
    recall: dict[str, float]
    """Share of each label that the model found."""
    f1: dict[str, float]
    confusion: list[list[int]]
    """Rows: what people said; columns: what the model said."""


def score(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> Scores:
    """Judge (N, 7) probabilities against (N,) labels."""
    said = probabilities.argmax(axis=1)
    count = len(EMOTIONS)
    confusion = np.zeros((count, count), int)
    np.add.at(confusion, (labels, said), 1)
    right = np.diag(confusion)
    per_label, per_said = confusion.sum(axis=1), confusion.sum(axis=0)
    f1 = 2 * right / np.maximum(1, per_label + per_said)
    recall = right / np.maximum(1, per_label)
    return Scores(
        accuracy=float(right.sum() / len(labels)),
        macro_f1=float(f1.mean()),
        ece=expected_calibration_error(probabilities, labels),
        recall=_by_label(recall),
        f1=_by_label(f1),
        confusion=confusion.tolist(),
    )


def _by_label(values: NDArray[np.float64]) -> dict[str, float]:
    return {str(emotion): round(float(value), 3) for emotion, value in zip(EMOTIONS, values, strict=True)}


def expected_calibration_error(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Mean over equal-width confidence bins of |accuracy - confidence|, weighted by the bin's size."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    gaps = [
        (bins == i).mean() * abs(right[bins == i].mean() - confidence[bins == i].mean())
        for i in range(ECE_BINS)
        if np.any(bins == i)
    ]
    return float(sum(gaps))
