"""A server for the doctor to look at: this machine's settings, on a free port of loopback, stopped afterwards."""

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator

START_DEADLINE_S = 60.0
STOP_DEADLINE_S = 15.0
# Whatever the settings say of the outside: this one serves the doctor, and nobody else.
ARGUMENTS = ("--host", "127.0.0.1", "--port", "0", "--tls", "off", "--auth", "auto", "--tunnel", "none")
_ADDRESS = re.compile(rb"http://localhost:(\d+)")


class NoServerError(Exception):
    """It did not start; the message says what it said."""


@contextlib.asynccontextmanager
async def own_server() -> AsyncIterator[str]:
    """Start one, give its address; raises NoServerError."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "facestream", "serve", *ARGUMENTS,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield await _address(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            # Reads what is left in the pipes, so that it cannot wait for us.
            await asyncio.wait_for(process.communicate(), STOP_DEADLINE_S)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(START_DEADLINE_S):
            while line := await process.stdout.readline():
                if found := _ADDRESS.search(line):
                    return f"http://127.0.0.1:{found[1].decode()}"
            said = (await process.stderr.read()).decode(errors="replace").strip()
    except TimeoutError:
        raise NoServerError(f"not started within {START_DEADLINE_S:.0f} s") from None
    raise NoServerError(said.splitlines()[-1] if said else "ended without a word")
