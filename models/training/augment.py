"""Crop and augment a batch of faces in one resampling step; all randomness comes from the caller's generator."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from models.training.dataset import CROP_PX

ROTATION_DEG = 18.0
SCALE = (0.80, 1.25)
SHIFT = 0.08  # share of the crop; what dlib's landmarks err on a small face


def cut(images: Tensor, crop_matrices: Tensor) -> Tensor:
    """Cut crops (N, 1, 48, 48) from images (N, 1, H, W) by matrices (N, 2, 3) to crop pixels."""
    height, width = images.shape[-2:]
    bottom = torch.tensor([0.0, 0.0, 1.0]).expand(len(images), 1, 3)
    inverse = torch.linalg.inv(torch.cat([crop_matrices, bottom], dim=1))[:, :2]
    steps = torch.arange(CROP_PX, dtype=torch.float32)
    ys, xs = torch.meshgrid(steps, steps, indexing="ij")
    points = torch.stack([xs, ys, torch.ones_like(xs)], dim=-1).reshape(-1, 3)
    seen = points @ inverse.transpose(1, 2)  # (N, 48*48, 2), image pixels
    grid = seen * torch.tensor([2.0 / (width - 1), 2.0 / (height - 1)]) - 1.0
    grid = grid.reshape(-1, CROP_PX, CROP_PX, 2)
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=True)


def vary(images: Tensor, crop_matrices: Tensor, generator: torch.Generator) -> Tensor:
    """Make a new image of each face: turned, scaled, shifted, mirrored, blurred, relit, partly hidden."""
    count = len(images)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.empty(count, *shape).uniform_(low, high, generator=generator)

    angle = uniform(-ROTATION_DEG, ROTATION_DEG) * (math.pi / 180)
    scale = torch.exp(uniform(math.log(SCALE[0]), math.log(SCALE[1])))
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    cos, sin = scale * torch.cos(angle), scale * torch.sin(angle)
    turn = torch.stack([torch.stack([cos * mirror, sin], -1), torch.stack([-sin * mirror, cos], -1)], dim=1)
    center = (CROP_PX - 1) / 2
    shift = uniform(-SHIFT, SHIFT, 2) * CROP_PX
    moved = turn @ crop_matrices
    moved[:, :, 2] += center - turn.sum(dim=2) * center + shift
    crops = cut(images, moved)

    low = functional.interpolate(functional.avg_pool2d(crops, 2), scale_factor=2, mode="bilinear")
    crops = torch.where(uniform(0, 1, 1, 1, 1) < 0.2, low, crops)
    gamma = torch.exp(uniform(-0.5, 0.5, 1, 1, 1))
    crops = 255.0 * (crops.clamp(0, 255) / 255.0) ** gamma
    ramp = torch.linspace(-1, 1, CROP_PX)
    light = uniform(-1, 1, 1, 1, 1) * ramp.view(1, 1, 1, -1)
    light = light + uniform(-1, 1, 1, 1, 1) * ramp.view(1, 1, -1, 1)
    crops = crops * (1 + 0.25 * light) * torch.exp(uniform(-0.5, 0.3, 1, 1, 1))
    noise = torch.randn(crops.shape, generator=generator) * uniform(0, 8, 1, 1, 1)
    return _hide(crops + noise, uniform(0, 1, 4), generator).clamp(0, 255)


def _hide(crops: Tensor, draws: Tensor, generator: torch.Generator) -> Tensor:
    """Cover a rectangle of up to 40 % of each side in every third image with one gray."""
    sides = CROP_PX * (0.15 + 0.25 * draws[:, :2])
    corners = draws[:, 2:] * (CROP_PX - sides)
    steps = torch.arange(CROP_PX, dtype=torch.float32)
    inside_x = (steps >= corners[:, :1]) & (steps < corners[:, :1] + sides[:, :1])
    inside_y = (steps >= corners[:, 1:]) & (steps < corners[:, 1:] + sides[:, 1:])
    chosen = torch.rand(len(crops), 1, 1, generator=generator) < 0.33
    covered = (inside_y[:, :, None] & inside_x[:, None, :] & chosen)[:, None]
    gray = 255 * torch.rand(len(crops), 1, 1, 1, generator=generator)
    return torch.where(covered, gray, crops)
