"""Let the headless peer of facestream talk to another project's server: its offer, and its leave.

Each project has its own way of negotiation. This module adds the routes of facestream to the project's own web
application, so that all servers are measured with the same client. It touches no media.
"""

import argparse
import secrets
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.baselines.handlers import ANALYSES

AnswerTo = Callable[[str, str], Awaitable[str]]
"""Gets the SDP of an offer and a new session id; returns the SDP of the answer."""
Leave = Callable[[str], Awaitable[None]]
"""Gets the session id."""


def parser(question: str) -> argparse.ArgumentParser:
    """The options that each of these servers has."""
    options = argparse.ArgumentParser(description=question)
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--analysis", choices=ANALYSES, default="whole")
    return options


def routes(answer_to: AnswerTo, leave: Leave) -> list[Any]:
    """The routes, as Starlette's."""
    # Only the environments of the other projects have Starlette.
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    async def offer(request: Request) -> Response:
        session_id = secrets.token_hex(8)
        sdp = await answer_to((await request.json())["sdp"], session_id)
        return JSONResponse({"sdp": sdp, "type": "answer", "session_id": session_id})

    async def end(request: Request) -> Response:
        await leave(request.path_params["id"])
        return Response(status_code=204)

    return [Route("/offer", offer, methods=["POST"]), Route("/sessions/{id}", end, methods=["DELETE"])]


def listen(port: int) -> socket.socket:
    """A socket on loopback; 0: a free port."""
    return socket.create_server(("127.0.0.1", port))


def serve(app: Any, listener: socket.socket) -> None:
    """Serve until SIGTERM, and say where."""
    import uvicorn

    print(f"baseline serves http://localhost:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[listener])
