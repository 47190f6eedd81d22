"""How many files and sockets this process may open, and what they are for; opens none."""

import contextlib
import resource

from facestream.config import Config

FILES_OF_SERVER = 100
"""Models, libraries, pipes and shared memory of the analysis processes, and a lot of connections that just end."""
FILES_PER_SESSION = 8
"""Sockets of one peer: one for each address, its relay, its HTTP connection; measured 4 to 6."""
LEAST_CONNECTIONS = 64


def raise_limit() -> int:
    """Raise this process's limit to the most that it may give itself; returns what holds now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS says that there is none and then refuses it.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return most(soft)


def most(limit: int) -> int:
    """A limit as a number, where there is none, too."""
    return 2**31 if limit == resource.RLIM_INFINITY else limit


def for_sessions(config: Config) -> int:
    """What the server opens with every place taken, without connections that only ask for pages."""
    return FILES_OF_SERVER + FILES_PER_SESSION * config.max_sessions


def for_connections(config: Config, limit: int) -> int:
    """How many HTTP connections leave the sessions what they need."""
    return max(LEAST_CONNECTIONS, limit - for_sessions(config))
