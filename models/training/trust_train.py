"""Train the trust net on covered and clean faces of FER+ train: one command, one seed; writes weights, no model.

    python -m models.training.trust_train --data FERPLUS_DIR --out DIR

FER+ valid is not read: it is for the calibration of `trust` and for the figures.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from facestream.resources import MODELS_DIR
from models.training.trust_dataset import training_crops
from models.training.trust_net import TrustNet, relit

SEED = 20261128
SETS = (1, 2)
"""Seeds of the sets of crops, which take turns: the same faces with other covers."""
EPOCHS = 8
BATCH = 128
PEAK_RATE = 4e-3
WEIGHT_DECAY = 0.02


def main() -> None:
    """Read the command line, make the crops, train, write trust.npz."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.npz")
    parser.add_argument("--out", type=Path, required=True, help="folder for landmarks, crops and weights")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    args = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(1)

    def keep(net: TrustNet) -> None:
        np.savez(args.out / "trust.npz", **{name: value.numpy() for name, value in net.state_dict().items()})

    train([_tensors(args.data, args.out, seed) for seed in SETS], args.epochs, keep)


def train(
    sets: list[tuple[Tensor, Tensor]], epochs: int, keep: Callable[[TrustNet], None] | None = None
) -> TrustNet:
    """Run the whole one-cycle schedule on sets of crops (N, 1, 48, 48) and targets (N, 3).

    `keep` gets the net after each epoch.
    """
    generator = torch.Generator().manual_seed(SEED)
    net = TrustNet().to(memory_format=torch.channels_last)
    steps = sum(len(sets[epoch % len(sets)][0]) // BATCH for epoch in range(epochs))
    optimizer = torch.optim.AdamW(net.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps, pct_start=0.2)
    for epoch in range(epochs):
        began_s, losses = time.monotonic(), []
        crops, targets = sets[epoch % len(sets)]
        order = torch.randperm(len(crops), generator=generator)
        net.train()
        for batch in order[: len(order) // BATCH * BATCH].split(BATCH):
            loss = loss_of(
                net(relit(crops[batch].float(), generator).to(memory_format=torch.channels_last)),
                targets[batch],
            )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        spent_s = time.monotonic() - began_s
        if keep:
            keep(net)
        print(f"epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.4f}, {spent_s:.0f} s", flush=True)
    return net.eval()


def loss_of(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross entropy with soft targets; what is not known (NaN) does not count."""
    known = ~targets.isnan()
    losses = functional.binary_cross_entropy_with_logits(logits, targets.nan_to_num(), reduction="none")
    return (losses * known).sum() / known.sum()


def _tensors(data_dir: Path, out: Path, seed: int) -> tuple[Tensor, Tensor]:
    arrays = training_crops(data_dir, MODELS_DIR, out, seed)
    return torch.from_numpy(arrays["crops"]).unsqueeze(1), torch.from_numpy(arrays["targets"])


if __name__ == "__main__":
    main()
