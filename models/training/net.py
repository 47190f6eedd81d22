"""The emotion net: a small residual network from one gray face to logits; knows no file and no label."""

import torch
from torch import Tensor, nn
from torch.nn import functional

STEM = 32
STAGES = ((32, 1), (64, 1), (128, 2))
"""Channels and residual blocks at 24, 12 and 6 pixels."""


class ConvNorm(nn.Sequential):
    """Convolution and batch norm, which export folds into one."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, kernel, stride, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(channels_out),
        )


class Residual(nn.Module):
    """Two 3x3 convolutions beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvNorm(channels, channels, 3, 1)
        self.second = ConvNorm(channels, channels, 3, 1)
        # Starts as the identity, so that a deep net trains from the first step.
        nn.init.zeros_(self.second[1].weight)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.second(functional.relu(self.first(x))))


class EmotionNet(nn.Module):
    """Logits (N, 7) from gray faces (N, 1, 48, 48), 0..255."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm(1, STEM, 5, 2)
        layers: list[nn.Module] = []
        channels = STEM
        for stage, (wide, blocks) in enumerate(STAGES):
            if stage:
                layers += [ConvNorm(channels, wide, 3, 2), nn.ReLU()]
            layers += [Residual(wide) for _ in range(blocks)]
            channels = wide
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(channels, 7)

    def forward(self, gray: Tensor) -> Tensor:
        x = functional.relu(self.stem(standardize(gray)))
        x = self.body(x).mean(dim=(2, 3))
        return self.head(functional.dropout(x, 0.3, self.training))


def standardize(gray: Tensor) -> Tensor:
    """Bring each image to mean 0 and deviation 1, against light and contrast; + 1 keeps a flat one flat."""
    centered = gray - gray.mean(dim=(1, 2, 3), keepdim=True)
    return centered * torch.rsqrt(centered.square().mean(dim=(1, 2, 3), keepdim=True) + 1.0)
