"""The examples in examples/embed: `<facestream-view>` and the page, in pages of this server and of another site."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page, Response, Route, expect

from facestream.messages.http import OWNER_HEADER
from tests.browser.conftest import NO_WEBRTC, SOON_MS, OpenPage, start, until
from tests.browser.test_for_everyone import violations
from tests.conftest import ROOT, RunningServer, running_server
from tests.guarded import Guarded

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

EXAMPLES = ROOT / "examples" / "embed"
NAMED_SERVER = "https://face.example.org"
SERVER = web.AppKey("server", list[str])
AGREE = "I agree, start the camera"
# Records what happens to the elements and what they send; runs before the page.
RECORD = """
window.happened = [];
window.sent = [];
for (const name of ['facestream-state', 'facestream-error'])
  addEventListener(name, ({ type, detail, target }) =>
    window.happened.push([target.id, type.slice(11), detail.state ?? detail.code]), true);
addEventListener('facestream-report', ({ detail }) => { window.report = detail; }, true);
addEventListener('facestream-marker', ({ detail }) => { window.marker = detail; }, true);
const send = RTCDataChannel.prototype.send;
RTCDataChannel.prototype.send = function (text) { window.sent.push(JSON.parse(text)); return send.call(this, text); };
const open = navigator.mediaDevices?.getUserMedia;
window.opened = 0;
if (open) navigator.mediaDevices.getUserMedia = function (wanted) {
  window.opened += 1;
  window.wanted = wanted.video;
  return open.call(this, wanted);
};
"""


@dataclass(frozen=True, slots=True)
class OtherSite:
    """A site that embeds the server's page and element, and a server that allows it to."""

    url: str
    server: RunningServer


async def serve_examples(page: Page, at: str, path: str = "") -> None:
    """Put the examples beside the server's page, as a proxy for both would."""

    async def fulfill(route: Route) -> None:
        file = EXAMPLES / route.request.url.rpartition("/")[2]
        kind = "text/html" if file.suffix == ".html" else "text/javascript"
        await route.fulfill(body=file.read_text().replace("'/js/", f"'{path}/js/"), content_type=kind)

    await page.route(f"{at}/embed/*", fulfill)


async def add_view(page: Page, url: str, attributes: str = "") -> None:
    """A page of the server's origin with one element."""
    body = (
        f'<!doctype html><title>x</title><script type="module" src="/js/element/facestream-view.js"></script>\
        <facestream-view id="a" {attributes}></facestream-view>'
    )
    await page.route("**/embed/one.html", lambda route: route.fulfill(body=body, content_type="text/html"))
    await page.goto(f"{url}/embed/one.html")
    await page.wait_for_function("Boolean(customElements.get('facestream-view'))")


async def expect_view_state(page: Page, state: str) -> None:
    await expect(page.locator("facestream-view")).to_have_attribute("data-state", state, timeout=SOON_MS)


async def test_the_example_starts_after_the_person_agreed_and_shows_what_the_events_say(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url, script=RECORD) as page:
        await serve_examples(page, server_url)
        await page.goto(f"{server_url}/embed/index.html")
        await expect(page.get_by_role("group", name="Video")).to_be_visible()
        assert await page.evaluate("opened") == 0

        await page.get_by_role("button", name=AGREE).click()

        await expect_view_state(page, "connected")
        await expect(page.locator("main > p[role=status]")).to_contain_text("happy", timeout=SOON_MS)
        await expect(page.locator("facestream-view").get_by_text("Happy")).to_be_visible(timeout=SOON_MS)
        await expect(page.locator("facestream-view [part=message]")).to_be_hidden()
        size = await page.evaluate(
            "(({ videoWidth: w, videoHeight: h }) => [w, h])"
            "(document.querySelector('facestream-view').shadowRoot.querySelector('video'))"
        )
        assert size == [640, 480]
        assert await page.evaluate("sent.find(({ type }) => type === 'layers')") == {
            "type": "layers",
            "layers": ["box", "label"],
        }
        assert await violations(page) == []

        await page.get_by_role("button", name="Stop").click()
        await expect_view_state(page, "stopped")
        states = [state for _, kind, state in await page.evaluate("happened") if kind == "state"]
        assert states == ["starting", "connecting", "waiting", "connected", "stopped"]
        assert await page.evaluate("document.querySelector('facestream-view').faces") == []


@pytest.mark.parametrize(("fps", "size"), [("-5", "640x-480"), ("Infinity", "1e400x480"), ("abc", "640")])
async def test_the_element_asks_for_the_defaults_instead_of_what_no_camera_has(
    server_url: str, open_page: OpenPage, fps: str, size: str
):
    async with open_page(server_url, script=RECORD) as page:
        await add_view(page, server_url, f'fps="{fps}" size="{size}"')

        await page.evaluate("document.getElementById('a').start()")

        wanted = await page.evaluate("window.wanted")
        assert wanted["frameRate"] == {"ideal": 30, "max": 30}
        assert wanted["width"] == {"ideal": 640}
        assert wanted["height"] == {"ideal": 480}


async def test_the_example_with_peer_js_alone_shows_the_annotated_frame(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await serve_examples(page, server_url)
        await page.goto(f"{server_url}/embed/peer.html")

        await page.get_by_role("button", name="Start").click()

        await page.wait_for_function(
            "() => document.querySelector('video').videoWidth === 640", timeout=SOON_MS
        )
        await expect(page.get_by_role("status")).to_contain_text("happy", timeout=SOON_MS)


async def test_the_report_and_the_faces_are_those_of_the_server(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=RECORD) as page:
        await add_view(page, server_url)

        await page.evaluate("a.start()")

        await page.wait_for_function("window.report?.faces.length === 1", timeout=SOON_MS)
        report = await page.evaluate("report")
        assert len(report["faces"][0]["probabilities"]) == 7
        assert {"seq", "pts", "fpsIn", "fpsOut", "dropped", "analysed", "ms"} <= report.keys()
        assert await page.evaluate("a.faces.length") == 1
        assert await page.evaluate("a.sessionId") != ""
        # Without `overlay`, the server draws what it draws by itself.
        assert await page.evaluate("sent.filter(({ type }) => type === 'layers')") == []


async def test_a_marker_of_a_program_is_an_event(server_url: str, open_page: OpenPage):
    answers: list[Response] = []
    async with open_page(server_url, script=RECORD) as page, aiohttp.ClientSession() as program:
        page.on("response", lambda got: answers.append(got) if got.url.endswith("/offer") else None)
        await add_view(page, server_url)
        await page.evaluate("a.start()")
        answer = await answers[-1].json()
        url, owner = f"{server_url}/sessions/{answer['session_id']}/markers", {OWNER_HEADER: answer["secret"]}

        async with program.post(url, json={"name": "cat 7"}, headers=owner) as marked:
            expected = await marked.json()

        await page.wait_for_function("window.marker", timeout=SOON_MS)
        # The id is for the program that adds a note to it later; the page's event says what the chart shows.
        assert await page.evaluate("marker") == {key: expected[key] for key in ("name", "note", "pts")}


async def test_overlay_and_mirror_change_while_the_video_runs(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=RECORD) as page:
        await add_view(page, server_url, "overlay='box'")
        await page.evaluate("a.start()")
        session = await page.evaluate("a.sessionId")

        await page.evaluate("a.setAttribute('overlay', 'points  label')")
        await page.evaluate("a.setAttribute('background', 'landmarks')")
        await page.evaluate("a.toggleAttribute('mirror')")

        # The server mirrors; the camera is not opened again.
        mirrors = "sent.filter(({ type }) => type === 'mirror').map(({ mirror }) => mirror)"
        assert await page.evaluate(mirrors) == [False, True]
        assert await page.evaluate("opened") == 1
        layers = await page.evaluate(
            "sent.filter(({ type }) => type === 'layers').map(({ layers }) => layers)"
        )
        assert layers == [["box"], ["points", "label"]]
        assert await page.evaluate("sent.find(({ type }) => type === 'view')") == {
            "type": "view",
            "view": "landmarks",
        }
        assert await page.evaluate("a.sessionId") == session
        assert await page.evaluate("a.state") == "connected"


async def test_two_elements_run_on_their_own_and_a_removed_one_ends(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=RECORD) as page:
        await add_view(page, server_url)
        await page.evaluate(
            "document.body.append(Object.assign(document.createElement('facestream-view'), { id: 'b' }))"
        )
        await page.evaluate("Promise.all([a.start(), b.start()])")
        assert await page.evaluate("a.sessionId !== b.sessionId")
        tracks = (
            "window.kept = a; window.camera = a.shadowRoot.querySelector('video').srcObject.getTracks()[0]"
        )
        await page.evaluate(tracks)

        # Moving an element is not removing it.
        await page.evaluate("document.body.append(b)")
        await page.evaluate("a.remove()")

        await page.wait_for_function("kept.state === 'stopped'", timeout=SOON_MS)
        assert await page.evaluate("b.state") == "connected"
        assert await page.evaluate("camera.readyState") == "ended"


async def test_a_start_that_is_stopped_at_once_opens_no_camera(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=RECORD) as page:
        await add_view(page, server_url)

        code = await page.evaluate(
            "(() => { const started = a.start(); a.stop(); return started.catch(({ code }) => code); })()"
        )
        await page.evaluate("fetch('/config')")
        await page.evaluate("a.start()")

        assert code == "stopped"
        assert await page.evaluate("opened") == 1


async def test_a_blocked_camera_is_an_error_with_a_code(server_url: str, open_page: OpenPage):
    async with open_page(server_url, flags=("--deny-permission-prompts",), script=RECORD) as page:
        await add_view(page, server_url)

        code = await page.evaluate("a.start().catch(({ code }) => code)")

        assert code == "denied"
        assert await page.evaluate("happened.at(-1)") == ["a", "error", "denied"]
        assert await page.evaluate("[a.state, a.error.temporary]") == ["failed", False]
        await expect(page.get_by_text("The camera is blocked")).to_be_visible(timeout=SOON_MS)


async def test_without_its_token_no_camera_opens_and_with_it_the_session_does(
    guarded: Guarded, open_page: OpenPage
):
    url, token = guarded.url, guarded.token
    async with open_page(url, script=RECORD) as page:
        await add_view(page, url)
        code = await page.evaluate("a.start().catch(({ code }) => code)")
        assert (code, await page.evaluate("opened")) == ("token_required", 0)
        assert await page.evaluate("happened") == [["a", "state", "failed"], ["a", "error", "token_required"]]

        code = await page.evaluate("a.token = 'wrong', a.start().catch(({ code }) => code)")
        assert (code, await page.evaluate("opened")) == ("token_wrong", 0)

        await page.evaluate("(token) => { a.token = token; return a.start(); }", token)

        assert await page.evaluate("a.state") == "connected"
        assert token not in await page.content()


async def test_a_token_that_was_set_before_the_module_loaded_is_used(guarded: Guarded, open_page: OpenPage):
    url, token = guarded.url, guarded.token
    async with open_page(url) as page:
        body = f"""<!doctype html><title>x</title><facestream-view id="a"></facestream-view>
          <script>a.token = {json.dumps(token)};</script>
          <script type="module" src="/js/element/facestream-view.js"></script>"""
        await page.route(
            "**/embed/one.html", lambda route: route.fulfill(body=body, content_type="text/html")
        )
        await page.goto(f"{url}/embed/one.html")

        await page.evaluate("customElements.whenDefined('facestream-view').then(() => a.start())")

        assert await page.evaluate("a.state") == "connected"


async def example(request: web.Request) -> web.Response:
    if request.path == "/favicon.ico":  # of which Chromium would report the absence as an error
        return web.Response(status=204)
    body = (EXAMPLES / request.match_info["name"]).read_text().replace(NAMED_SERVER, request.app[SERVER][0])
    return web.Response(text=body, content_type="text/html")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OtherSite]:
    """Another host name and port than the server's: another site in every browser."""
    app = web.Application()
    app[SERVER] = []
    app.router.add_get("/{name}", example)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://localhost:{runner.addresses[0][1]}"
        log = tmp_path_factory.mktemp("other") / "server.log"
        with running_server(log, "--allowed-origins", url, "--analysis-processes", "1") as server:
            app[SERVER].append(server.url)
            yield OtherSite(url, server)
    finally:
        await runner.cleanup()


async def test_the_element_works_in_a_page_of_an_allowed_origin(site: OtherSite, open_page: OpenPage):
    async with open_page(f"{site.url}/other-site.html", origins=(site.server.url,)) as page:
        await page.get_by_role("button", name=AGREE).click()

        await expect_view_state(page, "connected")
        await expect(page.locator("facestream-view").get_by_text("Happy")).to_be_visible(timeout=SOON_MS)
        async with page.expect_request(
            lambda sent: sent.url.startswith(site.server.url) and sent.url.endswith("/bye")
        ):
            await page.evaluate("document.querySelector('facestream-view').remove()")


async def test_the_compatibility_mode_works_from_an_allowed_origin(site: OtherSite, open_page: OpenPage):
    url = f"{site.url}/other-site.html"
    async with open_page(
        url, origins=(site.server.url, site.server.url.replace("http", "ws")), script=NO_WEBRTC
    ) as page:
        await page.get_by_role("button", name=AGREE).click()

        await expect_view_state(page, "connected")


@pytest.mark.parametrize("size", [(240, 360), (320, 420), (480, 270)])
async def test_the_compact_view_shows_video_word_and_bars_without_scrolling(
    server_url: str, open_page: OpenPage, size: tuple[int, int]
):
    width, height = size
    async with open_page(
        f"{server_url}/?view=compact", width=width, height=height, origins=(server_url,)
    ) as page:
        await start(page)
        await expect(page.locator("#verdict")).to_have_text("Happy", timeout=SOON_MS)

        for shown in (
            page.locator("#video"),
            page.locator("#verdict"),
            page.get_by_role("button", name="Stop"),
        ):
            await expect(shown).to_be_in_viewport(ratio=1)
        await expect(page.locator(".row:visible")).to_have_count(7)
        await expect(page.locator(".row:visible").last).to_be_in_viewport(ratio=1)
        for hidden in (".history", ".quality", "#open-settings", "#clip-label", "#record", "#snapshot"):
            await expect(page.locator(hidden)).to_be_hidden()
        assert await page.evaluate("document.documentElement.scrollWidth") == width
        assert await page.evaluate("document.documentElement.scrollHeight") == height
        assert await violations(page) == []
        await expect(page.get_by_role("link", name="Full page")).to_have_attribute("href", f"{server_url}/")
        await page.get_by_role("button", name="Stop").click()
        await expect(page.locator("#message-text")).to_contain_text("under “Sessions” on the full page.")


async def test_in_the_compact_view_the_consent_fits_the_window_and_its_buttons_are_visible(
    server_url: str, open_page: OpenPage
):
    async with open_page(f"{server_url}/?view=compact", width=240, height=240, origins=(server_url,)) as page:
        await page.get_by_role("button", name="Start").click()

        await expect(page.get_by_role("button", name="I agree")).to_be_in_viewport(ratio=1)
        assert await page.evaluate("document.documentElement.scrollWidth") == 240


async def test_the_compact_view_asks_for_the_token(guarded: Guarded, open_page: OpenPage):
    url, token = guarded.url, guarded.token
    async with open_page(f"{url}/?view=compact", width=240, height=360, origins=(url,)) as page:
        await page.get_by_role("button", name="Start").click()
        await page.get_by_role("dialog").get_by_label("Token").fill(token)
        await page.get_by_role("button", name="Continue").click()
        await page.get_by_role("button", name="I agree").click()

        await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)


async def test_a_page_of_an_allowed_origin_shows_the_page_in_a_frame(site: OtherSite, open_page: OpenPage):
    async with open_page(f"{site.url}/frame.html", origins=(site.server.url,)) as page:
        frame = page.frame_locator("iframe")
        await frame.get_by_role("button", name="Start").click()
        await frame.get_by_role("button", name="I agree").click()

        await expect(frame.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)
        await expect(frame.locator("#verdict")).to_have_text("Happy", timeout=SOON_MS)


async def test_a_page_of_another_origin_cannot_show_the_page_in_a_frame(site: OtherSite, open_page: OpenPage):
    # The same site at an address that the server does not know.
    stranger = f"{site.url.replace('localhost', '127.0.0.1')}/frame.html"
    async with open_page(stranger, origins=(site.server.url,), expect_errors="frame-ancestors") as page:
        await until(lambda: is_blocked(page))


async def is_blocked(page: Page) -> bool:
    """Chromium shows an error page of its own in the frame."""
    return any(frame.url.startswith("chrome-error:") for frame in page.frames)
