"""What the handler of another project's server does with a frame: the usual models or nothing. It logs how much it did.

The log is how the benchmark knows that the frames really went through the handler, and how many faces it found.
"""

import functools
import re
from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np

from benchmarks.baselines.whole_frame import ImageBGR, annotate

Analysis = Literal["whole", "none"]
ANALYSES: tuple[Analysis, ...] = get_args(Analysis)
_LINE = re.compile(r"^handled (\d+) frames, (\d+) faces$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Handled:
    """Counters of a handler at one time."""

    frames: int = 0
    faces: int = 0

    @classmethod
    def of_log(cls, log: str) -> Self:
        """The last line that a handler has written; zeros if there is none."""
        found = _LINE.findall(log)
        return cls(*map(int, found[-1])) if found else cls()

    def since(self, earlier: "Handled") -> "Handled":
        """The difference to an earlier look."""
        return Handled(self.frames - earlier.frames, self.faces - earlier.faces)


class Handler:
    """Handles the frames of one peer. One thread at a time."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._frames = self._faces = 0

    def prepare(self) -> None:
        """Load the models of this thread."""
        if self._analysis == "whole":
            annotate(np.zeros((480, 640, 3), np.uint8))

    def handle(self, image_bgr: ImageBGR) -> ImageBGR:
        """The same image, with its faces drawn if it is analysed."""
        if self._analysis == "whole":
            self._faces += len(annotate(image_bgr))
        self.count()
        return image_bgr

    def count(self) -> None:
        """Count a frame that was handled."""
        self._frames += 1
        print(f"handled {self._frames} frames, {self._faces} faces", flush=True)


@functools.cache
def handler_of(analysis: Analysis) -> Handler:
    """The one handler of this process, for a page that Streamlit runs again and again."""
    return Handler(analysis)
