"""Where a gateway learns which nodes a Ray cluster has: from a child process. Imports no Ray."""

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence

from facestream.cluster.ray.connection import check_installed
from facestream.cluster.ray.names import RAY_ENVIRONMENT
from facestream.errors import ConfigError, FacestreamError

logger = logging.getLogger(__name__)

WATCH = (sys.executable, "-m", "facestream.cluster.ray.watch")
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0
SILENCE_LIMIT_S = 90.0
"""A child that prints nothing for so long hangs: it prints a line every 10 s, and the first when Ray has answered."""
_END_LIMIT_S = 3.0
_LINE_LIMIT = 4 * 1024 * 1024


class RayNodes:
    """The nodes of the Ray cluster of this machine, or of that in RAY_ADDRESS (`Nodes`)."""

    def __init__(self, command: Sequence[str] = WATCH, environment: Mapping[str, str] | None = None) -> None:
        """`command` prints the lines of `facestream.cluster.ray.watch`; `environment`: None: that of this process."""
        self._command = command
        self._environment = {**RAY_ENVIRONMENT, **(os.environ if environment is None else environment)}

    async def watch(self) -> AsyncGenerator[frozenset[str], None]:
        """The URLs of all nodes, first when Ray has answered and then after each change; does not end.

        While Ray is away, nothing changes. Raises ConfigError if Ray is not installed.
        """
        try:
            check_installed()
        except FacestreamError as error:
            raise ConfigError(str(error), "nodes") from error
        known: frozenset[str] | None = None
        pause_s = FIRST_PAUSE_S
        while True:
            async with contextlib.aclosing(self._lines()) as lines:
                async for urls in lines:
                    pause_s = FIRST_PAUSE_S
                    if urls != known:
                        known = urls
                        yield urls
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _lines(self) -> AsyncGenerator[frozenset[str], None]:
        """What one child says, until it ends or falls silent."""
        child = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_LIMIT,
            env=self._environment,
            # Ctrl-C in a terminal is for the gateway, which ends the child.
            start_new_session=True,
        )
        assert child.stdout is not None
        assert child.stdin is not None
        try:
            while True:
                async with asyncio.timeout(SILENCE_LIMIT_S):
                    line = await child.stdout.readline()
                if not line:
                    logger.warning("nodes: Ray does not answer; the known nodes stay, and it is asked again")
                    return
                yield frozenset(json.loads(line)["urls"])
        except TimeoutError:
            logger.warning("nodes: Ray has been silent for %.0f s; it is asked anew", SILENCE_LIMIT_S)
        finally:
            child.stdin.close()
            try:
                async with asyncio.timeout(_END_LIMIT_S):
                    await child.wait()
            except TimeoutError:
                child.kill()
                await child.wait()
