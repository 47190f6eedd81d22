"""Train the emotion net: one command, one seed, a checkpoint an epoch; never writes the shipped model.

    python -m models.training.train --data FERPLUS_DIR --predictor FILE.dat --out DIR

Called again with the same `--out` it goes on after the last finished epoch. `export` makes the model file
from DIR/weights.npz.
"""

import argparse
import copy
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.training.augment import cut, vary
from models.training.calibrate import cross_fitted_ece, fit_temperature
from models.training.dataset import Faces, load_faces
from models.training.metrics import score
from models.training.net import EmotionNet

SEED = 20261125
EPOCHS = 70
BATCH = 128
PEAK_RATE = 3e-3
WARM_UP = 0.15
"""Share of the steps in which one-cycle's rate rises."""
WEIGHT_DECAY = 0.05
AVERAGE_DECAY = 0.998
RARE_POWER = 0.35
"""Weight of a label is its share of all votes to minus this power: rare ones count more, without shouting."""
PRIOR_POWER = 0.15
"""The logits get this times the logarithm of each label's share at the end: weighting makes the net see rare labels
too often, and this takes back less than half of it. Looked for on valid: 0.1 to 0.4 do alike in accuracy there,
and more costs recall of rare labels."""
GRADIENT_LIMIT = 5.0


def main() -> None:
    """Read the command line, train, write checkpoint.pt and weights.npz."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.npz and valid.npz")
    parser.add_argument("--predictor", type=Path, required=True, help="dlib's 68-point file")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and landmarks")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--precision", choices=("bfloat16", "float32"), default="bfloat16")
    args = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    train = load_faces(args.data / "train.npz", args.predictor, args.out)
    valid = load_faces(args.data / "valid.npz", args.predictor, args.out)
    print(f"{len(train.images)} faces to train on, {len(valid.images)} to judge by", flush=True)
    precision = torch.bfloat16 if args.precision == "bfloat16" else torch.float32
    averaged = _train(train, valid, args.out / "checkpoint.pt", args.epochs, precision)
    _shift_to_prior(averaged, train)
    _finish(averaged, valid, args.out / "weights.npz")


def _train(train: Faces, valid: Faces, checkpoint: Path, epochs: int, precision: torch.dtype) -> EmotionNet:
    """Run the whole one-cycle schedule; give the net with averaged weights."""
    generator = torch.Generator().manual_seed(SEED)
    net = EmotionNet().to(memory_format=torch.channels_last)
    averaged = copy.deepcopy(net)
    images = torch.from_numpy(train.images).unsqueeze(1)
    matrices = torch.from_numpy(train.crop_matrices())
    labels = torch.from_numpy(train.soft_labels)
    weights = labels @ labels.mean(dim=0).pow(-RARE_POWER)
    weights /= weights.mean()
    judged = _judging_set(valid)
    steps_per_epoch = len(images) // BATCH
    optimizer = torch.optim.AdamW(_parameter_groups(net), lr=PEAK_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK_RATE, total_steps=epochs * steps_per_epoch, pct_start=WARM_UP
    )
    parts = {"net": net, "averaged": averaged, "optimizer": optimizer, "schedule": schedule}
    first = _resume(checkpoint, parts, generator, epochs)
    step = first * steps_per_epoch
    for epoch in range(first, epochs):
        started_s, total = time.monotonic(), 0.0
        net.train()
        order = torch.randperm(len(images), generator=generator)
        for chosen in order[: steps_per_epoch * BATCH].split(BATCH):
            faces = vary(images[chosen].float(), matrices[chosen], generator)
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
                logits = net(faces.contiguous(memory_format=torch.channels_last))
            losses = functional.cross_entropy(logits.float(), labels[chosen], reduction="none")
            loss = (losses * weights[chosen]).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), GRADIENT_LIMIT)
            optimizer.step()
            schedule.step()
            step += 1
            _average(averaged, net, min(AVERAGE_DECAY, step / (step + 20)))
            total += float(loss.detach())
        judged_by = {name: _judge(model, *judged) for name, model in (("net", net), ("averaged", averaged))}
        print(
            f"epoch {epoch + 1}/{epochs} loss {total / steps_per_epoch:.4f} {judged_by} "
            f"{time.monotonic() - started_s:.0f} s",
            flush=True,
        )
        _keep(checkpoint, parts, generator, epoch + 1, epochs)
    return averaged


@torch.no_grad()
def _shift_to_prior(net: EmotionNet, train: Faces) -> None:
    share = torch.from_numpy(train.soft_labels).mean(dim=0)
    net.head.bias += PRIOR_POWER * share.log()


def _finish(net: EmotionNet, valid: Faces, path: Path) -> None:
    """Fit the temperature and write what `export` needs."""
    crops, labels = _judging_set(valid)
    logits = _logits(net, crops)
    temperature = fit_temperature(logits, labels)
    state = net.state_dict().items()
    arrays = {name: value.numpy() for name, value in state if value.dtype.is_floating_point}
    np.savez(path, temperature=np.float32(temperature), **arrays)
    ece = cross_fitted_ece(logits, labels, SEED)
    print(f"{path}: temperature {temperature:.3f}, cross-fitted ECE {ece:.4f}")


def _judging_set(valid: Faces) -> tuple[Tensor, NDArray[np.int64]]:
    crops = cut(torch.from_numpy(valid.images).unsqueeze(1).float(), torch.from_numpy(valid.crop_matrices()))
    return crops, valid.majority


def _judge(net: EmotionNet, crops: Tensor, labels: NDArray[np.int64]) -> str:
    scores = score(torch.softmax(torch.from_numpy(_logits(net, crops)), dim=1).numpy(), labels)
    return f"accuracy {scores.accuracy:.4f} macro-F1 {scores.macro_f1:.4f} ECE {scores.ece:.3f}"


@torch.no_grad()
def _logits(net: EmotionNet, crops: Tensor) -> NDArray[np.float32]:
    net.eval()
    return torch.cat([net(part) for part in crops.split(512)]).numpy()


@torch.no_grad()
def _average(averaged: EmotionNet, net: EmotionNet, decay: float) -> None:
    """Exponential moving average of the weights; batch norm's statistics go with them."""
    for old, new in zip(averaged.state_dict().values(), net.state_dict().values(), strict=True):
        if old.dtype.is_floating_point:
            old.lerp_(new, 1 - decay)


def _parameter_groups(net: EmotionNet) -> list[dict[str, object]]:
    """Biases and norms are not decayed."""
    decayed = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    return [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]


def _keep(
    checkpoint: Path, parts: dict[str, object], generator: torch.Generator, epoch: int, epochs: int
) -> None:
    """Write all that the next epoch depends on, whole or not at all."""
    kept = {name: part.state_dict() for name, part in parts.items()}  # type: ignore[attr-defined]
    kept |= {"epoch": epoch, "epochs": epochs}
    kept |= {"draws": generator.get_state(), "dropout": torch.get_rng_state()}
    part_file = checkpoint.with_suffix(".part")
    torch.save(kept, part_file)
    part_file.replace(checkpoint)


def _resume(checkpoint: Path, parts: dict[str, object], generator: torch.Generator, epochs: int) -> int:
    """Load the last finished epoch into `parts`, if there is one; give how many are done."""
    if not checkpoint.exists():
        return 0
    kept = torch.load(checkpoint, weights_only=True)
    if kept["epochs"] != epochs:
        raise SystemExit(
            f"{checkpoint} is of a run of {kept['epochs']} epochs, expected {epochs}: "
            "one-cycle cannot change its length; remove the file or pass --epochs"
        )
    for name, part in parts.items():
        part.load_state_dict(kept[name])  # type: ignore[attr-defined]
    generator.set_state(kept["draws"])
    torch.set_rng_state(kept["dropout"])
    return int(kept["epoch"])


if __name__ == "__main__":
    main()
