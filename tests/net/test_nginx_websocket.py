"""Compatibility mode through Debian's nginx over HTTPS, configured as in docs/deploy/nginx.md; Chromium uses no UDP."""

import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import av
import pytest
from playwright.async_api import Page, expect

from benchmarks.chromium import ALLOW_CAMERA
from tests.browser.conftest import (  # noqa: F401 - fixtures
    SCREENSHOTS,
    SOON_MS,
    OpenPage,
    browsers,
    camera_file,
    chart_points,
    close_settings,
    open_page,
    open_settings,
    press_start,
    start,
)
from tests.conftest import RunningServer, running_server
from tests.net.nginx import documented_block, running_nginx

pytestmark = pytest.mark.asyncio(loop_scope="session")

NO_UDP = (ALLOW_CAMERA, "--webrtc-ip-handling-policy=disable_non_proxied_udp", "--ignore-certificate-errors")
# Replaces the addresses in the server's answer by unreachable ones (TEST-NET-1), as if a firewall dropped UDP.
DROPPED_UDP = """
  const set = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
    return set.call(this, { type, sdp: sdp.replace(/^(a=candidate:\\S+ \\d udp \\d+) \\S+/gm, '$1 192.0.2.1') });
  };
"""
# Counts the pixels of the shown frame that have the blue of the first face's box, within JPEG's error.
BOX_PIXELS = """() => {
  const video = document.getElementById('video');
  const { videoWidth: width, videoHeight: height } = video;
  if (!width) return 0;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let i = 0; i < data.length; i += 4)
    if (Math.abs(data[i] - 86) < 40 && Math.abs(data[i + 1] - 200) < 40 && data[i + 2] > 215) found += 1;
  return found;
}"""


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The server behind nginx; test_nginx_in_front.py tests who needs a token."""
    log = tmp_path_factory.mktemp("behind") / "server.log"
    with running_server(log, "--auth", "none") as running:
        yield running


@pytest.fixture(scope="module")
def nginx_url(behind: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """nginx with the first block of docs/deploy/nginx.md and a self-signed certificate."""
    folder = tmp_path_factory.mktemp("nginx")
    certificate(folder)
    with running_nginx(folder, documented_block(0, folder, behind.url)) as port:
        yield f"https://localhost:{port}"


def certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip


async def expect_an_annotated_face(page: Page) -> None:
    await page.wait_for_function(f"() => ({BOX_PIXELS})() > 500", timeout=SOON_MS)
    await expect(page.locator("#face")).to_have_attribute("data-label", re.compile("."), timeout=SOON_MS)
    await chart_points(page, 4)


async def test_chromium_without_udp_falls_back_and_shows_the_annotated_face(
    nginx_url: str,
    open_page: OpenPage,  # noqa: F811
):
    async with open_page(nginx_url, flags=NO_UDP) as page:
        await start(page)

        await expect_an_annotated_face(page)

        await expect(page.get_by_text("Compatibility mode", exact=True)).to_be_visible()
        await expect(page.locator("#codec")).to_have_text("JPEG", timeout=SOON_MS)
        await expect(page.locator("#delay")).to_contain_text("ms", timeout=SOON_MS)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / "compatibility_mode.png")


async def test_if_udp_is_dropped_the_page_falls_back_within_seconds(nginx_url: str, open_page: OpenPage):  # noqa: F811
    flags = (ALLOW_CAMERA, "--ignore-certificate-errors")
    async with open_page(nginx_url, flags=flags, script=DROPPED_UDP) as page:
        began_s = time.monotonic()
        await start(page)

        await expect(page.get_by_text("Compatibility mode", exact=True)).to_be_visible()
        assert time.monotonic() - began_s < 15


async def test_every_control_of_the_page_works_in_compatibility_mode(nginx_url: str, open_page: OpenPage):  # noqa: F811
    async with open_page(nginx_url, flags=NO_UDP) as page:
        await start(page)

        await open_settings(page)
        await page.get_by_label("Box", exact=True).uncheck()
        await page.get_by_label("Points only").check()
        await expect(page.locator("#layers")).to_have_attribute("data-in-force", "hulls label stats")
        await expect(page.locator("#backgrounds")).to_have_attribute("data-in-force", "landmarks")
        await close_settings(page)
        async with page.expect_download() as snapshot:
            await page.get_by_role("button", name="Snapshot").click()
        assert (await snapshot.value).suggested_filename.endswith(".png")
        await page.get_by_role("button", name="Record").click()
        await expect(page.get_by_role("button", name="Stop recording")).to_contain_text("0:02")
        async with page.expect_download() as recording:
            await page.get_by_role("button", name="Stop recording").click()
        with av.open(str(await (await recording.value).path())) as video:
            # How many there are in two seconds depends on the machine.
            assert sum(1 for _ in video.decode(video=0)) > 1

        await page.get_by_role("button", name="Stop").click()
        await expect(page.get_by_text("Compatibility mode", exact=True)).to_be_hidden()
        await expect(page.locator("#state")).to_contain_text("Stopped")


async def test_a_lost_socket_is_reopened_and_the_counters_continue(
    nginx_url: str,
    behind: RunningServer,
    open_page: OpenPage,  # noqa: F811
):
    # Closes the socket without notice, as a change of network does.
    script = """
      const Real = WebSocket;
      window.sockets = [];
      window.WebSocket = class extends Real { constructor(...given) { super(...given); sockets.push(this); } };
    """
    async with open_page(nginx_url, flags=NO_UDP, script=script) as page:
        await start(page)
        await chart_points(page, 4)
        before = int(await page.evaluate("document.documentElement.dataset.frame"))

        await page.evaluate("sockets[0].close()")

        await page.wait_for_function("() => sockets.length > 1", timeout=SOON_MS)
        await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)
        await page.wait_for_function(
            "(n) => Number(document.documentElement.dataset.frame) > n", arg=before, timeout=SOON_MS
        )
        await expect(page.get_by_text("Compatibility mode", exact=True)).to_be_visible()


async def test_nginx_forwards_the_socket_of_a_program(nginx_url: str):
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{nginx_url}/pictures", ssl=trusting) as peer,
    ):
        await peer.send_json({"type": "open"})

        assert (await peer.receive_json())["type"] == "opened"


async def test_pressing_start_tries_webrtc_again(server_url: str, open_page: OpenPage):  # noqa: F811
    # Prevents the first connection, but not the second.
    script = f"""
      {DROPPED_UDP}
      const patched = RTCPeerConnection.prototype.setRemoteDescription;
      let calls = 0;
      RTCPeerConnection.prototype.setRemoteDescription = function (answer) {{
        return (calls++ ? set : patched).call(this, answer);
      }};
    """
    async with open_page(server_url, flags=(ALLOW_CAMERA,), script=script) as page:
        await start(page)
        await expect(page.get_by_text("Compatibility mode", exact=True)).to_be_visible()
        await page.get_by_role("button", name="Stop").click()

        await press_start(page)

        await expect(page.locator("#codec")).to_have_text(re.compile("VP8|H264"), timeout=SOON_MS)
        await expect(page.get_by_text("Compatibility mode", exact=True)).to_be_hidden()
