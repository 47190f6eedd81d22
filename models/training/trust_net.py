"""The trust net: from one gray face to what is hidden of it and whether its landmarks lie on it; knows no file."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.training.net import ConvNorm, Residual, standardize

STEM = 12
STAGES = (24, 40)
"""Channels at 12 and 6 pixels."""
PLACES = 8
"""Channels of the last map, which keep where something is: eyes and mouth have different weights."""
OUTPUTS = 3
"""Logits: eyes hidden, mouth hidden, landmarks misplaced."""


class TrustNet(nn.Module):
    """Logits (N, 3) from gray faces (N, 1, 48, 48), 0..255, cut as for the emotion net."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm(1, STEM, 5, 2)
        layers: list[nn.Module] = []
        channels = STEM
        for wide in STAGES:
            layers += [ConvNorm(channels, wide, 3, 2), nn.ReLU(), Residual(wide)]
            channels = wide
        self.body = nn.Sequential(*layers)
        self.places = ConvNorm(channels, PLACES, 1, 1)
        self.head = nn.Linear(PLACES * 36, OUTPUTS)

    def forward(self, gray: Tensor) -> Tensor:
        x = self.body(functional.relu(self.stem(standardize(gray))))
        x = functional.relu(self.places(x))
        # As TensorFlow flattens: rows, columns, channels.
        x = x.permute(0, 2, 3, 1).flatten(1)
        return self.head(functional.dropout(x, 0.2, self.training))


def relit(crops: Tensor, generator: torch.Generator) -> Tensor:
    """Each crop (N, 1, 48, 48) mirrored or not, in other light, with noise and sometimes blurred."""
    count, side = len(crops), crops.shape[-1]

    def uniform(low: float, high: float) -> Tensor:
        return torch.empty(count, 1, 1, 1).uniform_(low, high, generator=generator)

    crops = torch.where(uniform(0, 1) < 0.5, crops.flip(-1), crops)
    low = functional.interpolate(functional.avg_pool2d(crops, 2), scale_factor=2, mode="bilinear")
    crops = torch.where(uniform(0, 1) < 0.25, low, crops)
    crops = 255.0 * (crops.clamp(0, 255) / 255.0) ** torch.exp(uniform(-0.5, 0.5))
    ramp = torch.linspace(-1, 1, side)
    light = uniform(-1, 1) * ramp.view(1, 1, 1, -1) + uniform(-1, 1) * ramp.view(1, 1, -1, 1)
    crops = crops * (1 + 0.25 * light) * torch.exp(uniform(math.log(0.1), math.log(1.3)))
    noise = torch.randn(crops.shape, generator=generator) * uniform(0, 1) ** 2 * 6
    return (crops + noise).clamp(0, 255).round()
