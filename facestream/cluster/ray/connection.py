"""Connect this process to the Ray cluster of its machine, and disconnect it. Starts no Ray."""

import contextlib
import importlib.util
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from facestream.cluster.ray.names import INSTALL_COMMAND, NAMESPACE, RAY_ENVIRONMENT
from facestream.errors import FacestreamError


class RayUnavailableError(FacestreamError):
    """Ray is not installed, does not run, or does not let this process in."""

    code = "ray_unavailable"


def check_installed() -> None:
    """Raise RayUnavailableError if this Python has no Ray; imports nothing."""
    if importlib.util.find_spec("ray") is None:
        raise RayUnavailableError(
            f"Ray is not installed for this Python; expected the extra `ray`: {INSTALL_COMMAND}"
        )


@contextlib.contextmanager
def connected(address: str = "") -> Iterator[None]:
    """Be connected to a Ray cluster inside; `address` empty: RAY_ADDRESS, or the one that was started here last.

    Nothing can be printed inside. Raises RayUnavailableError. The process ends if Ray ends on this machine meanwhile.
    """
    check_installed()
    for name, value in RAY_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import ray

    try:
        ray.init(
            address=address or "auto",
            namespace=NAMESPACE,
            log_to_driver=False,
            logging_level=logging.WARNING,
            configure_logging=False,
        )
    except ConnectionError as error:
        raise RayUnavailableError(
            "no Ray is running on this machine, or it does not answer; expected one started with `ray start` "
            "(docs/deploy/ray.md), or its address in RAY_ADDRESS; for nodes without Ray, name them with --nodes "
            f"(docs/deploy/cluster.md) ({_first_line(error)})"
        ) from error
    except ray.exceptions.AuthenticationError as error:
        raise RayUnavailableError(
            "Ray does not let this process in; expected its token in ~/.ray/auth_token or RAY_AUTH_TOKEN "
            f"({_first_line(error)})"
        ) from error
    except (RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise RayUnavailableError(f"cannot connect to Ray: {_first_line(error)}") from error
    # Ray prints what happens on other machines, whenever it likes.
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        try:
            yield
        finally:
            ray.shutdown()


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
