"""Check a server from a client's side: HTTP, readiness, STUN and TURN servers, media, WebSocket."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import aiohttp
import cv2
import numpy as np
from yarl import URL

from facestream.analysis.models import self_test_image
from facestream.config import Config
from facestream.doctor.findings import Finding, Verdict, fail, ok, warn
from facestream.errors import FacestreamError, ServerUnreachableError
from facestream.ice.probe import try_server
from facestream.ice.servers import IceServer
from facestream.messages.http import PageConfig
from facestream.remedies import remedy_of
from facestream.replay import http
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from facestream.replay.summary import Summary
from facestream.resources import COMMAND, FETCH_MODELS, START

ANSWER_DEADLINE_S = 10.0
ROUND_TRIP_S = 2.0
ROUND_TRIP_DEADLINE_S = 40.0
MAX_ANSWER_BYTES = 64 * 1024
FRAME_WH = 640, 480
LEAST_RECEIVED_SHARE = 0.5
"""Of the frames sent; a healthy server drops only the first ones, while the connection gets up to speed."""


async def peer_findings(
    address: str, credentials: http.Credentials = http.NO_CREDENTIALS
) -> AsyncIterator[Finding]:
    """The findings in the order in which a client needs each part; ends early if the server cannot be reached."""
    url = http.server_url(address)
    reached = await _reached(url, credentials)
    yield reached
    if reached.verdict is Verdict.ERROR:
        return
    yield await _ready(url, credentials)
    yield _secure(url)
    if record := await _record(url, credentials):
        yield record
    servers = await http.fetch_ice_servers(url, credentials)
    if servers:
        for finding in await ice_findings("the page's", servers):
            yield finding
    elif not http.is_loopback(url):
        yield warn(
            "ice servers",
            "the server configures none for its page",
            "enough if UDP reaches the server; otherwise set page_ice_server (docs/deploy/)",
        )
    try:
        yield await _round_trip(url, credentials)
    except OSError as error:
        yield fail(
            "media", f"not tried: {error.strerror}", f"{remedy_of(error)}, or set TMPDIR to another folder"
        )
    yield await _fallback(url, credentials)


async def server_ice_findings(config: Config) -> list[Finding]:
    """The STUN and TURN servers of the settings, tried from this machine."""
    credentials = config.credential_source()
    own = [IceServer(url, credentials.make()) for url in config.server_ice_urls]
    pages = [IceServer(url, credentials.make()) for url in config.page_ice_urls]
    return [*await ice_findings("this server's", own), *await ice_findings("the page's", pages)]


async def ice_findings(whose: str, servers: list[IceServer]) -> list[Finding]:
    """Send each server a real request: a binding to a STUN server, an allocation to a TURN server."""
    outcomes = await asyncio.gather(*map(try_server, servers))
    return [
        ok("ice server", f"{whose} {outcome.as_text()}")
        if outcome.works
        else fail(
            "ice server",
            f"{whose} {outcome.as_text()}",
            "see docs/deploy/turn.md for a coturn that works",
        )
        for outcome in outcomes
    ]


async def _reached(url: URL, credentials: http.Credentials) -> Finding:
    try:
        status, body = await _get(url / "healthz", credentials)
        health = json.loads(body)
        sessions = health["sessions"]
        # The server sends its version only to local clients and admins.
        name = f"facestream {health['version']}" if "version" in health else "facestream"
        if "nodes" in health:
            name += f", a gateway, nodes: {health['nodes']} ({health['nodes_serving']} can be asked)"
    except aiohttp.ClientConnectorCertificateError as error:
        return fail(
            "server",
            f"the certificate of the server is not trusted here ({error.certificate_error})",
            f"use a certificate of a known authority, or trust that of `{COMMAND} certs` with --cafile certs/ca.pem",
        )
    except TimeoutError:
        return fail(
            "server", f"no answer within {ANSWER_DEADLINE_S:.0f} s", "check address, port and firewall"
        )
    except (aiohttp.ClientError, OSError) as error:
        return fail(
            "server",
            f"cannot be reached: {http.reason_of(error)}",
            f"start it with `{START}`, or check --url",
        )
    except (ValueError, KeyError, TypeError):
        return fail("server", "responds, but is not a facestream server", "check host and port of --url")
    if status != 200:
        return fail("server", f"{name}: {health.get('status')}", "read the server's log")
    return ok("server", f"{name}, {sessions} sessions")


async def _ready(url: URL, credentials: http.Credentials) -> Finding:
    try:
        _, body = await _get(url / "readyz", credentials)
        said = json.loads(body)
        missing, impaired = said["missing"], said.get("impaired", [])
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError, TypeError):
        return warn("ready", "no valid response from /readyz", "check whether a proxy hides /readyz")
    if missing:
        return fail("ready", "; ".join(map(str, missing)), "wait a minute, and read the server's log")
    if any(str(sentence).startswith("nodes: ") for sentence in impaired):
        return warn(
            "ready", f"accepts new peers, but {'; '.join(map(str, impaired))}", "read the gateway's log"
        )
    return ok("ready", "accepts new peers")


async def _record(url: URL, credentials: http.Credentials) -> Finding | None:
    """Whether the server keeps sessions; None: it does not, or does not say so."""
    try:
        _, body = await _get(url / "config", credentials)
        config = PageConfig.model_validate_json(body)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return None
    return ok("record", http.recorded_words(config.record_days)) if config.recorded else None


def _secure(url: URL) -> Finding:
    if url.scheme == "https":
        return ok("secure context", "https: browsers open the camera")
    if http.is_loopback(url):
        return ok("secure context", "http on this machine: browsers open the camera")
    return fail(
        "secure context",
        f"http on {url.host}: browsers do not open the camera",
        f"run `{COMMAND} certs`, or use a reverse proxy with TLS (docs/deploy/)",
    )


async def _round_trip(url: URL, credentials: http.Credentials) -> Finding:
    """Send the server video of a drawn face; the server must return the frames and report the face."""
    check = "media"
    with tempfile.TemporaryDirectory(prefix="facestream-doctor-") as directory:
        image = Path(directory) / "face.png"
        cv2.imwrite(str(image), _test_frame())
        options = ReplayOptions(
            image,
            str(url),
            duration_s=ROUND_TRIP_S,
            record=False,
            token=credentials.token,
            cafile=credentials.cafile,
        )
        try:
            async with asyncio.timeout(ROUND_TRIP_DEADLINE_S):
                async with ReplayPeer(options) as peer:
                    await peer.finish()
        except TimeoutError:
            return fail(check, f"not finished within {ROUND_TRIP_DEADLINE_S:.0f} s", "read the server's log")
        except FacestreamError as error:
            return fail(check, str(error), _remedy(error))
    return _media_finding(peer.summary())


def _remedy(error: FacestreamError) -> str:
    """What to do about a round trip that failed: about the HTTP response if there was one, otherwise about UDP."""
    status = error.status if isinstance(error, ServerUnreachableError) else 0
    match status:
        case 0:
            return "if UDP is blocked, use TURN or the compatibility mode (docs/deploy/)"
        case HTTPStatus.UNAUTHORIZED:
            return f"create a token with `{COMMAND} token` and pass it with --token-file"
        case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.SERVICE_UNAVAILABLE:
            return "try again later; the server's log says why it rejects peers"
        case _ if isinstance(error, ServerUnreachableError) and not error.problem_code:
            return "check host and port of --url, and the proxy if there is one (docs/deploy/)"
        case _:
            return "read the server's log"


def _media_finding(summary: Summary) -> Finding:
    """Judge what came back."""
    check = "media"
    counts = (
        f"connected after {summary.setup_ms:.0f} ms, {summary.sent_frames} frames sent, "
        f"{summary.received_frames} received, {summary.analysed_frames} analysed"
    )
    if not summary.received_frames:
        return fail(
            check, f"{counts}: no frame was received", "check firewalls: UDP may pass in one direction only"
        )
    if not summary.analysed_frames:
        return fail(check, f"{counts}: no frame was analysed", "check /readyz and the server's log")
    if not summary.faces_seen:
        return warn(check, f"{counts}; the drawn face was not found", f"{FETCH_MODELS}; lower min_face_share")
    if summary.received_frames < LEAST_RECEIVED_SHARE * summary.sent_frames:
        return warn(
            check,
            f"{counts}, face found; fewer than half of the frames were returned",
            "check the load of the server, and the packet loss on the way (docs/operations.md)",
        )
    return ok(check, f"{counts}, face found")


async def _fallback(url: URL, credentials: http.Credentials) -> Finding:
    """Check that a WebSocket connects: a proxy must be configured to forward it."""
    check = "compatibility mode"
    try:
        async with credentials.connect(ANSWER_DEADLINE_S) as client, client.ws_connect(url / "pictures"):
            return ok(check, "a WebSocket gets through, so the page works without WebRTC")
    except aiohttp.WSServerHandshakeError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return warn(
                check, "off, or the proxy does not forward it", "set websocket_fallback, or forward /pictures"
            )
        return warn(
            check,
            f"no WebSocket gets through (HTTP {error.status})",
            "let the proxy forward Upgrade and Connection for /pictures (docs/deploy/nginx.md)",
        )
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return warn(
            check,
            f"no WebSocket gets through ({http.reason_of(error)})",
            "check the proxy (docs/deploy/nginx.md)",
        )


def _test_frame() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The self-test image in the middle of a frame as large as a camera's."""
    width, height = FRAME_WH
    gray, _ = self_test_image()
    frame = np.full((height, width), int(gray[0, 0]), np.uint8)
    left = (width - height) // 2
    frame[:, left : left + height] = cv2.resize(gray, (height, height), interpolation=cv2.INTER_CUBIC)
    return frame


async def _get(url: URL, credentials: http.Credentials) -> tuple[int, bytes]:
    async with (
        credentials.connect(ANSWER_DEADLINE_S) as client,
        client.get(url, allow_redirects=False) as answer,
    ):
        return answer.status, await answer.content.read(MAX_ANSWER_BYTES)
