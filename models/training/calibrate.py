"""Fit the calibration temperature, and evaluate it on data that it was not fitted on."""

import numpy as np
from numpy.typing import NDArray

from models.training.metrics import expected_calibration_error

FOLDS = 5
_TINY = 1e-12
_TEMPERATURES = np.exp(np.linspace(np.log(0.2), np.log(5.0), 400))


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Find the temperature 0.2..5 with the smallest negative log likelihood (Guo et al. 2017).

    Logarithms of probabilities do as logits: softmax does not see what is added to all of them.
    """
    rows = np.arange(len(labels))
    likelihoods = [softmax(logits / t)[rows, labels] for t in _TEMPERATURES]
    losses = [-np.log(np.maximum(likelihood, _TINY)).mean() for likelihood in likelihoods]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def cross_fitted_ece(logits: NDArray[np.float32], labels: NDArray[np.int64], seed: int) -> float:
    """Calibration error when each fold's temperature comes from the other four."""
    order = np.random.default_rng(seed).permutation(len(labels))
    probabilities = np.empty_like(logits)
    for fold in np.array_split(order, FOLDS):
        rest = np.setdiff1d(order, fold)
        probabilities[fold] = softmax(logits[fold] / fit_temperature(logits[rest], labels[rest]))
    return expected_calibration_error(probabilities, labels)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn logits into probabilities along the last axis."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), dtype=np.float32)
