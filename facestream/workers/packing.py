"""Turn the values of the analysis into plain tuples and back: pickle writes and reads these several times faster.

For each dataclass and each enumeration, pickle runs Python code and writes the name of the class. Here each type has an
expression, which is made of its fields once. Never decides what is sent, nor when.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from facestream.analysis.field_types import (
    SHAPES,
    element_of,
    field_types,
    has_fields,
    is_enumeration,
    item_of,
    without_none,
)

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class PlainForm(Generic[Value]):
    """How the values of one dataclass are written as tuples and lists of numbers, texts and bytes."""

    to_plain: Callable[[Value], Any]
    """Raises AttributeError if a field has a value of another type. Arrays have the types and shapes of `SHAPES`."""
    from_plain: Callable[[Any], Value]


@functools.cache
def plain_form(kind: type[Value]) -> PlainForm[Value]:
    """The form of a dataclass whose fields are dataclasses, enumerations, arrays, tuples of these, and plain values."""
    names: dict[str, Any] = {}
    to_plain = f"lambda value: {_to_plain(kind, 'value', names)}"
    from_plain = f"lambda value: {_from_plain(kind, 'value', names)}"
    # Nothing but names of fields, indexes, and the names that stand in `names`.
    return PlainForm(eval(to_plain, names), eval(from_plain, names))  # noqa: S307


def _to_plain(kind: Any, value: str, names: dict[str, Any]) -> str:
    """An expression for the plain form of the expression `value`: `value` itself if it is plain."""
    if (present := without_none(kind)) is not kind:
        return _unless_none(value, _to_plain(present, value, names))
    if (item := item_of(kind)) is not None:
        if has_fields(item):
            return f"[*map({_name(plain_form(item).to_plain, names)}, {value})]"
        return _for_each(value, _to_plain(item, "each", names))
    if element_of(kind) is not None:
        return f"{value}.tobytes()"
    if is_enumeration(kind):
        return f"{value}._value_"
    if has_fields(kind):
        fields = [_to_plain(each, f"{value}.{name}", names) for name, each in field_types(kind).items()]
        return f"({', '.join(fields)},)"
    return value


def _from_plain(kind: Any, value: str, names: dict[str, Any]) -> str:
    """An expression for the value whose plain form is the expression `value`."""
    if (present := without_none(kind)) is not kind:
        return _unless_none(value, _from_plain(present, value, names))
    if (item := item_of(kind)) is not None:
        if has_fields(item):
            return f"(*map({_name(plain_form(item).from_plain, names)}, {value}),)"
        each = _for_each(value, _from_plain(item, "each", names))
        return value if each == value else f"(*{each},)"
    if (element := element_of(kind)) is not None:
        # A bytearray, so that the array can be written to, as any other.
        return f"{_name(np.ndarray, names)}({SHAPES[element]}, {_name(element, names)}, bytearray({value}))"
    if is_enumeration(kind):
        return f"{_name({member.value: member for member in kind}, names)}[{value}]"
    if has_fields(kind):
        kinds = field_types(kind).values()
        fields = [_from_plain(each, f"{value}[{index}]", names) for index, each in enumerate(kinds)]
        are_plain = fields == [f"{value}[{index}]" for index in range(len(kinds))]
        return f"{_name(kind, names)}({f'*{value}' if are_plain else ', '.join(fields)})"
    return value


def _unless_none(value: str, converted: str) -> str:
    return value if converted == value else f"(None if {value} is None else {converted})"


def _for_each(value: str, converted: str) -> str:
    return value if converted == "each" else f"[{converted} for each in {value}]"


def _name(meant: object, names: dict[str, Any]) -> str:
    """A name for this object in an expression."""
    name = f"name_{len(names)}"
    names[name] = meant
    return name
