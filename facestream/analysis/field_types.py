"""Find the types of the fields of a dataclass: what writes, reads and checks values of the analysis goes by these."""

import dataclasses
import enum
import functools
import types
import typing
from typing import Any, Final, get_args, get_origin

import numpy as np

from facestream.analysis.tracking.changes import CELLS_WH, PATCHES_WH
from facestream.analysis.tracking.cuts import THUMBNAIL_WH

SHAPES: Final[dict[Any, tuple[int, int]]] = {
    np.float32: (68, 2),
    np.uint8: THUMBNAIL_WH[::-1],
    np.int8: CELLS_WH[::-1],
    np.bool_: PATCHES_WH[::-1],
}
"""Of the arrays in tracks and reports, by the type of their elements: landmarks, thumbnails, and what was searched."""
_NUMBERS: Final[dict[Any, tuple[type, ...]]] = {float: (float, int, np.number), int: (int, np.integer)}
"""What stands for a number in Python code."""


@functools.cache
def field_types(kind: type) -> dict[str, Any]:
    """The type of each field of a dataclass, by name; finding them takes longer than reading a value."""
    return typing.get_type_hints(kind)


def without_none(kind: Any) -> Any:
    """The type X of a field of type X | None; any other type as it is."""
    if get_origin(kind) not in {types.UnionType, typing.Union}:
        return kind
    return next(each for each in get_args(kind) if each is not types.NoneType)


def item_of(kind: Any) -> Any:
    """The type of the items of a tuple of any length; None: it is no such tuple."""
    return get_args(kind)[0] if get_origin(kind) is tuple and get_args(kind)[-1] is Ellipsis else None


def element_of(kind: Any) -> Any:
    """The type of the elements of an array; None: it is no array."""
    return get_args(get_args(kind)[1])[0] if get_origin(kind) is np.ndarray else None


def has_fields(kind: Any) -> bool:
    """Whether the type is a dataclass."""
    return dataclasses.is_dataclass(kind)


def is_enumeration(kind: Any) -> bool:
    """Whether the type is an enumeration."""
    return isinstance(kind, type) and issubclass(kind, enum.Enum)


def check_types(kind: Any, value: Any, where: str) -> None:
    """Raise TypeError, with `where` it is, if a value or one of its fields has another type or shape than it should.

    Raises ValueError for an array with numbers that are not finite.
    """
    if (present := without_none(kind)) is not kind:
        if value is not None:
            check_types(present, value, where)
        return
    expected = get_origin(kind) or kind
    if not isinstance(value, _NUMBERS.get(expected, expected)):
        raise TypeError(f"{where} is of type {type(value).__name__}; expected {expected.__name__}")
    if (item := item_of(kind)) is not None:
        for each in value:
            check_types(item, each, where)
    elif expected is tuple:
        if len(value) != len(get_args(kind)):
            raise TypeError(f"{where} has {len(value)} items; expected {len(get_args(kind))}")
        for part, each in zip(get_args(kind), value, strict=True):
            check_types(part, each, where)
    elif (element := element_of(kind)) is not None:
        if value.dtype != element or value.shape != SHAPES[element]:
            raise TypeError(
                f"{where} has the type {value.dtype} and the shape {value.shape}; "
                f"expected {np.dtype(element)} and {SHAPES[element]}"
            )
        if not np.isfinite(value).all():
            raise ValueError(f"{where} has numbers that are not finite")
    elif has_fields(kind):
        for name, each in field_types(kind).items():
            check_types(each, getattr(value, name), f"{where}.{name}")
