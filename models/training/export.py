"""Write trained weights as one LiteRT file: gray image 0..255 in, seven probabilities out; never trains.

Needs TensorFlow, not torch: it rebuilds the net from the array file that `train` wrote.

    python -m models.training.export --weights weights.npz --out models/emotion.tflite
"""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import tensorflow as tf

from models.training.dataset import CROP_PX

NORM_EPSILON = 1e-5
"""torch's default in BatchNorm2d, which the folding must repeat."""
MAX_BYTES = 2_000_000

Arrays = Mapping[str, NDArray[np.float32]]


def main() -> None:
    """Read the command line, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, help="the weights.npz that train wrote")
    parser.add_argument("--out", type=Path, required=True, help="the .tflite file to write")
    args = parser.parse_args()
    with np.load(args.weights) as stored:
        model = to_tflite(dict(stored))
    if len(model) > MAX_BYTES:
        sys.exit(f"model has {len(model)} bytes, expected at most {MAX_BYTES}: use fewer channels in net.py")
    args.out.write_bytes(model)
    print(f"{args.out}: {len(model)} bytes")


def to_tflite(arrays: Arrays) -> bytes:
    """Build the model file: weights stored as float16, computed in float32.

    Per-image standardization, temperature and softmax are in the graph, so that no caller can feed
    another scale than gray 0..255 or forget the calibration.
    """

    @tf.function(input_signature=[tf.TensorSpec([1, CROP_PX, CROP_PX, 1], tf.float32, name="gray")])
    def emotion(gray: tf.Tensor) -> dict[str, tf.Tensor]:
        x = trunk(arrays, gray)
        # The temperature goes into the last layer's weights: dividing them divides the logits.
        temperature = float(arrays["temperature"])
        weight = (arrays["head.weight"].T / temperature).astype(np.float32)
        bias = (arrays["head.bias"] / temperature).astype(np.float32)
        logits = tf.matmul(tf.reduce_mean(x, [1, 2]), weight) + bias
        return {"probabilities": tf.nn.softmax(logits)}

    return as_tflite(emotion)


def trunk(arrays: Arrays, gray: tf.Tensor) -> tf.Tensor:
    """Standardize the image, then the stem and the body of `net.py` and `trust_net.py`."""
    centered = gray - tf.reduce_mean(gray, [1, 2], keepdims=True)
    spread = tf.reduce_mean(centered * centered, [1, 2], keepdims=True)
    x = tf.nn.relu(convolve(centered * tf.math.rsqrt(spread + 1.0), *fold(arrays, "stem"), stride=2))
    for block in sorted({int(name.split(".")[1]) for name in arrays if name.startswith("body.")}):
        name = f"body.{block}"
        if f"{name}.first.0.weight" in arrays:
            inner = tf.nn.relu(convolve(x, *fold(arrays, f"{name}.first"), stride=1))
            x = tf.nn.relu(x + convolve(inner, *fold(arrays, f"{name}.second"), stride=1))
        else:
            x = tf.nn.relu(convolve(x, *fold(arrays, name), stride=2))
    return x


def as_tflite(function: tf.types.experimental.PolymorphicFunction) -> bytes:
    """Convert a function with an input signature: weights stored as float16, computed in float32."""
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return bytes(converter.convert())


def fold(arrays: Arrays, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernel (height, width, in, out) and bias of a convolution with its batch norm folded in."""
    deviation = np.sqrt(arrays[f"{name}.1.running_var"].astype(np.float64) + NORM_EPSILON)
    scale = arrays[f"{name}.1.weight"] / deviation
    kernel = arrays[f"{name}.0.weight"] * scale[:, None, None, None]
    bias = arrays[f"{name}.1.bias"] - arrays[f"{name}.1.running_mean"] * scale
    return kernel.transpose(2, 3, 1, 0).astype(np.float32), bias.astype(np.float32)


def convolve(x: tf.Tensor, kernel: NDArray[np.float32], bias: NDArray[np.float32], stride: int) -> tf.Tensor:
    """Convolve as torch does: the same padding on both sides, where a strided SAME pads them unevenly."""
    padding = "SAME"
    if stride > 1:
        around = kernel.shape[0] // 2
        x = tf.pad(x, [[0, 0], [around, around], [around, around], [0, 0]])
        padding = "VALID"
    return tf.nn.bias_add(tf.nn.conv2d(x, kernel, stride, padding), bias)


if __name__ == "__main__":
    main()
