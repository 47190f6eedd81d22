"""Your own analysis: find the callable or class that a setting names, call it, and check what it returns.

Whatever it raises or returns, the frame keeps the report of the built-in analysis.
"""

import importlib
import inspect
import json
import math
import os
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

import numpy as np
from pydantic import JsonValue

from facestream.analysis.faces import FrameReport, GrayImage
from facestream.analysis.tracking.tracks import Tracks
from facestream.errors import ConfigError

MAX_VALUES: Final = 32
"""Most extra values of a frame."""
MAX_DEPTH: Final = 4
"""How deep lists and objects may be in each other."""
MAX_BYTES: Final = 1024
"""Length of all extra values of a frame as compact JSON in UTF-8."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}", re.ASCII)
_EXPECTED = "expected package.module:name, where the name is a class or a function as in docs/plugins.md"
_FORMS: Final = {2: "on_faces", 3: "analyze"}
"""The method that a function with this many parameters stands for."""

Analyze = Callable[[GrayImage, Tracks, float], Any]
OnFaces = Callable[[GrayImage, FrameReport], object]


class BuiltIn(Protocol):
    """The built-in analysis, which the constructor of a plug-in may take."""

    def analyze(self, gray: GrayImage, tracks: Tracks, time_s: float) -> tuple[FrameReport, Tracks]:
        """As `Analyzer.analyze`."""
        ...


class Plugin:
    """One plug-in in one process; it sees the frames of all streams that the process analyses, in any order."""

    def __init__(self, spec: str, built_in: BuiltIn) -> None:
        """Make it; raises ConfigError that says what is wrong with `spec`, such as package.module:name."""
        self._built_in = built_in
        found = find_plugin(spec)
        made: Any = found
        if inspect.isclass(found):
            try:
                make: Any = found
                made = make(built_in) if _parameters(found) == 1 else make()
            except Exception as error:
                raise ConfigError(
                    f"analyzer: {spec} cannot be made ({type(error).__name__}: {error})", "analyzer"
                ) from error
        form = _form(made)
        call: Any = made if inspect.isroutine(made) else getattr(made, form, made)
        self._analyze: Analyze | None = call if form == "analyze" else None
        self._on_faces: OnFaces | None = call if form == "on_faces" else None

    def analyze(self, gray: GrayImage, tracks: Tracks, time_s: float) -> tuple[FrameReport, Tracks]:
        """The report of a frame with the values of the plug-in, or with `extra_fault` if it has failed."""
        gray = gray.view()
        gray.flags.writeable = False  # what is drawn and kept is the camera's frame
        if self._analyze is None:
            report, tracks = self._built_in.analyze(gray, tracks, time_s)
            return self.after(gray, report), tracks
        try:
            report, after = self._analyze(gray, tracks, time_s)
            if not isinstance(report, FrameReport) or not isinstance(after, Tracks):
                raise TypeError(
                    f"analyze returned {type(report)} and {type(after)}; expected FrameReport and Tracks"
                )
            return replace(report, extra=checked_values(report.extra)), after
        except Exception as error:  # noqa: BLE001 - anything that a user's code raises
            report, tracks = self._built_in.analyze(gray, tracks, time_s)
            return replace(report, extra_fault=_described(error)), tracks

    def after(self, gray: GrayImage, report: FrameReport) -> FrameReport:
        """The report with the values of `on_faces`; unchanged if the plug-in has its own `analyze`."""
        if self._on_faces is None:
            return report
        try:
            values = self._on_faces(gray, report)
            return replace(report, extra=checked_values({} if values is None else values))
        except Exception as error:  # noqa: BLE001 - anything that a user's code raises
            return replace(report, extra_fault=_described(error))


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
    except Exception as error:
        raise ConfigError(
            f"analyzer: {spec} cannot be imported ({type(error).__name__}: {error}); {_EXPECTED}", "analyzer"
        ) from error
    if not callable(found) and not _methods(found):
        raise ConfigError(f"analyzer: {spec} is of type {type(found).__name__}; {_EXPECTED}", "analyzer")
    _form(found)
    return found  # type: ignore[return-value]


def checked_values(values: object) -> dict[str, JsonValue]:
    """The extra values of a frame as JSON, with numpy's numbers as numbers; raises ValueError."""
    if not isinstance(values, Mapping):
        raise ValueError(
            f"extra values are of type {type(values).__name__}; expected a mapping of names to values"
        )
    if len(values) > MAX_VALUES:
        raise ValueError(f"{len(values)} extra values; expected at most {MAX_VALUES}")
    for name in values:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(
                f"an extra value is named {name!r:.50}; expected up to 32 letters, digits and underscores"
            )
    checked = {name: _as_json(value, MAX_DEPTH) for name, value in values.items()}
    length = len(json.dumps(checked, ensure_ascii=False, separators=(",", ":")).encode())
    if length > MAX_BYTES:
        raise ValueError(f"the extra values have {length} bytes as JSON; expected at most {MAX_BYTES}")
    return checked


def _as_json(value: object, depth: int) -> JsonValue:
    if isinstance(value, np.generic):
        value = value.item()
    match value:
        case None | bool() | int():
            return value
        case str():
            value.encode()  # half of a surrogate pair cannot be sent
            return value
        case float():
            if not math.isfinite(value):
                raise ValueError(f"an extra value is {value}; expected a finite number, or None")
            return value
        case list() | tuple() | dict() | np.ndarray() if depth == 0:
            raise ValueError(f"an extra value is nested more than {MAX_DEPTH} deep")
        case np.ndarray() | list() | tuple():
            if len(value) > MAX_BYTES:
                raise ValueError(f"a list of {len(value)} extra values; expected at most {MAX_BYTES} bytes")
            return [_as_json(item, depth - 1) for item in value]
        case dict():
            if len(value) > MAX_BYTES:
                raise ValueError(
                    f"an object of {len(value)} extra values; expected at most {MAX_BYTES} bytes"
                )
            return {str(name): _as_json(item, depth - 1) for name, item in value.items()}
        case _:
            raise ValueError(f"an extra value is of type {type(value).__name__}; expected what JSON has")


def _form(found: object) -> str:
    """Which of the two methods it has, or stands for."""
    methods = _methods(found)
    if len(methods) == 1:
        return methods[0]
    form = None if methods or inspect.isclass(found) else _FORMS.get(_parameters(found))
    if form is None:
        raise ConfigError(
            f"analyzer: {getattr(found, '__name__', found)!r:.80} has neither analyze(gray, tracks, time_s) nor "
            "on_faces(frame_luma, report), or both; expected one of them, see docs/plugins.md",
            "analyzer",
        )
    return form


def _methods(found: object) -> list[str]:
    return [name for name in _FORMS.values() if callable(getattr(found, name, None))]


def _parameters(found: object) -> int:
    """How many parameters it needs; -1 if that is unknown."""
    try:
        signature = inspect.signature(found)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return -1
    needed = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(each.kind in needed and each.default is each.empty for each in signature.parameters.values())


def _described(error: Exception) -> str:
    return "".join(traceback.format_exception(error, limit=-5))[-4000:]
