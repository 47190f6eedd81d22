"""The texts that people may send, and what is wrong with a message, for its sender.

Repeats only names that the message contains, cut short.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

MAX_NAME_CHARS = 40
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _one_line(text: str) -> str:
    if _CONTROL.search(text):
        raise PydanticCustomError("one_line", "has a line break or a control character")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("not_blank", "is empty or blank")
    return text


_LINE, _NOT_BLANK = AfterValidator(_one_line), AfterValidator(_not_blank)
MarkerName = Annotated[str, Field(max_length=100), _LINE, _NOT_BLANK]
"""One line of text, not blank: it goes into tables and to other programs."""
NoteText = Annotated[str, Field(max_length=500), _LINE]
"""What was written beside a marker: one line of text; empty: nothing."""
LaterNoteText = Annotated[str, Field(max_length=500), _LINE, _NOT_BLANK]
FaceName = Annotated[str, Field(max_length=64), _LINE, _NOT_BLANK]
"""What a person calls a face: one line of text, not blank."""


def first_problem(error: ValidationError, whole: str) -> str:
    """`field: reason` for the first problem; `whole` stands for the field if the message as a whole is wrong."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(_short(str(part)) for part in first["loc"]) or whole
    reason = first["msg"]
    if "tag" in (context := first.get("ctx", {})):
        # The only reason that contains input is that for an unknown type.
        reason = reason.replace(tag := str(context["tag"]), _short(tag), 1)
    return f"{where}: {reason}"


def _short(name: str) -> str:
    return name if len(name) <= MAX_NAME_CHARS else f"{name[:MAX_NAME_CHARS]}..."
