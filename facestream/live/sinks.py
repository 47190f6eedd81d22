"""What receives the events of a session when they are forwarded, and the numbers of a face in one order."""

import math
from importlib import import_module
from types import ModuleType
from typing import Final, Protocol

from facestream.analysis.faces import EMOTIONS
from facestream.errors import ConfigError
from facestream.messages.events import LiveEvent
from facestream.messages.telemetry import LABELS, FaceMessage

NAN: Final = math.nan
UNSURE_INDEX: Final = -1
POSE = ("yaw_deg", "pitch_deg", "roll_deg")
BOX = ("box_left", "box_top", "box_width", "box_height")


class Sink(Protocol):
    """Another program, or a network protocol."""

    def send(self, event: LiveEvent) -> None:
        """Pass one event on; never waits for the receiver."""
        ...

    def close(self) -> None:
        """Free the connection; may be called twice."""
        ...


def label_index(face: FaceMessage) -> int:
    """The position of the label in `EMOTIONS`; UNSURE_INDEX: unsure, or a label of a later server."""
    return LABELS.index(face.label) if face.label in LABELS[: len(EMOTIONS)] else UNSURE_INDEX


def pose_of(face: FaceMessage) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees; NAN where no pose fits the landmarks."""
    return face.pose_deg or (NAN, NAN, NAN)


def load(module: str, package: str, remedy: str) -> ModuleType:
    """Import an optional library; raises ConfigError that says how to install it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ConfigError(f"{package} is not installed; run `{remedy}`") from error
    except (ImportError, RuntimeError, OSError) as error:
        # pylsl raises RuntimeError if it finds no liblsl.
        first_line = str(error).strip().partition("\n")[0]
        raise ConfigError(f"{package} cannot be loaded ({first_line}); run `{remedy}`") from error
