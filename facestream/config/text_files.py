"""Read the small text files that people write: settings, tokens, keys, certificates. Never hangs, never writes.

Accepts UTF-8 with or without a byte order mark and UTF-16, as editors write them. Rejects 8-bit encodings, because they
cannot be distinguished.
"""

import codecs
import errno
import os
import select
import stat
import time
from pathlib import Path

from facestream.errors import ConfigError

MAX_BYTES = 1 << 20
PIPE_DEADLINE_S = 5.0
"""Time for the program behind a pipe, such as the shell's `<(command)`."""
# The mark of UTF-32 begins with the mark of UTF-16, so UTF-32 comes first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def read_text(path: Path, name: str, expected: str) -> str:
    r"""The text of a file, with "\n" at the end of each line.

    `name` is the setting or option that names the file. Raises ConfigError.
    """
    return _decoded(read_content(path, name, expected), path, name)


def read_content(path: Path, name: str, expected: str) -> bytes:
    """The bytes of a regular file or a pipe of at most MAX_BYTES; raises ConfigError."""
    try:
        # Opening a named pipe must not block, and a terminal must not become the controlling terminal.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            mode = os.fstat(descriptor).st_mode
            kind = next((word for is_kind, word in _KINDS if is_kind(mode)), "")
            content = b"" if kind else _bounded(descriptor)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOMEM}:
            raise
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ConfigError(f"{name}: {path} cannot be read ({reason}); expected {expected}", name) from error
    if kind:
        raise ConfigError(f"{name}: {path} is {kind}; expected {expected}", name)
    if stat.S_ISFIFO(mode) and not content:
        raise ConfigError(f"{name}: {path} is a pipe without data; expected {expected}", name)
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{name}: {path} has more than {MAX_BYTES} bytes; expected {expected}", name)
    return content


def lines_of(text: str) -> list[str]:
    """The stripped lines, without empty lines and comments."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def read_line(path: Path, name: str, expected: str) -> str:
    """The only line of a file, apart from comments and empty lines; raises ConfigError."""
    text = read_text(path, name, expected)
    stripped = text.strip()
    # A secret of another program may begin with #.
    lines = lines_of(text) if "\n" in stripped or not stripped else [stripped]
    if len(lines) != 1:
        got = f"has {len(lines)} lines" if lines else "is empty"
        raise ConfigError(f"{name}: {path} {got}; expected {expected}", name)
    return lines[0]


def has_mark(content: bytes) -> bool:
    """Whether bytes begin with a byte order mark, which programs that expect ASCII reject."""
    return content.startswith(tuple(mark for mark, _ in _MARKS))


def _bounded(descriptor: int) -> bytes:
    """Read to the end, or slightly beyond the maximum."""
    content = bytearray()
    deadline_s = time.monotonic() + PIPE_DEADLINE_S
    while len(content) <= MAX_BYTES:
        try:
            block = os.read(descriptor, MAX_BYTES + 1 - len(content))
        except BlockingIOError:
            # The pipe is empty and its other end is open; a regular file is always readable.
            left_s = deadline_s - time.monotonic()
            if left_s <= 0 or not select.select([descriptor], [], [], left_s)[0]:
                raise TimeoutError(
                    errno.ETIMEDOUT, f"no data from this pipe for {PIPE_DEADLINE_S:.0f} s"
                ) from None
            continue
        if not block:
            break
        content += block
    return bytes(content)


def _decoded(content: bytes, path: Path, name: str) -> str:
    encoding, mark = next(
        ((encoding, mark) for mark, encoding in _MARKS if content.startswith(mark)),
        (_unmarked(content), b""),
    )
    try:
        text = content[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, len(mark) + error.start) + 1
        raise ConfigError(
            f"{name}: {path} is not {encoding.upper()} in line {line}; save it as UTF-8 in your editor", name
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise ConfigError(f"{name}: {path} has a NUL character in line {line}; expected text in UTF-8", name)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unmarked(content: bytes) -> str:
    """Detect UTF-16 without a mark: every second byte of ASCII text is zero."""
    if content and len(content) % 2 == 0:
        if not any(content[1::2]):
            return "utf-16-le"
        if not any(content[::2]):
            return "utf-16-be"
    return "utf-8"
