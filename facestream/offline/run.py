"""Analyse all sources of a command into one folder: skip what is whole, share out the rest, keep what becomes whole."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from facestream.offline.journal import Entry, ResultFolder, stamp_of
from facestream.offline.made_with import made_with
from facestream.offline.messages import Done, Failed, Job, Progress
from facestream.offline.names import result_names
from facestream.offline.options import OfflineOptions
from facestream.offline.processes import JobEvent, JobProcesses
from facestream.offline.sources import FoundSources, Source
from facestream.offline.summary import Fate, SourceOutcome
from facestream.remedies import remedy_of
from facestream.resources import MODELS_DIR

logger = logging.getLogger(__name__)

STOP_DEADLINE_S = 15.0
"""For a camera or an address to end in order."""
LIVE_BYTES_PER_S = 250_000
"""Weight of a second of a live source in the progress, beside the bytes of files."""


@dataclass(frozen=True, slots=True)
class State:
    """How far all sources are."""

    share: float
    """0..1 of the bytes of all files that were not skipped."""
    finished: int
    """Sources whose analysis has ended in this run."""
    of: int
    """Sources that are analysed in this run."""
    frames: int
    """Frames analysed in this run."""
    video_s: float
    """Seconds of video analysed in this run."""
    elapsed_s: float

    @property
    def speed(self) -> float:
        """Times real time."""
        return self.video_s / max(0.001, self.elapsed_s)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of all sources."""

    outcomes: Sequence[SourceOutcome]
    """In the order of the sources."""
    state: State
    interruption: KeyboardInterrupt | None
    """The signal that ended the run early."""


def analyze_sources(
    found: FoundSources,
    folder: ResultFolder,
    options: OfflineOptions,
    processes: JobProcesses,
    tell: Callable[[State], None],
) -> Report:
    """Analyse the sources into the folder, which is open; raises ModelFileError, ShortageError.

    A source that fails does not end the others. After Ctrl-C or SIGTERM, what a camera or an address has sent is kept;
    a file that is not whole is analysed again by the next run.
    """
    run = _Run(found, folder, options, tell)
    interruption = None
    try:
        for event in processes.run(run.jobs()):
            run.handle(event)
    except KeyboardInterrupt as signal:
        interruption = signal
        for event in processes.stop_live(STOP_DEADLINE_S):
            run.handle(event)
    return Report(run.outcomes(), run.state(), interruption)


class _Run:
    """The state of one run."""

    def __init__(
        self,
        found: FoundSources,
        folder: ResultFolder,
        options: OfflineOptions,
        tell: Callable[[State], None],
    ) -> None:
        self._sources = found.sources
        self._folder = folder
        self._settings = made_with(options, MODELS_DIR)
        self._tell = tell
        self._began_s = time.monotonic()
        kept = {
            source.identity: folder.entries[source.identity][0]
            for source in found.sources
            # Another recording of a camera does not replace the last one.
            if source.identity in folder.entries and not source.is_live
        }
        taken = folder.names_in_use() - set(kept.values())
        self._names = result_names(found.sources, kept, taken)
        self._outcomes = dict[int, SourceOutcome]()
        self._stamps = dict[int, tuple[int, int]]()
        self._weights = dict[int, float]()
        self._progress = dict[int, Progress]()
        for number, source in enumerate(self._sources):
            self._prepare(number, source, options)

    def jobs(self) -> list[Job]:
        """A job for each source that is not whole: live ones first, then the largest.

        So all processes end at about the same time.
        """
        order = sorted(self._weights, key=lambda at: (not self._sources[at].is_live, -self._weights[at], at))
        return [
            Job(number, self._sources[number], self._folder.partial(self._name(number))) for number in order
        ]

    def handle(self, event: JobEvent) -> None:
        """Take note of an event, and keep results that are whole."""
        number = event.number
        match event:
            case Progress():
                self._progress[number] = event
            case Failed():
                if event.traceback:
                    logger.error("%s: %s\n%s", self._sources[number].shown, event.reason, event.traceback)
                self._fail(number, event.reason)
            case Done():
                self._keep(number, event)
        self._tell(self.state())

    def outcomes(self) -> list[SourceOutcome]:
        """One for each source, in their order."""
        return [
            self._outcomes.get(number) or SourceOutcome(source, Fate.LEFT, "")
            for number, source in enumerate(self._sources)
        ]

    def state(self) -> State:
        ended = [number for number in self._weights if number in self._outcomes]
        done = sum(self._weights[number] for number in ended)
        frames, video_s = 0, 0.0
        for number in ended:
            if entry := self._outcomes[number].entry:
                frames += entry.totals.frames
                video_s += entry.totals.seconds
        for number, progress in self._progress.items():
            if number not in self._outcomes:
                done += self._weights[number] * progress.step.share
                frames += progress.step.frames
                video_s += progress.step.at_s
        total = sum(self._weights.values())
        return State(
            share=done / total if total else 1.0,
            finished=len(ended),
            of=len(self._weights),
            frames=frames,
            video_s=video_s,
            elapsed_s=time.monotonic() - self._began_s,
        )

    def _name(self, number: int) -> str:
        return self._names[self._sources[number].identity]

    def _prepare(self, number: int, source: Source, options: OfflineOptions) -> None:
        if self._folder.is_whole(source, self._settings):
            name, entry = self._folder.entries[source.identity]
            self._outcomes[number] = SourceOutcome(source, Fate.SKIPPED, name, entry, entry.problem)
            return
        try:
            self._stamps[number] = stamp_of(source)
        except OSError:
            # It has gone since it was found; the analysis says so.
            self._stamps[number] = 0, 0
        live_bytes = LIVE_BYTES_PER_S * (options.duration_s or 0.0)
        self._weights[number] = 1 + (live_bytes if source.is_live else self._stamps[number][0])

    def _keep(self, number: int, done: Done) -> None:
        source, outcome = self._sources[number], done.outcome
        size, mtime_ns = self._stamps[number]
        entry = Entry(
            source=source.shown,
            identity=source.identity,
            size=size,
            mtime_ns=mtime_ns,
            settings=self._settings,
            totals=outcome.totals,
            problem=outcome.problem,
        )
        try:
            self._folder.keep(self._name(number), entry)
        except OSError as error:
            self._fail(
                number,
                f"the results cannot be put into {self._folder.path} ({error.strerror}); {remedy_of(error)}",
            )
            return
        self._outcomes[number] = SourceOutcome(
            source, Fate.ANALYSED, self._name(number), entry, outcome.problem
        )

    def _fail(self, number: int, reason: str) -> None:
        self._folder.discard(self._name(number))
        self._outcomes[number] = SourceOutcome(self._sources[number], Fate.FAILED, "", problem=reason)


def default_processes(cores: float, jobs: int) -> int:
    """One process for each core that may be used, and no more than there are sources."""
    return max(1, min(round(cores), jobs))
