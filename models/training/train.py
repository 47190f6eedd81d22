"""Train the emotion net: one command, one seed, a checkpoint an epoch; never writes the shipped model.

    python -m models.training.train --data FERPLUS_DIR --predictor FILE.dat --out DIR

Called again with the same `--out` it goes on after the last finished epoch. `finish` and `export` make the model file
from DIR/run.npz.
"""

import argparse
import copy
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.training.augment import vary
from models.training.dataset import Faces, load_faces
from models.training.finish import arrays_of, judging_crops, logits_of, write_arrays
from models.training.metrics import score
from models.training.net import EmotionNet

SEED = 1
EPOCHS = 96
SCHEDULE_EPOCHS = 110
"""Of the one-cycle schedule. It is stopped early, where the rate is a twentieth of its peak."""
BATCH = 128
PEAK_RATE = 3e-3
WARM_UP = 0.15
"""Share of the steps in which one-cycle's rate rises."""
WEIGHT_DECAY = 0.05
AVERAGE_DECAY = 0.998
RARE_POWER = 0.35
"""Weight of a label is its share of all votes to minus this power: rare ones count more, without shouting."""
GRADIENT_LIMIT = 5.0


@dataclass(frozen=True, slots=True)
class Length:
    """How long a run is."""

    epochs: int
    schedule_epochs: int
    """At least `epochs`."""


def main() -> None:
    """Read the command line, train, write checkpoint.pt and run.npz."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.npz and valid.npz")
    parser.add_argument("--predictor", type=Path, required=True, help="dlib's 68-point file")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and landmarks")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--schedule-epochs", type=int, default=SCHEDULE_EPOCHS, help="length of one-cycle")
    parser.add_argument("--precision", choices=("bfloat16", "float32"), default="bfloat16")
    args = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    train = load_faces(args.data / "train.npz", args.predictor, args.out)
    valid = load_faces(args.data / "valid.npz", args.predictor, args.out)
    print(f"{len(train.images)} faces to train on, {len(valid.images)} to judge by", flush=True)
    precision = torch.bfloat16 if args.precision == "bfloat16" else torch.float32
    length = Length(args.epochs, max(args.epochs, args.schedule_epochs))
    averaged = _train(train, valid, args.out / "checkpoint.pt", length, precision)
    write_arrays(args.out / "run.npz", arrays_of(averaged))


def _train(
    train: Faces, valid: Faces, checkpoint: Path, length: Length, precision: torch.dtype
) -> EmotionNet:
    """Run the one-cycle schedule as far as `length` says; give the net with averaged weights."""
    generator = torch.Generator().manual_seed(SEED)
    net = EmotionNet().to(memory_format=torch.channels_last)
    averaged = copy.deepcopy(net)
    images = torch.from_numpy(train.images).unsqueeze(1)
    matrices = torch.from_numpy(train.crop_matrices())
    labels = torch.from_numpy(train.soft_labels)
    weights = labels @ labels.mean(dim=0).pow(-RARE_POWER)
    weights /= weights.mean()
    judged = judging_crops(valid), valid.majority
    steps_per_epoch = len(images) // BATCH
    optimizer = torch.optim.AdamW(_parameter_groups(net), lr=PEAK_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK_RATE, total_steps=length.schedule_epochs * steps_per_epoch, pct_start=WARM_UP
    )
    parts = {"net": net, "averaged": averaged, "optimizer": optimizer, "schedule": schedule}
    first = _resume(checkpoint, parts, generator, length)
    step = first * steps_per_epoch
    for epoch in range(first, length.epochs):
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
            f"epoch {epoch + 1}/{length.epochs} loss {total / steps_per_epoch:.4f} {judged_by} "
            f"{time.monotonic() - started_s:.0f} s",
            flush=True,
        )
        _keep(checkpoint, parts, generator, epoch + 1, length)
    return averaged


def _judge(net: EmotionNet, crops: Tensor, labels: NDArray[np.int64]) -> str:
    scores = score(torch.softmax(torch.from_numpy(logits_of(net, crops)), dim=1).numpy(), labels)
    return f"accuracy {scores.accuracy:.4f} macro-F1 {scores.macro_f1:.4f} ECE {scores.ece:.3f}"


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
    checkpoint: Path, parts: dict[str, object], generator: torch.Generator, epoch: int, length: Length
) -> None:
    """Write all that the next epoch depends on, whole or not at all."""
    kept = {name: part.state_dict() for name, part in parts.items()}  # type: ignore[attr-defined]
    kept |= {"epoch": epoch, "schedule_epochs": length.schedule_epochs}
    kept |= {"draws": generator.get_state(), "dropout": torch.get_rng_state()}
    part_file = checkpoint.with_suffix(".part")
    torch.save(kept, part_file)
    part_file.replace(checkpoint)


def _resume(checkpoint: Path, parts: dict[str, object], generator: torch.Generator, length: Length) -> int:
    """Load the last finished epoch into `parts`, if there is one; give how many are done."""
    if not checkpoint.exists():
        return 0
    kept = torch.load(checkpoint, weights_only=True)
    scheduled = kept.get("schedule_epochs")
    if scheduled != length.schedule_epochs:
        raise SystemExit(
            f"{checkpoint} is of a schedule of {scheduled} epochs, expected {length.schedule_epochs}: "
            "one-cycle cannot change its length; remove the file or pass --schedule-epochs"
        )
    for name, part in parts.items():
        part.load_state_dict(kept[name])  # type: ignore[attr-defined]
    generator.set_state(kept["draws"])
    torch.set_rng_state(kept["dropout"])
    return int(kept["epoch"])


if __name__ == "__main__":
    main()
