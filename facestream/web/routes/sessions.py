"""Sessions over HTTP: offer and answer, trickled candidates, the ways to end one, and the list for admins.

Never touches media.
"""

from aiohttp import web

from facestream.errors import FragmentTooLargeError
from facestream.ice.candidates import MAX_FRAGMENT_BYTES
from facestream.ice.trickle import FRAGMENT_TYPE
from facestream.messages.http import OWNER_HEADER, AnswerBody, ProblemCode, SessionList
from facestream.recording.recorder import Deletion
from facestream.sessions.ending import Ending
from facestream.sessions.webrtc import WebRtcSession
from facestream.signaling.offer import parse_offer
from facestream.web.auth.guards import (
    is_admin,
    is_owner,
    not_your_session,
    requesting_client,
    require_admin,
    require_owner,
    require_owner_or_admin,
)
from facestream.web.auth.origin import GOODBYE
from facestream.web.http.bodies import read_at_most, require_type
from facestream.web.http.headers import header
from facestream.web.keys import CONFIG, REGISTRY
from facestream.web.problems import RejectedError
from facestream.web.session_bodies import MAX_SECRET_BYTES, read_offer

routes = web.RouteTableDef()


@routes.post("/offer")
async def offer(request: web.Request) -> web.Response:
    """Open a session: check the client, then read its offer and answer it."""
    body = await read_offer(request)
    registry, config = request.app[REGISTRY], request.app[CONFIG]
    offered = parse_offer(body, registry.candidate_policy, config.max_media_sections)
    session, sdp = await registry.open(offered, requesting_client(request).address)
    answer = AnswerBody(
        sdp=sdp,
        type="answer",
        session_id=session.id,
        resume=session.resume_token,
        secret=session.secret,
        recorded=session.is_recorded,
        record_days=session.record_days,
        resumed=session.is_resumed,
    )
    return web.json_response(text=answer.to_json())


@routes.patch("/sessions/{id}")
async def trickle(request: web.Request) -> web.Response:
    """Add candidates that a peer found after its offer (RFC 8840); an ICE restart gets 422."""
    session = request.app[REGISTRY].get(request.match_info["id"])
    if not isinstance(session, WebRtcSession):
        raise _no_session("no such session that takes candidates; it may have ended already")
    require_owner(request, session)
    require_type(request, FRAGMENT_TYPE)
    body = await read_at_most(request, MAX_FRAGMENT_BYTES + 1)
    if len(body) > MAX_FRAGMENT_BYTES:
        raise FragmentTooLargeError(
            f"fragment too large; expected at most {MAX_FRAGMENT_BYTES} bytes: send the candidates in several requests"
        )
    await session.trickle(body, request.app[REGISTRY].candidate_policy)
    return web.Response(status=204)


@routes.delete("/sessions/{id}")
async def leave(request: web.Request) -> web.Response:
    """End a session; allowed for its own peer, by its secret, and for admins."""
    session = request.app[REGISTRY].get(request.match_info["id"])
    if session is None:
        raise _no_session("no such session; it may have ended already")
    ending = require_owner_or_admin(request, session)
    who = "an admin" if ending is Ending.ENDED_BY_ADMIN else "the peer"
    session.request_end(ending, f"{who} ended the session")
    return web.Response(status=204)


@routes.delete("/sessions/{id}/record")
async def delete_record(request: web.Request) -> web.Response:
    """Delete what is kept of a session, also after its end; a running session goes on, and nothing more is kept.

    Allowed for its own peer, by its secret, and for admins.
    """
    registry, session_id = request.app[REGISTRY], request.match_info["id"]
    recorder, session = registry.recorder, registry.get(session_id)
    if session is not None:
        require_owner_or_admin(request, session)
    if recorder is None:
        raise _no_record("this server keeps no records")
    try:
        if session is not None and session.record is not None:
            deletion = await recorder.delete(session.record)
        else:
            secret = None if is_admin(request) else header(request, OWNER_HEADER)
            deletion = await recorder.delete_ended(session_id, secret)
    except OSError as error:
        raise RejectedError(
            503,
            ProblemCode.RECORD_IN_USE,
            f"the record cannot be deleted now ({error.strerror}); tell the operator of the server",
        ) from error
    if deletion is Deletion.NO_RECORD:
        raise _no_record("there is no record of this session; it may have been deleted already")
    if deletion is Deletion.NOT_YOURS:
        raise not_your_session()
    if deletion is Deletion.IN_USE:
        raise RejectedError(
            503,
            ProblemCode.RECORD_IN_USE,
            "another server or task works on the record; try again in a minute",
        )
    return web.Response(status=204)


@routes.post(GOODBYE)
async def bye(request: web.Request) -> web.Response:
    """End the session of a closing page (`navigator.sendBeacon`); the body is the session's secret.

    Always 204: the page does not read the response, and the connection may have ended a moment before.
    """
    session = request.app[REGISTRY].get(request.match_info["id"])
    secret = await read_at_most(request, MAX_SECRET_BYTES)
    if session is not None and is_owner(session, secret.decode(errors="replace")):
        session.request_end(Ending.PAGE_CLOSED, "the peer closed its page")
    return web.Response(status=204)


@routes.get("/sessions")
async def sessions(request: web.Request) -> web.Response:
    """List every session, for admins; without addresses, which are not needed to end a session."""
    require_admin(request)
    return web.json_response(text=SessionList(sessions=request.app[REGISTRY].session_infos()).to_json())


def _no_record(message: str) -> RejectedError:
    return RejectedError(404, ProblemCode.NO_RECORD, message)


def _no_session(message: str) -> RejectedError:
    return RejectedError(404, ProblemCode.NO_SUCH_SESSION, message)
