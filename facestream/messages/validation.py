"""The texts that people may send, and what is wrong with a message, for its sender.

Repeats only names that the message contains, cut short.
"""

from typing import Annotated

from pydantic import Field, ValidationError

MAX_NAME_CHARS = 40
_NO_CONTROLS = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]"
MarkerName = Annotated[str, Field(max_length=100, pattern=rf"^{_NO_CONTROLS}*\S{_NO_CONTROLS}*$")]
"""One line of text, not blank: it goes into tables and to other programs."""
MarkerNote = Annotated[str, Field(max_length=500, pattern=rf"^{_NO_CONTROLS}*$")]
FaceName = Annotated[str, Field(max_length=64, pattern=rf"^{_NO_CONTROLS}*\S{_NO_CONTROLS}*$")]
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
