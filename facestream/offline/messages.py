"""What the command and its child processes say to each other."""

from dataclasses import dataclass
from pathlib import Path

from facestream.offline.journal import Totals
from facestream.offline.sources import Source


@dataclass(frozen=True, slots=True)
class Step:
    """How far the analysis of a source is."""

    frames: int
    """Frames that were analysed."""
    at_s: float
    """Time of the last one, from the start of the analysed part."""
    share: float
    """0..1; 0 while it is not known."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a source that could be read."""

    totals: Totals
    problem: str = ""
    """Why the source has less than it should, such as a file that is cut off; empty: it is whole."""


@dataclass(frozen=True, slots=True)
class Job:
    """Analyse a source and write the results into an empty folder."""

    number: int
    source: Source
    folder: Path


@dataclass(frozen=True, slots=True)
class Stop:
    """End the source that is analysed now, in order."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The models are loaded and tried."""


@dataclass(frozen=True, slots=True)
class NotReady:
    """The models cannot be loaded."""

    reason: str
    traceback: str = ""
    """Of an unexpected exception; empty if the reason is enough."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is."""

    number: int
    step: Step


@dataclass(frozen=True, slots=True)
class Done:
    """The results of a job are whole."""

    number: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Failed:
    """A job has no results."""

    number: int
    reason: str
    traceback: str = ""
    """Of a fault of ours; empty if the source or the disk is the cause."""


Message = Ready | NotReady | Progress | Done | Failed
