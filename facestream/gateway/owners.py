"""Pass a request about a session on to the node that has it, which its id names, or to where the session has moved."""

import time
from collections.abc import Mapping

from aiohttp import web

from facestream.cluster.placement import Node
from facestream.gateway.cluster import CLUSTER, PASSED_RESPONSE_HEADERS, Cluster, behalf_of, unreachable
from facestream.gateway.node_client import Answer, NodeFailedError
from facestream.messages.cluster import MOVED_HEADER
from facestream.messages.http import ProblemCode
from facestream.session_ids import node_of
from facestream.web.problems import RejectedError

NOT_FOUND = 404
MAX_MOVES = 8
"""A session that has moved more often than this in the memory of its nodes is not found by its first id."""


def owner_of(cluster: Cluster, session_id: str) -> Node:
    """The node that made a session; raises RejectedError if there is none of that name, without asking anybody."""
    if (node := cluster.fleet.named(node_of(session_id))) is None:
        raise RejectedError(
            404, ProblemCode.NO_SUCH_SESSION, "no such session; it has ended, or its server is gone"
        )
    return node


async def ask_owner(request: web.Request, route: str, rest: str = "", body: bytes = b"") -> web.Response:
    """Pass on a request for `/sessions/{id}` and the `rest`; its response. Raises RejectedError."""
    cluster, behalf = request.app[CLUSTER], await behalf_of(request)
    session_id = request.match_info["id"]
    for _ in range(MAX_MOVES):
        node = owner_of(cluster, session_id)
        began_s = time.monotonic()
        try:
            answer = await cluster.client.pass_on(
                node.url, request.method, f"/sessions/{session_id}{rest}", behalf, body
            )
        except NodeFailedError as error:
            cluster.count(route, 0, began_s)
            raise unreachable() from error
        cluster.count(route, answer.status, began_s)
        if not (moved_to := moved_session(answer.status, answer.headers)):
            return as_response(answer)
        session_id = moved_to
    raise moved_too_often()


def moved_session(status: int, headers: Mapping[str, str]) -> str:
    """The session that continues the one that a node was asked for; empty: the response is about this one.

    A session that has moved still runs for a moment: what its own peer wants of it succeeds, and is not followed.
    """
    return headers.get(MOVED_HEADER, "") if status == NOT_FOUND else ""


def moved_too_often() -> RejectedError:
    """The rejection of a request for a session that nodes pass on in a circle."""
    return RejectedError(404, ProblemCode.NO_SUCH_SESSION, "no such session; it has moved too often")


def as_response(answer: Answer) -> web.Response:
    """What a node has answered, for the client: without headers that concern the gateway only."""
    headers = {name: answer.headers[name] for name in PASSED_RESPONSE_HEADERS if name in answer.headers}
    return web.Response(status=answer.status, body=answer.body or None, headers=headers)
