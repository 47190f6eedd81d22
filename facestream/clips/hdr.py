"""A colour table that converts wide and bright colours (BT.2020, HLG or PQ) to those of a usual video (BT.709).

FFmpeg's own filter for this (zscale) is missing in PyAV's wheels, and its scaler needs half a minute for its table.
The luminance that both standards call the white of paper (203 cd/m²) nearly becomes the white of BT.709; what is
brighter, such as lamps and reflections, is compressed into the rest. Pure, except for the file of `write_cube`.
"""

import enum
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

CUBE_SIDE: Final = 33
"""Nodes on each axis of the table; the filter interpolates between them."""
_PAPER_WHITE_NITS = 203.0  # ITU-R BT.2408
_PEAK_NITS = 1000.0  # of the display that HLG assumes, and the usual peak of PQ
_KNEE = 0.75  # of the white of paper; what is darker keeps its luminance
_BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float64
)
_BT2020_LUMA = np.array([0.2627, 0.6780, 0.0593], np.float64)

Array = NDArray[np.float64]


class Transfer(enum.Enum):
    """How the samples of a BT.2020 video encode light."""

    HLG = "hlg"  # ARIB STD-B67; phones film in it
    PQ = "pq"  # SMPTE ST 2084, of HDR10
    SDR = "sdr"  # the curve of BT.709, with wide colours only


def write_cube(path: Path, transfer: Transfer) -> None:
    """Write the table as the filter `lut3d` reads it (.cube); raises OSError."""
    axis = np.linspace(0.0, 1.0, CUBE_SIDE)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")  # red changes fastest
    rows = to_bt709(np.stack([red, green, blue], axis=-1).reshape(-1, 3), transfer)
    lines = [f"LUT_3D_SIZE {CUBE_SIDE}", *(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def to_bt709(rgb: Array, transfer: Transfer) -> Array:
    """Encoded BT.2020 colours, shape (n, 3), 0..1, as encoded BT.709 colours of the same shape and range."""
    light = np.clip(_compressed(_light(rgb, transfer)) @ _BT2020_TO_BT709.T, 0.0, 1.0)
    encoded: Array = np.where(light < 0.018, 4.5 * light, 1.099 * light**0.45 - 0.099)
    return encoded


def _light(rgb: Array, transfer: Transfer) -> Array:
    """Linear light; 1 is the white of paper."""
    if transfer is Transfer.SDR:
        linear: Array = np.where(rgb < 0.081, rgb / 4.5, ((rgb + 0.099) / 1.099) ** (1 / 0.45))
        return linear
    if transfer is Transfer.PQ:
        power = rgb ** (1 / 78.84375)
        nits = 10_000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (
            1 / 0.1593017578125
        )
        return nits / _PAPER_WHITE_NITS
    scene = np.where(rgb <= 0.5, rgb**2 / 3, (np.exp((rgb - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    # The image that a display of this peak shows has more contrast than the scene.
    luminance = scene @ _BT2020_LUMA
    shown: Array = scene * (luminance**0.2)[:, None] * (_PEAK_NITS / _PAPER_WHITE_NITS)
    return shown


def _compressed(light: Array) -> Array:
    """The light with its highlights compressed to 1 at most, hue and saturation kept."""
    brightest = light.max(axis=1)
    most = (_PEAK_NITS / _PAPER_WHITE_NITS - _KNEE) / (1 - _KNEE)
    if brightest.max() <= 1:
        return light
    over = np.clip((brightest - _KNEE) / (1 - _KNEE), 0, most)
    rolled = _KNEE + (1 - _KNEE) * over * (1 + over / most**2) / (1 + over)
    wanted = np.where(brightest > _KNEE, rolled, brightest)
    scaled: Array = light * (wanted / np.maximum(brightest, 1e-9))[:, None]
    return scaled
