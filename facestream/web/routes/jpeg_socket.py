"""The compatibility mode over HTTP: a session on a WebSocket. Never decodes a JPEG."""

from aiohttp import web

from facestream.messages.jpeg_socket import Open
from facestream.sessions.ending import Ending
from facestream.sessions.jpeg import JpegSession
from facestream.sessions.registry import Wishes
from facestream.web.auth.guards import requesting_client
from facestream.web.jpeg_peers import accept, admitted
from facestream.web.keys import REGISTRY

routes = web.RouteTableDef()


@routes.get("/pictures")
async def open_socket(request: web.Request) -> web.StreamResponse:
    """Serve a peer over this socket until it ends."""
    peer = await accept(request)

    async def admit(_first: str | bytes, opening: Open) -> JpegSession:
        wishes = Wishes(opening.resume, opening.first_face_id, opening.record, opening.record_days)
        return request.app[REGISTRY].open_jpeg(peer, wishes, requesting_client(request).address)

    session = await admitted(request, peer, admit)
    if session is None:
        return peer.response
    try:
        await session.wait_closed()
    finally:
        session.request_end(Ending.CONNECTION_LOST, "its request ended")
    return peer.response
