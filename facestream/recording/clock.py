"""Decide whether the clock is right enough to delete old records: one that is far ahead makes every record too old.

There are two witnesses: the time at which a server last looked, in a file of the directory, and the kernel, which knows
whether a time service keeps the clock right. Without the latter, a jump is believed after a day.
"""

import contextlib
import ctypes
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

WITNESS: Final = ".facestream_clock"
FARTHEST = timedelta(days=7)
"""Between two looks, which are an hour apart while a server runs; more is a jump."""
PATIENCE = timedelta(days=1)
"""How long a clock that has jumped must go on normally before it is believed."""
_TIMEX_BYTES = 256  # struct timex has 208 on 64-bit Linux
_TIME_ERROR = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """What the looks at the clock have shown."""

    at: datetime
    """The last time that was believed."""
    doubted_since: datetime | None = None
    """The first time on the clock after its jump; None: it is believed."""

    def after(self, now: datetime, *, is_synchronised: bool) -> "Seen":
        """What a look at `now` shows."""
        if is_synchronised or abs(now - self.at) <= FARTHEST:
            return Seen(now)
        since = self.doubted_since
        if since is None or not timedelta(0) <= now - since <= FARTHEST:
            return Seen(self.at, now)
        return Seen(now) if now - since >= PATIENCE else self


class RecordClock:
    """The clock for the records of a directory. One thread."""

    def __init__(
        self,
        root: Path,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        is_synchronised: Callable[[], bool] = lambda: kernel_is_synchronised(),
    ) -> None:
        self.problem = ""
        """Why the last look found no time that can be believed, as a sentence; empty: it has."""
        self._file = root / WITNESS
        self._now, self._is_synchronised = now, is_synchronised

    def believed(self, newest: Callable[[], datetime | None]) -> datetime | None:
        """The time, if it can be believed. `newest`: when a record was last written to, asked once for a directory."""
        now = self._now()
        before = self._read() or Seen(newest() or now)
        seen = before.after(now, is_synchronised=self._is_synchronised())
        self._write(seen)
        if seen.doubted_since is None:
            self.problem = ""
            return now
        believed_from = seen.doubted_since + PATIENCE
        self.problem = (
            f"the clock of this machine says {now:%Y-%m-%d %H:%M} (UTC), but a server was last here at "
            f"{seen.at:%Y-%m-%d %H:%M}, and no time service keeps the clock right: no record is deleted before "
            f"{believed_from:%Y-%m-%d %H:%M}; correct the clock if it is wrong"
        )
        return None

    def _read(self) -> Seen | None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            descriptor = os.open(self._file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                content = json.loads(file.read(1000))
            at, since = (
                content[name] and datetime.fromisoformat(content[name]) for name in ("seen", "doubted")
            )
            if at and at.tzinfo and (since is None or since.tzinfo):
                return Seen(at, since)
        return None

    def _write(self, seen: Seen) -> None:
        content = {
            "seen": seen.at.isoformat(),
            "doubted": seen.doubted_since and seen.doubted_since.isoformat(),
        }
        # Of this process, because several servers may share the directory.
        part = self._file.with_name(f"{WITNESS}.{os.getpid()}")
        try:
            part.write_text(json.dumps(content) + "\n", encoding="ascii")
            part.replace(self._file)
        except OSError:
            # A full disk must not prevent the deletion of old records.
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


def kernel_is_synchronised() -> bool:
    """Whether a time service keeps the clock right, as far as the kernel knows (adjtimex); False: not known."""
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return False
    return 0 <= int(state) < _TIME_ERROR
