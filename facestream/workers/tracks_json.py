"""The tracks of a stream as JSON, exactly, so that a worker of another machine can continue from them.

Nothing is unpickled that comes from elsewhere: each value is read as its field says, and nothing else is made.
"""

import base64
import binascii
import dataclasses
import enum
import hashlib
import json
import math
import sys
import typing
from typing import Any, get_args, get_origin

import numpy as np
from pydantic import JsonValue

from facestream.analysis.field_types import SHAPES, element_of, field_types, without_none
from facestream.analysis.tracking.tracks import Tracks
from facestream.workers.worker import NEW_STREAM, PackedTracks, pack_tracks, unpack_tracks

LARGEST = 1e12
"""Of any number: far beyond the pixels and the seconds of a stream, and far below what overflows. Whole numbers are
numbers of faces, steps and events, so none is below 0."""
MOST_ITEMS = 1000


class TracksJsonError(ValueError):
    """A value is not the JSON of tracks; the message says where."""


def tracks_to_json(packed: PackedTracks) -> JsonValue:
    """The tracks as JSON; None: those of a new stream."""
    return None if packed == NEW_STREAM else _to_json(unpack_tracks(packed))


def tracks_from_json(value: JsonValue) -> PackedTracks:
    """The tracks, packed for the workers of this server; raises TracksJsonError."""
    if value is None:
        return NEW_STREAM
    tracks: Tracks = _from_json(Tracks, value, "tracks")
    if min(tracks.next_id, *(track.id for track in (*tracks.followed, *tracks.lost, *tracks.aside)), 1) < 1:
        raise TracksJsonError("tracks: a face has the id 0; expected 1 or more")
    return pack_tracks(tracks)


def next_face_id(packed: PackedTracks) -> int:
    """The id that the next new face gets."""
    return unpack_tracks(packed).next_id


def tracks_format() -> str:
    """What both sides must have in common: a digest of the fields of tracks and of their types."""
    known: dict[str, Any] = {}
    _describe(Tracks, known)
    described = json.dumps([sys.byteorder, known], sort_keys=True)
    return hashlib.sha256(described.encode()).hexdigest()[:16]


def _to_json(value: object) -> JsonValue:
    match value:
        case None | bool() | str():
            # The words of an enumeration are texts, too.
            return str(value) if isinstance(value, str) else value
        case int() | float():
            return int(value) if isinstance(value, int) else float(value)
        case tuple():
            return [_to_json(item) for item in value]
        case np.ndarray():
            return base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        case np.generic():
            return _to_json(value.item())
    assert dataclasses.is_dataclass(value), f"a field of tracks is of a type that has no JSON: {type(value)}"
    fields = (field.name for field in dataclasses.fields(value))
    return {name: _to_json(getattr(value, name)) for name in fields}


def _from_json(kind: Any, value: JsonValue, where: str) -> Any:
    """The value of this type; raises TracksJsonError."""
    origin = get_origin(kind)
    if (present := without_none(kind)) is not kind:
        return None if value is None else _from_json(present, value, where)
    if origin is tuple:
        return _tuple(get_args(kind), value, where)
    if origin is np.ndarray:
        return _array(element_of(kind), value, where)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind, value, where)
    if kind is bool and isinstance(value, bool):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is float and is_number:
        return float(_number(typing.cast(float, value), where))
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        return int(_number(value, where, least=0))
    if isinstance(kind, type) and issubclass(kind, enum.Enum) and isinstance(value, str | int):
        try:
            return kind(value)
        except ValueError:
            raise TracksJsonError(f"{where}: not one of the words or numbers that are known") from None
    if kind is str and isinstance(value, str) and len(value) <= MOST_ITEMS:
        return value
    raise TracksJsonError(f"{where}: got {type(value).__name__}; expected {getattr(kind, '__name__', kind)}")


def _number(value: float, where: str, least: float = -LARGEST) -> float:
    # Neither NaN nor an int that no float can hold is between the two.
    if not least <= value <= LARGEST:
        raise TracksJsonError(f"{where}: out of range")
    return value


def _tuple(kinds: tuple[Any, ...], value: JsonValue, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list) or len(value) > MOST_ITEMS:
        raise TracksJsonError(f"{where}: expected a list of at most {MOST_ITEMS}")
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(value) != len(kinds):
        raise TracksJsonError(f"{where}: got {len(value)} values; expected {len(kinds)}")
    return tuple(_from_json(kind, item, where) for kind, item in zip(kinds, value, strict=True))


def _array(element: Any, value: JsonValue, where: str) -> Any:
    shape = SHAPES[element]
    expected_bytes = math.prod(shape) * np.dtype(element).itemsize
    try:
        content = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        content = b""
    if len(content) != expected_bytes:
        raise TracksJsonError(f"{where}: expected {expected_bytes} bytes in base64")
    found = np.frombuffer(content, element).reshape(shape).copy()
    if not (np.isfinite(found).all() and np.abs(found.astype(np.float64)).max() <= LARGEST):
        raise TracksJsonError(f"{where}: out of range")
    return found


def _dataclass(kind: type, value: JsonValue, where: str) -> Any:
    hints = field_types(kind)
    if not isinstance(value, dict) or value.keys() != hints.keys():
        raise TracksJsonError(f"{where}: expected the fields {', '.join(hints)}")
    try:
        return kind(
            **{name: _from_json(hint, value[name], f"{where}.{name}") for name, hint in hints.items()}
        )
    except TracksJsonError:
        raise
    except ValueError as error:
        raise TracksJsonError(f"{where}: {error}") from error


def _describe(kind: Any, known: dict[str, Any]) -> str:
    """A type as text, the same in every version of Python and numpy; adds the classes that it needs to `known`."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is np.ndarray:
        element = element_of(kind)
        return f"{element.__name__}{list(SHAPES[element])}"
    if parts:
        name = "tuple" if origin is tuple else "union"
        return f"{name}({', '.join(_describe(part, known) for part in parts)})"
    if kind is Ellipsis:
        return "..."
    if kind.__name__ not in known and (dataclasses.is_dataclass(kind) or issubclass(kind, enum.Enum)):
        known[kind.__name__] = fields = {}
        if issubclass(kind, enum.Enum):
            fields.update({member.name: str(member.value) for member in kind})
        else:
            hints = field_types(kind)
            fields.update({name: _describe(hint, known) for name, hint in hints.items()})
    return str(kind.__name__)
