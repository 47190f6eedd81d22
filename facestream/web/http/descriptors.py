"""Divide the descriptors of this process between sessions and HTTP connections; opens none."""

import contextlib
import errno
import resource
from dataclasses import dataclass
from typing import Self

from facestream.config import Config

FILES_OF_SERVER = 100
"""Measured without clients: 30 with four workers. The rest is for further workers and closing connections."""
FILES_PER_SESSION = 8
"""Sockets of one peer: one for each address, its relay, its HTTP connection; measured 4 to 6."""
FILES_PER_RECORD = 3
"""Of a recorded session besides its formats: events, the lock, session.json while it is replaced."""
LEAST_CONNECTIONS = 64
NO_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""Error numbers of a process or machine that lacks descriptors or memory."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of the number of connections and of the time in each phase."""

    total: int
    per_address: int
    request_s: float
    """Time for TLS and the request head, and again for the body."""
    idle_s: float

    @classmethod
    def of(cls, config: Config, descriptors: int) -> Self:
        """The limits of the settings, reduced to what that many descriptors allow."""
        return cls(
            total=min(config.max_connections, descriptors),
            per_address=config.max_connections_per_address,
            request_s=config.request_deadline_s,
            idle_s=config.keep_alive_s,
        )


def raise_limit() -> int:
    """Raise this process's soft limit to its hard limit; returns the new limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS reports no hard limit and then rejects the value.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return as_number(soft)


def as_number(limit: int) -> int:
    """A limit as a number, also if it is infinite."""
    return 2**31 if limit == resource.RLIM_INFINITY else limit


def descriptors_for_sessions(config: Config) -> int:
    """Descriptors that the server needs with `max_sessions` sessions, without other HTTP connections."""
    files = FILES_PER_SESSION + (len(config.record_formats) + FILES_PER_RECORD if config.record else 0)
    return FILES_OF_SERVER + files * config.max_sessions


def descriptors_for_connections(config: Config, limit: int) -> int:
    """Descriptors of `limit` that remain for other HTTP connections, at least LEAST_CONNECTIONS."""
    return max(LEAST_CONNECTIONS, limit - descriptors_for_sessions(config))
