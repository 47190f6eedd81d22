"""Your own analysis: find the callable or class that a setting names, call it, and keep a frame from its faults.

Whatever it raises or returns, the frame keeps the report of the built-in analysis. `plugin_values.py` checks what it
returns.
"""

import contextlib
import importlib
import inspect
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import FrameType
from typing import Any, Final, Protocol

from facestream.analysis.faces import Face, FrameReport, GrayImage, PluginFault
from facestream.analysis.plugin_values import checked_report, checked_tracks, with_values
from facestream.analysis.tracking.tracks import Tracks
from facestream.errors import ConfigError

TIMEOUTS_IN_A_ROW: Final = 3
"""Frames in a row that run out of time until the plug-in is left out for a while."""
LEFT_OUT_FRAMES: Final = 300
"""For how many frames it is left out then; each further frame that runs out of time costs as many again."""
_EXPECTED = "expected package.module:name, where the name is a class or a function as in docs/plugins.md"
_FORMS: Final = {2: "on_faces", 3: "analyze"}
"""The method that a function with this many parameters stands for."""

Analyze = Callable[[GrayImage, Tracks, float], Any]
OnFaces = Callable[[GrayImage, FrameReport], object]


class Analysis(Protocol):
    """The built-in analysis."""

    def analyze(self, gray: GrayImage, tracks: Tracks, time_s: float) -> tuple[FrameReport, Tracks]:
        """As `Analyzer.analyze`."""
        ...

    def analyze_still(self, gray: GrayImage) -> FrameReport:
        """As `Analyzer.analyze_still`."""
        ...


class BuiltIn:
    """The built-in analysis that the constructor of a plug-in may take; searches all of a photograph."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._still = False

    def analyze(self, gray: GrayImage, tracks: Tracks, time_s: float) -> tuple[FrameReport, Tracks]:
        """As `Analyzer.analyze`; for a photograph as `analyze_still`, and the tracks are returned as they are."""
        if self._still:
            return self._analysis.analyze_still(gray), tracks
        return self._analysis.analyze(gray, tracks, time_s)

    def analyze_still(self, gray: GrayImage) -> FrameReport:
        """As `Analyzer.analyze_still`."""
        return self._analysis.analyze_still(gray)

    @contextlib.contextmanager
    def for_a_still(self) -> Iterator[None]:
        """Inside, `analyze` gets a photograph."""
        self._still = True
        try:
            yield
        finally:
            self._still = False


class OutOfTime(BaseException):
    """The plug-in has used up its time for a frame; no `except Exception` in it catches this."""


class LeftOut(Exception):
    """The plug-in was not called, because it has run out of time in the frames before."""


class Plugin:
    """One plug-in in one process; it sees the frames of all streams that the process analyses, in any order."""

    def __init__(self, spec: str, analysis: Analysis, limit_s: float | None = None) -> None:
        """Make it; raises ConfigError that says what is wrong with `spec`, such as package.module:name.

        `limit_s`: seconds that it may take for a frame; only where the main thread of the process calls it. None: no
        limit.
        """
        self.spec = spec
        self._built_in = BuiltIn(analysis)
        self._limit_s = limit_s
        self._timeouts = self._left_out = 0
        found = find_plugin(spec)
        made: Any = found
        if inspect.isclass(found):
            make: Any = found
            try:
                made = make(self._built_in) if _parameters(found) == 1 else make()
            except BaseException as error:
                _raise_if_interrupted(error)
                raise ConfigError(
                    f"analyzer: {spec} cannot be made ({type(error).__name__}: {error})", "analyzer"
                ) from error
        form = _form(made)
        call: Any = made if inspect.isroutine(made) else getattr(made, form, made)
        _check_parameters(spec, form, call)
        self._analyze: Analyze | None = call if form == "analyze" else None
        self._on_faces: OnFaces | None = call if form == "on_faces" else None

    def analyze(self, gray: GrayImage, tracks: Tracks, time_s: float) -> tuple[FrameReport, Tracks]:
        """The report of a frame with the values of the plug-in, or with `extra_fault` if it has failed."""
        gray = _read_only(gray)
        if self._analyze is None:
            report, tracks = self._built_in.analyze(gray, tracks, time_s)
            return self._after(gray, report), tracks
        try:
            with self._guarded():
                own = self._pair(self._analyze(gray, tracks, time_s))
                return checked_report(own[0]), checked_tracks(own[1])
        except BaseException as error:  # noqa: BLE001 - anything that a user's code raises
            fault = _fault_of(error)
        try:
            report, tracks = self._built_in.analyze(gray, tracks, time_s)
        except Exception:  # noqa: BLE001 - the tracks are those that the plug-in has returned for the frame before
            report, tracks = self._built_in.analyze(gray, Tracks(next_id=tracks.next_id), time_s)
        return replace(report, extra_fault=fault), tracks

    def analyze_still(self, gray: GrayImage) -> FrameReport:
        """As `analyze`, for a photograph."""
        gray = _read_only(gray)
        with self._built_in.for_a_still():
            if self._analyze is None:
                return self._after(gray, self._built_in.analyze_still(gray))
            try:
                with self._guarded():
                    return checked_report(self._pair(self._analyze(gray, Tracks(), 0.0))[0])
            except BaseException as error:  # noqa: BLE001 - anything that a user's code raises
                return replace(self._built_in.analyze_still(gray), extra_fault=_fault_of(error))

    def _after(self, gray: GrayImage, report: FrameReport) -> FrameReport:
        """The report with the values of `on_faces`."""
        assert self._on_faces is not None, "the plug-in has one of the two forms"
        seen = replace(report, faces=tuple(map(_read_only_face, report.faces)))
        try:
            with self._guarded():
                return with_values(report, self._on_faces(gray, seen))
        except BaseException as error:  # noqa: BLE001 - anything that a user's code raises
            return replace(report, extra_fault=_fault_of(error))

    @staticmethod
    def _pair(returned: object) -> tuple[object, object]:
        if not isinstance(returned, tuple) or len(returned) != 2:
            raise TypeError(f"analyze returned {type(returned).__name__}; expected (report, tracks)")
        return returned

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Raise OutOfTime inside after `limit_s`, and LeftOut if that has happened too often."""
        if self._limit_s is None:
            yield
            return
        if self._left_out:
            self._left_out -= 1
            raise LeftOut(f"it ran out of time, and is left out for {LEFT_OUT_FRAMES} frames")
        try:
            with _alarm(self._limit_s):
                yield
        except OutOfTime:
            self._timeouts += 1
            if self._timeouts >= TIMEOUTS_IN_A_ROW:
                self._left_out = LEFT_OUT_FRAMES
            raise
        self._timeouts = 0


def find_plugin(spec: str) -> Callable[..., Any]:
    """Import the class or function that `spec` names, and make nothing; raises ConfigError."""
    module_name, _, name = spec.partition(":")
    if not module_name or not name:
        raise ConfigError(f"analyzer: got {spec!r}; {_EXPECTED}", "analyzer")
    # An installed `facestream` does not look in the current folder, where a plug-in usually is; never before others.
    if not {"", os.getcwd()} & set(sys.path):  # noqa: PTH109 - compared as text
        sys.path.append(os.getcwd())  # noqa: PTH109
    try:
        found: object = importlib.import_module(module_name)
        for part in name.split("."):
            found = getattr(found, part)
    except BaseException as error:
        # A script without `if __name__ == "__main__"` may end with sys.exit().
        _raise_if_interrupted(error)
        raise ConfigError(
            f"analyzer: {spec} cannot be imported ({type(error).__name__}: {error}); {_EXPECTED}", "analyzer"
        ) from error
    if not callable(found) and not _methods(found):
        raise ConfigError(f"analyzer: {spec} is of type {type(found).__name__}; {_EXPECTED}", "analyzer")
    _form(found)
    return found  # type: ignore[return-value]


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def ring(_number: int, _frame: FrameType | None) -> None:
        raise OutOfTime(f"took longer than {seconds:g} s for one frame")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _form(found: object) -> str:
    """Which of the two methods it has, or stands for."""
    name = getattr(found, "__name__", found)
    methods = _methods(found)
    form = methods[0] if len(methods) == 1 else None
    if not methods and not inspect.isclass(found):
        form = _FORMS.get(_parameters(found))
    if form is None:
        raise ConfigError(
            f"analyzer: {name!r:.80} has neither analyze(gray, tracks, time_s) nor "
            "on_faces(frame_luma, report), or both; expected one of them, see docs/plugins.md",
            "analyzer",
        )
    call = getattr(found, form, found)
    for is_kind, kind in (
        (inspect.iscoroutinefunction, "an async function"),
        (inspect.isgeneratorfunction, "a generator"),
        (inspect.isasyncgenfunction, "an async generator"),
    ):
        if is_kind(call):
            raise ConfigError(
                f"analyzer: {name!r:.80} is {kind}, which nothing awaits; expected a function that returns its values",
                "analyzer",
            )
    return form


def _methods(found: object) -> list[str]:
    return [name for name in _FORMS.values() if callable(getattr(found, name, None))]


def _check_parameters(spec: str, form: str, call: Callable[..., Any]) -> None:
    """Raise ConfigError if the call would fail for every frame; what cannot be known is not checked."""
    count = next(number for number, name in _FORMS.items() if name == form)
    with contextlib.suppress(ValueError):  # a builtin has no signature
        try:
            inspect.signature(call).bind(*[None] * count)
        except TypeError as error:
            raise ConfigError(
                f"analyzer: {form} of {spec} does not take {count} parameters ({error}); see docs/plugins.md",
                "analyzer",
            ) from error


def _parameters(found: object) -> int:
    """How many parameters it needs; -1 if that is unknown."""
    try:
        signature = inspect.signature(found)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return -1
    needed = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(each.kind in needed and each.default is each.empty for each in signature.parameters.values())


def _read_only(gray: GrayImage) -> GrayImage:
    # What is drawn and kept is the camera's frame.
    view = gray.view()
    view.flags.writeable = False
    return view


def _read_only_face(face: Face) -> Face:
    """The landmarks are also those of the tracks, from which the next frame begins."""
    landmarks_xy = face.landmarks_xy.view()
    landmarks_xy.flags.writeable = False
    return replace(face, landmarks_xy=landmarks_xy)


def _raise_if_interrupted(error: BaseException) -> None:
    """Raise a KeyboardInterrupt that is one of the terminal: where SIGINT is ignored, the plug-in has raised it."""
    if isinstance(error, KeyboardInterrupt) and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        raise error


def _fault_of(error: BaseException) -> PluginFault:
    _raise_if_interrupted(error)
    trace = "".join(traceback.format_exception(error, limit=-5))[-4000:]
    message = f"{type(error).__name__}: {error}".removesuffix(": ")
    return PluginFault(
        kind=_printable(type(error).__name__)[:64],
        sentence=" ".join(_printable(message).split())[:300],
        traceback=_printable(trace),
    )


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
