"""Without WebRTC, the page switches to the WebSocket at once and says so."""

import contextlib
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from benchmarks.chromium import ALLOW_CAMERA
from tests.browser.cameras import LOOP, expect_problem
from tests.browser.conftest import NO_WEBRTC, SOON_MS, OpenPage, press_start
from tests.conftest import running_server
from tests.times import milliseconds

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

THROWS = """window.RTCPeerConnection = class {
  constructor() { throw new DOMException('WebRTC is switched off', 'NotAllowedError'); }
};"""
STUB = "window.RTCPeerConnection = function () {};"
NO_OFFER = "RTCPeerConnection.prototype.setLocalDescription = () => Promise.reject(new Error('no codec'));"
NO_ANSWER = "RTCPeerConnection.prototype.setRemoteDescription = () => Promise.reject(new Error('no codec'));"
# How long the page waits for media over WebRTC; a rejection must not take that long.
PATIENCE_MS = milliseconds(6000)
LISTEN = """
window.requested = 0;
if (navigator.mediaDevices) {
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (constraints) => { window.requested += 1; return open(constraints); };
}
window.sockets = 0;
const Socket = window.WebSocket;
window.WebSocket = class extends Socket { constructor(...given) { super(...given); window.sockets += 1; } };
"""


async def expect_compatibility_mode(page: Page, reason: str) -> None:
    await expect(page.locator("#notice")).to_contain_text(reason, timeout=PATIENCE_MS)
    await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)
    await expect(page.locator("#way")).to_be_visible()
    await expect(page.locator("#codec")).to_have_text("JPEG", timeout=SOON_MS)
    await expect(page.locator("#verdict")).to_have_text("Happy", timeout=SOON_MS)


@pytest.mark.parametrize(
    "script",
    [NO_WEBRTC, THROWS, STUB, NO_OFFER, NO_ANSWER],
    ids=["gone", "throws", "stub", "no offer", "no answer"],
)
async def test_a_browser_without_webrtc_sends_frames_over_the_socket(
    server_url: str, open_page: OpenPage, script: str
):
    async with open_page(server_url, script=script) as page:
        await press_start(page)

        await expect_compatibility_mode(page, "This browser has no WebRTC")


async def test_a_clip_is_sent_over_the_socket_too(server_url: str, open_page: OpenPage, media_dir: Path):
    async with open_page(server_url, script=NO_WEBRTC + LOOP) as page:
        await page.get_by_label("Use a video file").set_input_files(media_dir / "single_face.mp4")
        await page.get_by_role("button", name="I agree").click()

        await expect_compatibility_mode(page, "This browser has no WebRTC")


def rejecting(status: int, title: str, code: str = "") -> Callable[[Route], Awaitable[None]]:
    async def reject(route: Route) -> None:
        problem = {"type": "about:blank", "title": title, "status": status, "detail": f"{title}, in words"}
        if code:
            problem["code"] = code
        await route.fulfill(status=status, body=json.dumps(problem), content_type="application/problem+json")

    return reject


@pytest.mark.parametrize(
    ("status", "title", "code", "reason"),
    [
        (400, "The offer cannot be served", "", "The server cannot handle this browser"),
        (413, "Request Entity Too Large", "", "The server cannot handle this browser"),
        (500, "Fault in the server", "", "The server cannot handle this browser"),
        (503, "No port", "no_media_port", "The server has no free port for video"),
    ],
)
async def test_after_a_rejected_offer_frames_are_sent_over_the_socket(
    server_url: str, open_page: OpenPage, status: int, title: str, code: str, reason: str
):
    async with open_page(server_url, expect_errors=str(status)) as page:
        await page.route("**/offer", rejecting(status, title, code))

        await press_start(page)

        await expect_compatibility_mode(page, reason)


@pytest.mark.parametrize(
    ("status", "title", "key", "shown"),
    [
        (401, "Access token required", "token", "Access token required"),
        (403, "Forbidden", "rejected", "The server rejected the connection"),
        (429, "Too many sessions", "tooMany", "Too many sessions from your network"),
        (503, "The server is full", "full", "The server is full"),
    ],
)
async def test_a_rejected_peer_does_not_try_the_socket(
    server_url: str, open_page: OpenPage, status: int, title: str, key: str, shown: str
):
    async with open_page(server_url, expect_errors=str(status), script=LISTEN) as page:
        await page.route("**/offer", rejecting(status, title))

        await press_start(page)

        await expect_problem(page, key)
        await expect(page.locator("#message-title")).to_have_text(shown)
        # The server's own sentence is for the operator.
        await expect(page.locator("#message-text")).to_have_attribute("title", f"{title}, in words.")
        assert await page.evaluate("window.sockets") == 0


async def test_a_server_without_media_ports_serves_frames_over_the_socket(
    tmp_path: Path, open_page: OpenPage
):
    with contextlib.ExitStack() as held:
        ports = taken_ports(held, 4)
        settings = "--udp-ports", f"{ports[0]}-{ports[-1]}", "--analysis-processes", "1"
        with running_server(tmp_path / "server.log", *settings) as running:
            async with open_page(running.url, expect_errors="503") as page:
                await press_start(page)

                await expect_compatibility_mode(page, "The server has no free port for video")


def taken_ports(held: contextlib.ExitStack, count: int) -> list[int]:
    """Consecutive UDP ports, which stay bound until `held` is closed."""
    for first in range(47310, 47910, count):
        with contextlib.suppress(OSError), contextlib.ExitStack() as tried:
            for port in range(first, first + count):
                tried.enter_context(socket.socket(type=socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
            held.enter_context(tried.pop_all())
            return list(range(first, first + count))
    pytest.fail("found no consecutive free UDP ports")


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (NO_WEBRTC, "Allow WebRTC"),
        (THROWS, "WebRTC is switched off. This server accepts video over WebRTC only"),
    ],
    ids=["gone", "throws"],
)
async def test_without_a_fallback_the_page_shows_that_webrtc_is_missing(
    tmp_path: Path, open_page: OpenPage, script: str, text: str
):
    settings = "--websocket-fallback", "false", "--analysis-processes", "1"
    with running_server(tmp_path / "server.log", *settings) as running:
        async with open_page(running.url, script=LISTEN + script) as page:
            await press_start(page)

            await expect(page.locator("#message-title")).to_have_text("This browser has no WebRTC")
            await expect(page.locator("#message-text")).to_contain_text(text)
            assert await page.evaluate("window.sockets") == 0
            # The page does not open the camera if it knows beforehand that WebRTC is missing.
            assert await page.evaluate("window.requested") == (script == THROWS)


NO_DEVICES = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });"


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (
            NO_DEVICES + "Object.defineProperty(window, 'isSecureContext', { value: false });",
            "http://localhost:",
        ),
        (NO_DEVICES, "Allow camera access in the browser"),
        ("MediaDevices.prototype.getUserMedia = undefined;", "Allow camera access in the browser"),
    ],
    ids=["insecure address", "no devices", "no capture"],
)
@pytest.mark.parametrize("webrtc", ["", NO_WEBRTC], ids=["with WebRTC", "without"])
async def test_the_page_shows_why_the_browser_gives_no_camera(
    server_url: str, open_page: OpenPage, media_dir: Path, script: str, text: str, webrtc: str
):
    async with open_page(server_url, script=script + webrtc) as page:
        # Before anybody is asked to agree.
        await expect(page.get_by_role("alert")).to_contain_text(text)
        await expect(page.get_by_role("button", name="Start camera")).to_be_disabled()
        await expect(page.locator("#state")).to_have_text("No camera here")
        # A clip needs no camera and no secure address.
        await page.get_by_label("Use a video file").set_input_files(media_dir / "single_face.mp4")
        await page.get_by_role("button", name="I agree").click()
        await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)


async def test_at_an_http_address_of_another_machine_the_page_says_what_helps_before_the_start(
    tmp_path_factory: pytest.TempPathFactory, open_page: OpenPage, media_dir: Path
):
    log = tmp_path_factory.mktemp("insecure") / "server.log"
    with running_server(log, "--auth", "none", "--analysis-processes", "1") as running:
        # A name of this machine that is no name of loopback: the browser treats it as another machine's.
        url = running.url.replace("127.0.0.1", "faces.test")
        flags = ALLOW_CAMERA, "--host-resolver-rules=MAP faces.test 127.0.0.1"
        async with open_page(url, flags=flags) as page:
            assert not await page.evaluate("isSecureContext")
            await expect(page.get_by_role("alert")).to_contain_text("https address of this page")
            await expect(page.get_by_role("button", name="Start camera")).to_be_disabled()
            # All of it is there to read.
            for width, height in ((320, 568), (360, 740), (740, 360)):
                await page.set_viewport_size({"width": width, "height": height})
                hidden = "(message) => message.scrollHeight - message.clientHeight"
                assert await page.locator(".message").evaluate(hidden) <= 0

            file = page.get_by_label("Use a video file")
            await file.set_input_files(media_dir / "single_face.mp4")
            await page.get_by_role("button", name="Not now").click()
            await expect(page.get_by_role("button", name="Start video file")).to_be_enabled()
            await page.get_by_role("button", name="Start video file").click()
            await page.get_by_role("button", name="I agree").click()
            await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)

            await page.get_by_role("button", name="Stop").click()
            await page.get_by_role("button", name="Use the camera instead").click()
            await expect(page.get_by_role("alert")).to_contain_text("https address of this page")


async def test_the_page_shows_that_a_canvas_cannot_be_captured(
    server_url: str, open_page: OpenPage, media_dir: Path
):
    script = "delete HTMLCanvasElement.prototype.captureStream;"
    async with open_page(server_url, script=script) as page:
        await page.get_by_label("Use a video file").set_input_files(media_dir / "single_face.mp4")
        await page.get_by_role("button", name="I agree").click()

        await expect(page.get_by_role("alert")).to_contain_text("only the camera may work")


# Firefox with privacy.resistFingerprinting returns noise until the person allows the page to read its canvas.
NOISE = """const read = CanvasRenderingContext2D.prototype.getImageData;
CanvasRenderingContext2D.prototype.getImageData = function (...place) {
  const image = read.apply(this, place);
  image.data.forEach((_, i) => (image.data[i] = (i * 97) % 256));
  return image;
};"""
# Other browsers change single bits, so that no two browsers draw the same image.
GRAIN = NOISE.replace("(i * 97) % 256", "image.data[i] ^ (i % 7 === 0)")


@pytest.mark.parametrize("source", ["camera", "clip"])
async def test_noise_instead_of_frames_is_reported_and_not_sent(
    server_url: str, open_page: OpenPage, media_dir: Path, source: str
):
    async with open_page(server_url, script=NOISE + NO_WEBRTC) as page:
        if source == "clip":
            await page.get_by_label("Use a video file").set_input_files(media_dir / "single_face.mp4")
            await page.get_by_role("button", name="I agree").click()
        else:
            await press_start(page)

        await expect(page.get_by_role("alert")).to_contain_text("hides the video from this page")
        await expect(page.locator("html")).to_have_attribute("data-state", "failed")


async def test_slight_noise_does_not_stop_the_frames(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=GRAIN + NO_WEBRTC) as page:
        await press_start(page)

        await expect_compatibility_mode(page, "This browser has no WebRTC")
