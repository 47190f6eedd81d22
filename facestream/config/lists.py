"""Settings that hold several values."""


def split_at_commas(given: object) -> object:
    """Environment variables hold one line: `127.0.0.1, ::1`."""
    return [part.strip() for part in given.split(",") if part.strip()] if isinstance(given, str) else given
