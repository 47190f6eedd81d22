"""A peer's side: is the server reached, is it ready, do its STUN and TURN servers serve, do media go there and back."""

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

from facestream.analysis.self_test_image import self_test_image
from facestream.config import Config
from facestream.doctor.findings import Finding, doubtful, right, wrong
from facestream.errors import FacestreamError
from facestream.ice.probe import try_server
from facestream.ice.servers import IceServer
from facestream.replay import ReplayOptions, ReplayPeer, http
from facestream.resources import FETCH_MODELS, START

ANSWER_DEADLINE_S = 10.0
ROUND_TRIP_S = 2.0
ROUND_TRIP_DEADLINE_S = 40.0
MAX_ANSWER_BYTES = 64 * 1024
PICTURE_WH = 640, 480


async def peer_findings(
    address: str, credentials: http.Credentials = http.NO_CREDENTIALS
) -> AsyncIterator[Finding]:
    """Everything that a peer of this address meets, in its order; stops where nothing more can be seen."""
    url = http.server_url(address)
    reached = await _reached(url, credentials)
    yield reached
    if reached.verdict == "wrong":
        return
    yield await _ready(url, credentials)
    yield _secure(url)
    servers = await http.fetch_ice_servers(url, credentials)
    if servers:
        for finding in await ice_findings("the page's", servers):
            yield finding
    elif not http.is_loopback(url):
        yield doubtful(
            "ice servers",
            "the server tells its page none",
            "enough where UDP reaches it; else set page_ice_server (docs/deploy/)",
        )
    try:
        yield await _round_trip(url, credentials)
    except OSError as error:
        yield wrong(
            "media", f"not tried: {error.strerror}", "free up space for temporary files, or set TMPDIR"
        )
    yield await _fallback(url, credentials)


async def server_ice_findings(config: Config) -> list[Finding]:
    """The STUN and TURN servers of the settings, asked from this machine."""
    credentials = config.credential_source()
    own = [IceServer(url, credentials.make()) for url in config.server_ice_urls]
    pages = [IceServer(url, credentials.make()) for url in config.page_ice_urls]
    return [*await ice_findings("this server's", own), *await ice_findings("the page's", pages)]


async def ice_findings(whose: str, servers: list[IceServer]) -> list[Finding]:
    """Each server asked for real: a binding of a STUN server, an allocation of a TURN server."""
    outcomes = await asyncio.gather(*map(try_server, servers))
    return [
        right("ice server", f"{whose} {outcome.as_text()}")
        if outcome.serves
        else wrong("ice server", f"{whose} {outcome.as_text()}", "docs/deploy/ shows a coturn that works")
        for outcome in outcomes
    ]


async def _reached(url: URL, credentials: http.Credentials) -> Finding:
    try:
        status, body = await _get(url / "healthz", credentials)
        health = json.loads(body)
        sessions = health["sessions"]
        # The server shows it only to local clients and admins.
        name = f"facestream {health['version']}" if "version" in health else "facestream"
    except aiohttp.ClientConnectorCertificateError as error:
        return wrong(
            "server",
            f"its certificate is not trusted here ({error.certificate_error})",
            "give it one of a known authority, or trust the one of `facestream certs` with --cafile certs/ca.pem",
        )
    except TimeoutError:
        return wrong(
            "server", f"no answer within {ANSWER_DEADLINE_S:.0f} s", "check address, port and firewall"
        )
    except (aiohttp.ClientError, OSError) as error:
        return wrong("server", f"not reached: {error}", f"start it with `{START}`, or check --url")
    except (ValueError, KeyError, TypeError):
        return wrong("server", "answers, but not as facestream does", "check host and port of --url")
    if status != 200:
        return wrong("server", f"{name}: {health.get('status')}", "look at the server's log")
    return right("server", f"{name}, {sessions} sessions")


async def _ready(url: URL, credentials: http.Credentials) -> Finding:
    try:
        _, body = await _get(url / "readyz", credentials)
        missing = json.loads(body)["missing"]
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError, TypeError):
        return doubtful(
            "ready", "does not say whether it is ready", "is a proxy in between that hides /readyz?"
        )
    if missing:
        return wrong("ready", "; ".join(map(str, missing)), "wait a minute; look at the server's log")
    return right("ready", "takes new peers")


def _secure(url: URL) -> Finding:
    if url.scheme == "https":
        return right("secure context", "https: browsers open the camera")
    if http.is_loopback(url):
        return right("secure context", "http on this machine: browsers open the camera")
    return wrong(
        "secure context",
        f"http on {url.host}: browsers do not open the camera",
        "python -m facestream certs, or a reverse proxy with TLS (docs/deploy/)",
    )


async def _round_trip(url: URL, credentials: http.Credentials) -> Finding:
    """A drawn face goes to the server as a peer's video, and must come back with its telemetry."""
    check = "media"
    with tempfile.TemporaryDirectory(prefix="facestream-doctor-") as folder:
        picture = Path(folder) / "face.png"
        cv2.imwrite(str(picture), _picture())
        options = ReplayOptions(
            picture, str(url), duration_s=ROUND_TRIP_S, token=credentials.token, cafile=credentials.cafile
        )
        try:
            async with asyncio.timeout(ROUND_TRIP_DEADLINE_S):
                async with ReplayPeer(options) as peer:
                    await peer.finish()
        except TimeoutError:
            return wrong(check, f"not done within {ROUND_TRIP_DEADLINE_S:.0f} s", "look at the server's log")
        except FacestreamError as error:
            return wrong(
                check, str(error), "where UDP is blocked, TURN or the page's WebSocket helps (docs/deploy/)"
            )
    summary = peer.summary()
    went = (
        f"connected after {summary.setup_ms:.0f} ms, {summary.sent_frames} frames sent, "
        f"{summary.received_frames} back, {summary.analysed_frames} analysed"
    )
    if not summary.received_frames:
        return wrong(
            check, f"{went}: no picture came back", "UDP may pass in one direction only; check firewalls"
        )
    if not summary.analysed_frames:
        return wrong(check, f"{went}: nothing was analysed", "look at /readyz and at the server's log")
    if not summary.faces_seen:
        return doubtful(
            check, f"{went}; the drawn face was not found", f"{FETCH_MODELS}; lower min_face_share"
        )
    return right(check, f"{went}, face found")


async def _fallback(url: URL, credentials: http.Credentials) -> Finding:
    """Whether a WebSocket gets through: a proxy in between must be told to pass it on."""
    check = "compatibility mode"
    try:
        async with credentials.connect(ANSWER_DEADLINE_S) as client, client.ws_connect(url / "pictures"):
            return right(
                check, "a WebSocket gets through: where WebRTC does not, the page goes on with pictures"
            )
    except aiohttp.WSServerHandshakeError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return doubtful(
                check, "switched off, or not passed on", "websocket_fallback, or the proxy's /pictures"
            )
        return doubtful(
            check,
            f"no WebSocket gets through (HTTP {error.status})",
            "let the proxy pass on Upgrade and Connection for /pictures (docs/deploy/nginx.md)",
        )
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return doubtful(
            check, f"no WebSocket gets through ({error})", "look at the proxy between (docs/deploy/nginx.md)"
        )


def _picture() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The face that the models are tried with, in the middle of a camera's picture."""
    width, height = PICTURE_WH
    gray, _ = self_test_image()
    picture = np.full((height, width), int(gray[0, 0]), np.uint8)
    left = (width - height) // 2
    picture[:, left : left + height] = cv2.resize(gray, (height, height), interpolation=cv2.INTER_CUBIC)
    return picture


async def _get(url: URL, credentials: http.Credentials) -> tuple[int, bytes]:
    async with (
        credentials.connect(ANSWER_DEADLINE_S) as client,
        client.get(url, allow_redirects=False) as answer,
    ):
        return answer.status, await answer.content.read(MAX_ANSWER_BYTES)
