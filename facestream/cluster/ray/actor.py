"""The actor on each machine: keeps its server running, and says where and how it is. Passes no media and no offers.

Ray starts it again wherever it was if its process ends. Everything that it does is in its initialisation, because Ray
calls nothing else then. Its methods run in threads: they only read values or ask the server on this machine.
"""

import hashlib
import hmac
import logging
import os
import signal
import socket
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from facestream import __version__
from facestream.cluster.ray.names import ServerReport
from facestream.cluster.ray.server_process import ServerProcess
from facestream.config import Config, load_config
from facestream.errors import ConfigError, FacestreamError

logger = logging.getLogger(__name__)

CALLS_AT_ONCE = 8
NOT_A_NODE = (
    "cluster_secret: got none on this machine; expected the secret of the cluster in "
    "FACESTREAM_CLUSTER_SECRET or FACESTREAM_CLUSTER_SECRET_FILE when Ray was started here"
)
_SET_BY_RAY = ("OMP_NUM_THREADS", "PYTHONBREAKPOINT", "SPT_NOENV")


@dataclass(frozen=True, slots=True)
class Machine:
    """What the settings of one machine say about its server; plain values, to be sent to another machine."""

    cores: int
    """Processor cores that the server uses: its analysis processes and one for the rest."""
    version: str
    """Of facestream on this machine."""
    problem: str
    """Why no server can start here, in one sentence; empty: one can."""


def describe_machine() -> dict[str, Any]:
    """A `Machine` as a dict, for this machine."""
    try:
        config = load_config()
        problem = "" if config.shared_secret() else NOT_A_NODE
        return asdict(Machine(config.analysis_processes + 1, __version__, problem))
    except FacestreamError as error:
        return asdict(Machine(1, __version__, str(error)))


class NodeActor:
    """One server on one machine."""

    def __init__(self, host: str) -> None:
        """`host`: the address at which the other machines of the cluster reach this one."""
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        # A child inherits what this thread blocks, and Ray's workers block signals that the server needs.
        signal.pthread_sigmask(
            signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM}
        )
        threading.excepthook = _end_process
        self._problem = ""
        environment = _machine_environment()
        secret, options = "", list[str]()
        try:
            config = load_config()
            secret = config.shared_secret()
            if not secret:
                raise ConfigError(NOT_A_NODE, "cluster_secret")
            options = _options(config, host)
        except FacestreamError as error:
            self._problem = str(error)
        self._secret = fingerprint(secret)
        self._server = ServerProcess(
            [sys.executable, "-m", "facestream", "serve", *options], environment, host, secret
        )
        if not self._problem:
            self._server.start()

    def address(self) -> str:
        """Where gateways reach the server; empty: it is not reachable at the moment."""
        return self._server.report()["url"]

    def info(self) -> dict[str, Any]:
        """How the server is: a ServerReport, with `machine`, `version` of facestream, `secret`, and `node`.

        `secret` is a fingerprint; `node` is what the server says, a NodeInfo as a dict, or None.
        """
        node = self._server.info()
        report = self._server.report()
        if self._problem:
            report["error"] = self._problem
        return {
            **report,
            "machine": socket.gethostname(),
            "secret": self._secret,
            "version": __version__,
            "node": node.model_dump() if node is not None else None,
        }

    def drain(self, deadline_s: float) -> ServerReport:
        """Move the peers away within this time, then stop the server until `start`. Returns at once."""
        self._server.drain(deadline_s)
        return self._server.report()

    def start(self) -> ServerReport:
        """Start the server that was drained."""
        if not self._problem:
            self._server.start()
        return self._server.report()

    def stop(self) -> None:
        """End the server in order, and wait for its end: before this actor is ended."""
        self._server.stop()


def fingerprint(secret: str) -> str:
    """Eight characters by which a person sees whether two machines have the same secret; empty: it has none."""
    return hmac.new(secret.encode(), b"facestream cluster", hashlib.sha256).hexdigest()[:8] if secret else ""


def _end_process(fault: threading.ExceptHookArgs) -> None:
    """A fault in the thread that keeps the server: without it, this actor would do nothing for ever."""
    logger.error(
        "fault in facestream; Ray starts the actor again: %s", fault.exc_value, exc_info=fault.exc_value
    )
    os._exit(70)


def _options(config: Config, host: str) -> list[str]:
    """Options of the server beside the settings of this machine, where these say nothing."""
    options = []
    if "host" not in config.model_fields_set:
        options += ["--host", host]
    if "port" not in config.model_fields_set:
        # Two Ray nodes on one machine must not want the same port.
        options += ["--port", "0"]
    return options


def _machine_environment() -> dict[str, str]:
    """The environment in which Ray was started on this machine, without what is Ray's.

    A worker has that of the raylet, its parent, and more: Ray limits the threads of libraries in it.
    """
    try:
        lines = Path(f"/proc/{os.getppid()}/environ").read_bytes().split(b"\0")
    except OSError:
        return {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("RAY_") and name not in _SET_BY_RAY
        }
    pairs = (os.fsdecode(line).partition("=") for line in lines if line)
    return {name: value for name, _, value in pairs if not name.startswith("RAY_")}
