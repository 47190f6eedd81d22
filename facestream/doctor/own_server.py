"""Run a server for `doctor`: with the settings of this machine, but on a free port of loopback."""

import asyncio
import contextlib
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from facestream.credentials.tokens import Purpose, issue, make_key
from facestream.replay.http import NO_CREDENTIALS, Credentials
from facestream.web.auth.local_programs import can_tell_programs

START_DEADLINE_S = 60.0
STOP_DEADLINE_S = 15.0
TOKEN_LIFETIME_H = 0.25
# These options override the settings: this server is for `doctor` only.
ARGUMENTS = (
    "--host",
    "127.0.0.1",
    "--port",
    "0",
    "--tls",
    "off",
    "--auth",
    "auto",
    "--tunnel",
    "none",
    "--record",
    "",
)
_ADDRESS = re.compile(rb"http://localhost:(\d+)")


class NoServerError(Exception):
    """The server did not start; the message is its last line of output."""


@contextlib.asynccontextmanager
async def own_server() -> AsyncIterator[tuple[str, Credentials]]:
    """Start a server and stop it at the end; yields its address and the credentials for it. Raises NoServerError."""
    with _access() as (options, credentials):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "facestream", "serve", *ARGUMENTS, *options,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            yield await _address(process), credentials
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                # Also reads the pipes, so that the server does not block on a full pipe.
                await asyncio.wait_for(process.communicate(), STOP_DEADLINE_S)
            except TimeoutError:
                process.kill()
                await process.wait()


@contextlib.contextmanager
def _access() -> Iterator[tuple[tuple[str, ...], Credentials]]:
    """Options of the server and credentials for it: a token if the server cannot detect local clients."""
    if can_tell_programs():
        yield (), NO_CREDENTIALS
        return
    with tempfile.TemporaryDirectory(prefix="facestream-doctor-") as directory:
        path = Path(directory) / "token.key"
        token = issue(make_key(path), Purpose.PEER, "doctor", TOKEN_LIFETIME_H)
        yield ("--token-key-file", str(path)), Credentials(token)


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(START_DEADLINE_S):
            while line := await process.stdout.readline():
                if found := _ADDRESS.search(line):
                    return f"http://127.0.0.1:{found[1].decode()}"
            errors = (await process.stderr.read()).decode(errors="replace").strip()
    except TimeoutError:
        raise NoServerError(f"not started within {START_DEADLINE_S:.0f} s") from None
    raise NoServerError(errors.splitlines()[-1] if errors else "the server ended without a message")
