"""Load and run a TensorFlow Lite net, from `ai_edge_litert` or the older `tflite_runtime`.

No other module imports TensorFlow Lite.
"""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facestream.errors import ModelFileError
from facestream.resources import FETCH_MODELS, REINSTALL

Shape = tuple[int, ...]


def _runtime() -> Any:
    for name in ("ai_edge_litert.interpreter", "tflite_runtime.interpreter"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise ModelFileError(f"no TensorFlow Lite runtime is installed; {REINSTALL} (package ai-edge-litert)")


class Interpreter:
    """A net with one float32 input; its outputs are identified by their shapes.

    It runs on one thread, because several workers share the cores.
    """

    def __init__(self, path: Path, input_shape: Shape, *output_shapes: Shape) -> None:
        """Load the net and check its shapes, each with its batch dimension. Raises ModelFileError."""
        try:
            self._net = _runtime().Interpreter(model_path=str(path), num_threads=1)
            self._net.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelFileError(f"{path}: not a TFLite model ({error}); run `{FETCH_MODELS}`") from error
        inputs = {_shape(tensor): tensor["index"] for tensor in self._net.get_input_details()}
        outputs = {_shape(tensor): tensor["index"] for tensor in self._net.get_output_details()}
        if set(inputs) != {input_shape} or set(outputs) != set(output_shapes):
            raise ModelFileError(
                f"{path}: inputs {list(inputs)} and outputs {list(outputs)}, "
                f"expected {[input_shape]} and {list(output_shapes)}; run `{FETCH_MODELS}`"
            )
        self._input_shape = input_shape
        self._input = inputs[input_shape]
        self._outputs = [outputs[shape] for shape in output_shapes]

    def run(self, image: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """The outputs for one image, in the order of `output_shapes`, without their batch dimension."""
        self._net.set_tensor(self._input, image.reshape(self._input_shape))
        self._net.invoke()
        return [np.array(self._net.get_tensor(index)[0], np.float32) for index in self._outputs]


def _shape(tensor: dict[str, Any]) -> Shape:
    return tuple(int(side) for side in tensor["shape"])
