"""`python -m facestream.cluster.ray.watch`: print the addresses of the servers in a Ray cluster, after each change.

The child process of a gateway, because Ray ends the process that is connected to it when it ends itself. Also makes the
actors that are missing. Each line on standard output is a JSON object; a line comes every SIGN_OF_LIFE_S at least. Ends
when its standard input ends, which is when the gateway does.
"""

import json
import logging
import os
import sys
import threading
import time
from typing import TextIO

from facestream.cluster.ray.connection import connected
from facestream.cluster.ray.names import short_id
from facestream.errors import FacestreamError

POLL_S = 1.0
NODES_PER_S = 100
"""Actors that one gateway asks per second, at most."""
DESCRIBE_LIMIT_S = 2.0
"""A machine that takes longer is looked at again in the next round."""
SIGN_OF_LIFE_S = 10.0
UNAVAILABLE_EXIT = 75
"""sysexits.h: EX_TEMPFAIL."""

logger = logging.getLogger(__name__)


def main() -> int:
    """Watch until the end of standard input; returns UNAVAILABLE_EXIT if Ray cannot be reached."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    threading.Thread(target=_end_with_input, name="watch/input", daemon=True).start()
    try:
        with os.fdopen(os.dup(1), "w", encoding="utf-8") as out, connected():
            _watch(out)
    except FacestreamError as error:
        sys.stderr.write(f"{error}\n")
    return UNAVAILABLE_EXIT


def _watch(out: TextIO) -> None:
    # Imports Ray, which `connected` has made ready.
    from facestream.cluster.ray.reconcile import Actors, media_nodes

    actors = Actors()
    known: dict[str, str] = {}
    shown, shown_s = "", 0.0
    logged: dict[str, str] = {}
    while True:
        nodes = media_nodes()
        actors.reconcile(nodes, DESCRIBE_LIMIT_S)
        answers = actors.call("address")
        # A machine that does not answer for a moment may still serve: the gateway asks it by itself.
        known = {
            node_id: known.get(node_id, "") if isinstance(answer, Exception) else answer
            for node_id, answer in answers.items()
        }
        line = json.dumps({"urls": sorted({url for url in known.values() if url})})
        now_s = time.monotonic()
        if line != shown or now_s - shown_s > SIGN_OF_LIFE_S:
            out.write(f"{line}\n")
            out.flush()
            shown, shown_s = line, now_s
        for node_id, problem in actors.problems.items():
            if logged.get(node_id) != problem:
                logger.warning("node %s has no server: %s", short_id(node_id), problem)
                logged[node_id] = problem
        time.sleep(max(POLL_S, len(nodes) / NODES_PER_S))


def _end_with_input() -> None:
    while os.read(0, 1024):
        pass
    # The main thread may wait for Ray. Nothing is to be finished.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
