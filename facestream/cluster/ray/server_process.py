"""Keep `facestream serve` running as a child process of this one. Imports no Ray.

The child stops in order when its standard input ends, so nothing of it is left if this process is killed. It is a
process of its own for three reasons: Ray's worker keeps the main thread and the signals to itself, a fault of one of
the two does not end the other, and the analysis processes do not import Ray.
"""

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from facestream.cluster.asking import NodeUnreachableError, fetch_info, left_on, own_machine, start_drain
from facestream.cluster.ray.names import ServerReport, ServerState
from facestream.messages.cluster import NodeInfo

logger = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
STEADY_S = 60.0
"""A server that has run for so long starts again after the first pause."""
STOP_LIMIT_S = 20.0
"""From the end of its input to its end; the server itself takes 14 s at most."""
COUNT_EVERY_S = 0.5
"""How often a server that drains is asked how many sessions are left."""
_ERROR_BYTES = 4096
_SAYS = "facestream: "
"""Begins the sentence with which a command ends that fails (cli/exit_codes.py)."""


class ServerProcess:
    """A server that starts again when it ends, until it must stop. Its methods may be called by any thread."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        host: str,
        secret: str,
    ) -> None:
        """`command` gets `--stop-at-eof --ready-fd N`. `host`: the address at which gateways reach it."""
        self._command = list(command)
        self._environment = dict(environment)
        self._host, self._secret = host, secret
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._wanted = self._closed = False
        self._state = ServerState.EMPTY
        self._child: subprocess.Popen[bytes] | None = None
        self._url = self._error = ""
        self._starts = 0
        self._deadline_s = 0.0
        self._left = 0
        self._keeper: threading.Thread | None = None
        self._killer: threading.Timer | None = None

    def start(self) -> None:
        """Keep the server running from now on; nothing changes if it is. A server that drains goes on draining."""
        with self._changed:
            if self._wanted or self._state is ServerState.DRAINING:
                return
            self._wanted = True
            self._changed.notify_all()
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._keep, name="server/keep", daemon=True)
                self._keeper.start()

    def report(self) -> ServerReport:
        """How the server is, without asking it."""
        with self._lock:
            return ServerReport(
                state=str(self._state),
                url=self._url,
                pid=self._child.pid if self._child is not None else 0,
                starts=self._starts,
                error=self._error,
                sessions_left=self._left,
            )

    def info(self) -> NodeInfo | None:
        """What the server itself says; None: it does not answer."""
        with self._lock:
            url = self._url
        with contextlib.suppress(NodeUnreachableError):
            return fetch_info(url, self._secret, own_machine()) if url else None
        return None

    def drain(self, deadline_s: float) -> None:
        """Move the peers away within this time, then stop the server, and start no other. Returns at once.

        Another call replaces the deadline. A server that accepts no offers yet stops at once.
        """
        with self._changed:
            self._wanted = False
            self._deadline_s = time.monotonic() + deadline_s
            if self._state is ServerState.RUNNING:
                self._state = ServerState.DRAINING
                threading.Thread(target=self._drain, name="server/drain", daemon=True).start()
            elif self._state is not ServerState.DRAINING:
                self._close_input()
            self._changed.notify_all()

    def stop(self) -> None:
        """End the server in order, and wait until it has ended; start no other."""
        with self._changed:
            self._wanted = False
            self._close_input()
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._child is None, 2 * STOP_LIMIT_S)

    def close(self) -> None:
        """Stop the server, and the thread that keeps it; this object is of no use afterwards."""
        with self._changed:
            self._closed = True
        self.stop()
        if self._keeper is not None:
            self._keeper.join()

    def _drain(self) -> None:
        """Ask the server until nobody is left or the time is over, then end its input."""
        logged = ""
        while True:
            with self._lock:
                url, left_s = self._url, self._deadline_s - time.monotonic()
            if not url:
                return  # it has ended
            empty = False
            try:
                # The same request again and again: the first may be lost, and a shorter deadline replaces a longer one.
                info = start_drain(url, self._secret, own_machine(), max(0.0, left_s))
            except NodeUnreachableError as error:
                if str(error) != logged:
                    logger.warning("drain: %s", error)
                logged = str(error)
            else:
                self._left = left_on(info)
                empty = self._left == 0
            with self._changed:
                if empty or left_s <= 0:
                    self._close_input()
                    return
                self._changed.wait_for(lambda: self._child is None, COUNT_EVERY_S)

    def _keep(self) -> None:
        """Run the server again and again; the only thread that starts and waits for it."""
        pause_s = FIRST_PAUSE_S
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted or self._closed)
                if self._closed:
                    return
            began_s = time.monotonic()
            self._run_once()
            if time.monotonic() - began_s > STEADY_S:
                pause_s = FIRST_PAUSE_S
            with self._changed:
                if not self._wanted:
                    self._state = ServerState.EMPTY
                    continue
                self._state = ServerState.PAUSED
                logger.error("the server has ended (%s); it starts again in %.1f s", self._error, pause_s)
                if self._changed.wait_for(lambda: not self._wanted, pause_s):
                    self._state = ServerState.EMPTY
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _run_once(self) -> None:
        log_from = _log_size()
        ready, tell_ready = os.pipe()
        with os.fdopen(ready, encoding="utf-8") as announcement:
            try:
                with self._lock:
                    self._state = ServerState.STARTING
                    self._starts += 1
                    self._child = subprocess.Popen(  # noqa: S603 - a fixed command
                        [*self._command, "--stop-at-eof", "--ready-fd", str(tell_ready)],
                        env=self._environment,
                        stdin=subprocess.PIPE,
                        pass_fds=[tell_ready],
                        # Ctrl-C in the terminal of `ray start` or of a try-out is not for the server.
                        start_new_session=True,
                    )
                    if not self._wanted:
                        self._close_input()
            except OSError as error:
                self._error = f"{self._command[0]} cannot be started: {error.strerror}"
                return
            finally:
                os.close(tell_ready)
            # Ends with the child, too.
            line = announcement.readline()
        if line:
            self._note_ready(line)
        assert self._child is not None
        code = self._child.wait()
        with self._changed:
            if self._child.stdin is not None:
                self._child.stdin.close()
            if self._killer is not None:
                self._killer.cancel()
            self._child, self._url, self._left = None, "", 0
            if self._wanted:
                self._error = _last_sentence(log_from) or _ending(code)
            self._changed.notify_all()

    def _note_ready(self, line: str) -> None:
        first = urlsplit(json.loads(line)["urls"][0])
        host = f"[{self._host}]" if ":" in self._host else self._host
        with self._lock:
            self._url = f"{first.scheme}://{host}:{first.port}"
            if self._wanted:
                self._state = ServerState.RUNNING

    def _close_input(self) -> None:
        """Tell the server to stop, and kill it if it does not end in time; the lock is held."""
        child = self._child
        if child is None or child.stdin is None or child.stdin.closed:
            return
        child.stdin.close()
        self._killer = threading.Timer(STOP_LIMIT_S, child.kill)
        self._killer.daemon = True
        self._killer.start()


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"ended by signal {-code}"


def _log_size() -> int:
    """Where the log of this process ends now; Ray makes standard error a file."""
    try:
        return os.fstat(sys.__stderr__.fileno()).st_size if sys.__stderr__ is not None else 0
    except (OSError, ValueError):
        return 0


def _last_sentence(log_from: int) -> str:
    """Why the child has ended, as it said in the log of this process since then; empty: it said nothing."""
    with contextlib.suppress(OSError), Path("/proc/self/fd/2").open("rb") as log:
        if log.seekable():
            log.seek(max(log_from, os.fstat(log.fileno()).st_size - _ERROR_BYTES))
            lines = log.read(_ERROR_BYTES).decode(errors="replace").split("\n")
            said = [line.removeprefix(_SAYS) for line in lines if line.startswith(_SAYS)]
            return said[-1].strip() if said else ""
    return ""
