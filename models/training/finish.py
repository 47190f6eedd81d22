"""Turn the weights of a run into those to export: shift the logits to a prior, fit the temperature; never trains.

python -m models.training.finish --weights run.npz --data FERPLUS_DIR --predictor FILE.dat --cache DIR --out weights.npz
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.training.augment import cut
from models.training.calibrate import cross_fitted_ece, fit_temperature
from models.training.dataset import Faces, load_faces
from models.training.evaluate import FOLD_SEED
from models.training.metrics import score
from models.training.net import EmotionNet

PRIOR_POWER = -0.15
"""The logits get this times the logarithm of each label's share of the votes. Below zero, common labels lose, above
all neutral: in FER+ it is the word for a third of the faces, and elsewhere the net takes refuge in it.

Chosen among 0.15, 0, -0.15 and -0.3, on sets outside this repository: natural photographs and CK+, by accuracy,
macro-F1 and calibration together (models/MODEL_CARD.md). FER+ valid would choose 0.15 or 0 by accuracy: what is right
on a set with FER+'s own shares of the labels."""


def main() -> None:
    """Read the command line, write the weights with the temperature."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, help="the run.npz that train wrote")
    parser.add_argument("--data", type=Path, required=True, help="folder with train.npz and valid.npz")
    parser.add_argument("--predictor", type=Path, required=True, help="dlib's 68-point file")
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps the landmarks")
    parser.add_argument("--prior-power", type=float, default=PRIOR_POWER)
    parser.add_argument("--out", type=Path, required=True, help="the .npz file that export reads")
    args = parser.parse_args()
    train = load_faces(args.data / "train.npz", args.predictor, args.cache)
    valid = load_faces(args.data / "valid.npz", args.predictor, args.cache)
    net = load_net(args.weights)
    logits = logits_of(net, judging_crops(valid)) + prior_shift(train, args.prior_power)
    temperature = fit_temperature(logits, valid.majority)
    arrays = arrays_of(net)
    arrays["head.bias"] = arrays["head.bias"] + prior_shift(train, args.prior_power)
    write_arrays(args.out, arrays | {"temperature": np.array(temperature, np.float32)})
    scores = score(torch.softmax(torch.from_numpy(logits / temperature), dim=1).numpy(), valid.majority)
    ece = cross_fitted_ece(logits, valid.majority, FOLD_SEED)
    print(
        f"{args.out}: accuracy {scores.accuracy:.4f}, macro-F1 {scores.macro_f1:.4f}, temperature {temperature:.3f}, "
        f"cross-fitted ECE {ece:.4f}"
    )


def write_arrays(npz: Path, arrays: dict[str, NDArray[np.float32]]) -> None:
    """Write the weights by name, and nothing that a reader would have to unpickle."""
    np.savez(npz, allow_pickle=False, **arrays)


def prior_shift(train: Faces, power: float) -> NDArray[np.float32]:
    """What to add to the logits, shape (7,)."""
    return (power * np.log(train.soft_labels.mean(axis=0))).astype(np.float32)


def arrays_of(net: EmotionNet) -> dict[str, NDArray[np.float32]]:
    """The weights by name: all of the state dict that are not counters."""
    state = net.state_dict().items()
    return {name: value.numpy() for name, value in state if value.dtype.is_floating_point}


def load_net(npz: Path) -> EmotionNet:
    """The net with the weights of a run."""
    net = EmotionNet()
    with np.load(npz) as stored:
        net.load_state_dict({name: torch.from_numpy(stored[name]) for name in stored}, strict=False)
    return net


def judging_crops(valid: Faces) -> Tensor:
    """The crops (N, 1, 48, 48) by the server's rule, unchanged."""
    return cut(torch.from_numpy(valid.images).unsqueeze(1).float(), torch.from_numpy(valid.crop_matrices()))


@torch.no_grad()
def logits_of(net: EmotionNet, crops: Tensor) -> NDArray[np.float32]:
    """Logits (N, 7) of the net as it is used, without dropout."""
    net.eval()
    return torch.cat([net(part) for part in crops.split(512)]).numpy()


if __name__ == "__main__":
    main()
