"""Write the weights of the trust net as one LiteRT file: gray image 0..255 in, three values 0..1 out; never trains.

python -m models.training.trust_export --weights trust.npz --out models/trust.tflite
"""

import argparse
from pathlib import Path

import numpy as np
import tensorflow as tf

from models.training.dataset import CROP_PX
from models.training.export import Arrays, as_tflite, convolve, fold, trunk


def main() -> None:
    """Read the command line, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, help="the trust.npz that trust_train wrote")
    parser.add_argument("--out", type=Path, required=True, help="the .tflite file to write")
    args = parser.parse_args()
    with np.load(args.weights) as stored:
        model = to_tflite(dict(stored))
    args.out.write_bytes(model)
    print(f"{args.out}: {len(model)} bytes")


def to_tflite(arrays: Arrays) -> bytes:
    """Build the model file: weights stored as float16, computed in float32, sigmoid in the graph."""

    @tf.function(input_signature=[tf.TensorSpec([1, CROP_PX, CROP_PX, 1], tf.float32, name="gray")])
    def trust(gray: tf.Tensor) -> dict[str, tf.Tensor]:
        x = trunk(arrays, gray)
        x = tf.nn.relu(convolve(x, *fold(arrays, "places"), stride=1))
        flat = tf.reshape(x, [1, -1])
        logits = tf.matmul(flat, arrays["head.weight"].T.astype(np.float32)) + arrays["head.bias"]
        return {"visibility": tf.nn.sigmoid(logits)}

    return as_tflite(trust)


if __name__ == "__main__":
    main()
