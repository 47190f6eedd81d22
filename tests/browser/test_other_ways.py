"""Where WebRTC is not there or is refused, frames go over a WebSocket, at once and said as such."""

import contextlib
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

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
# Media are waited for this long before the page gives up; a refusal must not wait for it.
PATIENCE_MS = milliseconds(6000)
LISTEN = """
window.asked = 0;
if (navigator.mediaDevices) {
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (wish) => { window.asked += 1; return open(wish); };
}
window.sockets = 0;
const Socket = window.WebSocket;
window.WebSocket = class extends Socket { constructor(...given) { super(...given); window.sockets += 1; } };
"""


async def expect_pictures(page: Page, why: str) -> None:
    await expect(page.locator("#notice")).to_contain_text(why, timeout=PATIENCE_MS)
    await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)
    await expect(page.locator("#way")).to_be_visible()
    await expect(page.locator("#codec")).to_have_text("JPEG", timeout=SOON_MS)
    await expect(page.locator("#verdict")).to_have_text("Happy", timeout=SOON_MS)


@pytest.mark.parametrize(
    "script",
    [NO_WEBRTC, THROWS, STUB, NO_OFFER, NO_ANSWER],
    ids=["gone", "throws", "stub", "no offer", "no answer"],
)
async def test_a_browser_without_webrtc_sends_frames_one_by_one(
    server_url: str, open_page: OpenPage, script: str
):
    async with open_page(server_url, script=script) as page:
        await press_start(page)

        await expect_pictures(page, "This browser has no WebRTC")


async def test_a_clip_goes_that_way_too(server_url: str, open_page: OpenPage, media_dir: Path):
    async with open_page(server_url, script=NO_WEBRTC) as page:
        await page.get_by_label("Use a clip").set_input_files(media_dir / "single_face.mp4")
        await page.get_by_role("button", name="I agree").click()

        await expect_pictures(page, "This browser has no WebRTC")


def refusing(status: int, title: str, code: str = "") -> Callable[[Route], Awaitable[None]]:
    async def refuse(route: Route) -> None:
        problem = {"type": "about:blank", "title": title, "status": status, "detail": f"{title}, in words"}
        if code:
            problem["code"] = code
        await route.fulfill(status=status, body=json.dumps(problem), content_type="application/problem+json")

    return refuse


@pytest.mark.parametrize(
    ("status", "title", "code", "why"),
    [
        (400, "The offer cannot be served", "", "The server cannot handle this browser"),
        (413, "Request Entity Too Large", "", "The server cannot handle this browser"),
        (500, "Fault in the server", "", "The server cannot handle this browser"),
        (503, "No port", "no_media_port", "The server has no free port for video"),
    ],
)
async def test_a_refused_offer_is_no_refused_frame(
    server_url: str, open_page: OpenPage, status: int, title: str, code: str, why: str
):
    async with open_page(server_url, expect_errors=str(status)) as page:
        await page.route("**/offer", refusing(status, title, code))

        await press_start(page)

        await expect_pictures(page, why)


@pytest.mark.parametrize(
    ("status", "title", "said"),
    [
        (401, "Access token required", "Access token required"),
        (403, "Forbidden", "The server rejected the connection"),
        (429, "Too many sessions", "Too many sessions from your network"),
        (503, "The server is full", "The server is full"),
    ],
)
async def test_who_is_refused_as_such_is_not_sent_another_way(
    server_url: str, open_page: OpenPage, status: int, title: str, said: str
):
    async with open_page(server_url, expect_errors=str(status), script=LISTEN) as page:
        await page.route("**/offer", refusing(status, title))

        await press_start(page)

        await expect(page.locator("#message-title")).to_have_text(said)
        await expect(page.locator("#message-text")).to_contain_text(f"{title}, in words")
        assert await page.evaluate("window.sockets") == 0


async def test_a_server_without_room_for_media_serves_frames(tmp_path: Path, open_page: OpenPage):
    with contextlib.ExitStack() as held:
        ports = neighbours(held, 4)
        settings = "--udp-ports", f"{ports[0]}-{ports[-1]}", "--analysis-processes", "1"
        with running_server(tmp_path / "server.log", *settings) as running:
            async with open_page(running.url, expect_errors="503") as page:
                await press_start(page)

                await expect_pictures(page, "The server has no free port for video")


def neighbours(held: contextlib.ExitStack, count: int) -> list[int]:
    """UDP ports in a row that are taken until `held` is closed."""
    for first in range(47310, 47910, count):
        with contextlib.suppress(OSError), contextlib.ExitStack() as tried:
            for port in range(first, first + count):
                tried.enter_context(socket.socket(type=socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
            held.enter_context(tried.pop_all())
            return list(range(first, first + count))
    pytest.fail("no UDP ports in a row are free")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (NO_WEBRTC, "Allow WebRTC"),
        (THROWS, "WebRTC is switched off. This server accepts video over WebRTC only"),
    ],
    ids=["gone", "throws"],
)
async def test_where_there_is_no_other_way_the_person_is_told(
    tmp_path: Path, open_page: OpenPage, script: str, said: str
):
    settings = "--websocket-fallback", "false", "--analysis-processes", "1"
    with running_server(tmp_path / "server.log", *settings) as running:
        async with open_page(running.url, script=LISTEN + script) as page:
            await press_start(page)

            await expect(page.locator("#message-title")).to_have_text("This browser has no WebRTC")
            await expect(page.locator("#message-text")).to_contain_text(said)
            assert await page.evaluate("window.sockets") == 0
            # The camera is not opened in vain where that is known before.
            assert await page.evaluate("window.asked") == (script == THROWS)


NO_DEVICES = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });"


@pytest.mark.parametrize(
    ("script", "said"),
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
async def test_a_browser_that_gives_no_camera_is_told_the_true_reason(
    server_url: str, open_page: OpenPage, media_dir: Path, script: str, said: str, webrtc: str
):
    async with open_page(server_url, script=script + webrtc) as page:
        await press_start(page)

        await expect(page.get_by_role("alert")).to_contain_text(said)
        # A clip needs no camera and no secure address.
        await page.get_by_label("Use a clip").set_input_files(media_dir / "single_face.mp4")
        await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)


async def test_a_browser_that_makes_no_video_of_a_canvas_is_told_so(
    server_url: str, open_page: OpenPage, media_dir: Path
):
    script = "delete HTMLCanvasElement.prototype.captureStream;"
    async with open_page(server_url, script=script) as page:
        await page.get_by_label("Use a clip").set_input_files(media_dir / "single_face.mp4")
        await page.get_by_role("button", name="I agree").click()

        await expect(page.get_by_role("alert")).to_contain_text("cannot capture video from a canvas")


# Firefox with privacy.resistFingerprinting gives a page noise until the person allows it to read its canvas.
NOISE = """const read = CanvasRenderingContext2D.prototype.getImageData;
CanvasRenderingContext2D.prototype.getImageData = function (...place) {
  const image = read.apply(this, place);
  image.data.forEach((_, i) => (image.data[i] = (i * 97) % 256));
  return image;
};"""
# And others change a bit here and there, so that no two browsers draw alike.
GRAIN = NOISE.replace("(i * 97) % 256", "image.data[i] ^ (i % 7 === 0)")


@pytest.mark.parametrize("source", ["camera", "clip"])
async def test_noise_instead_of_frames_is_told_and_not_sent(
    server_url: str, open_page: OpenPage, media_dir: Path, source: str
):
    async with open_page(server_url, script=NOISE + NO_WEBRTC) as page:
        if source == "clip":
            await page.get_by_label("Use a clip").set_input_files(media_dir / "single_face.mp4")
            await page.get_by_role("button", name="I agree").click()
        else:
            await press_start(page)

        await expect(page.get_by_role("alert")).to_contain_text("blocks access to the canvas")
        await expect(page.locator("html")).to_have_attribute("data-state", "failed")


async def test_a_grain_of_noise_does_not_keep_frames_back(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=GRAIN + NO_WEBRTC) as page:
        await press_start(page)

        await expect_pictures(page, "This browser has no WebRTC")
