"""Name what is wrong with a message, for its sender; never repeats what the message contains."""

from pydantic import ValidationError


def first_problem(error: ValidationError, whole: str) -> str:
    """`field: reason` for the first problem; `whole` stands for the field if the message as a whole is wrong."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or whole
    return f"{where}: {first['msg']}"
