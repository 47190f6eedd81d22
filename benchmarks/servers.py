"""Start a server in its own process, as a user does, and stop it."""

import asyncio
import contextlib
import math
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measured import ROOT
from benchmarks.processes import usage

START_DEADLINE_S = 90.0
STOP_DEADLINE_S = 20.0
LOAD_DEADLINE_S = 10.0
LOAD_LOOK_S = 0.5
IDLE_CORES = 0.05

# Some benchmarks measure a server above its capacity.
OURS = ("server.py", "--ice-address", "127.0.0.1", "--log-level", "WARNING", "--tls", "off", "--min-fps", "0")
FLOOR = (*OURS, "--analysis-processes", "0")
USUAL = ("-m", "benchmarks.baselines.usual_aiortc")
USUAL_FLOOR = (*USUAL, "--analysis", "none")
FASTRTC = ("-m", "benchmarks.baselines.fastrtc_server")
STREAMLIT = ("-m", "benchmarks.baselines.streamlit_webrtc_server")
WEBSOCKET = ("-m", "benchmarks.baselines.websocket_jpeg")
MONITORED = ("-m", "benchmarks.monitored_server")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    url: str
    pid: int
    log: Path


@contextlib.contextmanager
def running(
    command: tuple[str, ...],
    *arguments: str,
    files: int = 0,
    core: int | None = None,
    python: str = sys.executable,
    root: Path = ROOT,
) -> Iterator[Server]:
    """A server of this kind on a free port; stopped at the end, or killed if it does not stop.

    `files`: limit of open files, soft and hard; 0: this process's own. `core`: the number of the only core that it may
    use; None: this process's own. `python`: the interpreter that runs it. `root`: the tree of the server (`trees.py`).
    """
    limit = ["prlimit", f"--nofile={files}:{files}"] if files else []
    if core is not None:
        limit += ["taskset", "--cpu-list", str(core)]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "server.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*limit, python, *command, "--port", "0", *arguments],
                cwd=root,
                stdout=out,
                stderr=out,
            )
        try:
            yield Server(_announced_url(process, log), process.pid, log)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_DEADLINE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            warnings = [
                line
                for line in log.read_text(errors="replace").splitlines()
                if "WARN" in line or "ERROR" in line
            ]
            for line in warnings[:5]:
                sys.stderr.write(f"  server: {line}\n")


async def until_loaded(server: Server) -> None:
    """Wait until the server uses no CPU: it loads a spare worker after its start, which is no cost of a frame.

    On a busy machine that took 3 s. A server that is never idle is not waited for longer than a deadline.
    """
    until_s = time.monotonic() + LOAD_DEADLINE_S
    used_s = math.inf
    while used_s > IDLE_CORES * LOAD_LOOK_S and time.monotonic() < until_s:
        before_s = usage(server.pid).cpu_s
        await asyncio.sleep(LOAD_LOOK_S)
        used_s = usage(server.pid).cpu_s - before_s


def _announced_url(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline_s = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline_s and process.poll() is None:
        if found := re.search(r"http://localhost:(\d+)", log.read_text(errors="replace")):
            return f"http://127.0.0.1:{found[1]}"
        time.sleep(0.05)
    raise SystemExit(
        f"the server did not start (exit code {process.poll()}):\n{log.read_text(errors='replace')}"
    )
