"""Name what is wrong with a message, for its sender; repeats only names that the message contains, cut short."""

from pydantic import ValidationError

MAX_NAME_CHARS = 40


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
