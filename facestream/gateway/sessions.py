"""Sessions over HTTP: open one at a node, and pass on what concerns one to the node that has it."""

import contextlib

from aiohttp import web
from pydantic import ValidationError

from facestream.cluster.placement import Node
from facestream.gateway.cluster import CLUSTER, behalf_of
from facestream.gateway.node_client import Answer, NodeFailedError
from facestream.gateway.owners import as_response, ask_owner
from facestream.gateway.placing import Outcome, place
from facestream.ice.candidates import MAX_FRAGMENT_BYTES
from facestream.messages.http import AnswerBody, OfferBody
from facestream.web.auth.origin import GOODBYE
from facestream.web.http.bodies import read_at_most
from facestream.web.session_bodies import MAX_MARKER_BYTES, MAX_SECRET_BYTES, read_offer

routes = web.RouteTableDef()


@routes.post("/offer")
async def offer(request: web.Request) -> web.Response:
    """Open a session at the node that has most places, or at the one whose session the peer resumes."""
    cluster, body = request.app[CLUSTER], await read_offer(request)
    behalf = await behalf_of(request, opens_session=True)

    async def ask(node: Node) -> Outcome[Answer]:
        answer = await cluster.client.pass_on(node.url, "POST", "/offer", behalf, body)
        return Outcome(answer.status, _session_in(answer), answer.retry_after_s, answer)

    return as_response((await place(cluster, "offer", _resume_in(body), ask)).response)


def _resume_in(body: bytes) -> str:
    """The resume token of an offer; empty: it has none, or is none, which its node will say."""
    with contextlib.suppress(ValidationError):
        return OfferBody.model_validate_json(body).resume
    return ""


def _session_in(answer: Answer) -> str:
    """The session that an answer opens; empty: the offer is rejected. Raises NodeFailedError."""
    if answer.status != 200:
        return ""
    try:
        return AnswerBody.model_validate_json(answer.body).session_id
    except ValidationError as error:
        raise NodeFailedError("what it answers is not that of a facestream node") from error


@routes.patch("/sessions/{id}")
async def trickle(request: web.Request) -> web.Response:
    """Candidates that a peer found after its offer."""
    return await ask_owner(request, "trickle", body=await read_at_most(request, MAX_FRAGMENT_BYTES + 1))


@routes.delete("/sessions/{id}")
async def leave(request: web.Request) -> web.Response:
    """End a session."""
    return await ask_owner(request, "leave")


@routes.delete("/sessions/{id}/record")
async def delete_record(request: web.Request) -> web.Response:
    """Delete what is kept of a session; its node has it, also after the end of the session."""
    return await ask_owner(request, "record", "/record")


@routes.post(GOODBYE)
async def bye(request: web.Request) -> web.Response:
    """End the session of a closing page."""
    return await ask_owner(request, "bye", "/bye", await read_at_most(request, MAX_SECRET_BYTES))


@routes.post("/sessions/{id}/markers")
async def mark(request: web.Request) -> web.Response:
    """Mark this moment of a session."""
    return await ask_owner(request, "markers", "/markers", await read_at_most(request, MAX_MARKER_BYTES + 1))
