"""The page behind a proxy that keeps the server under a path, as sites with one name and several services do."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web
from playwright.async_api import expect

from tests.browser.conftest import NO_WEBRTC, SOON_MS, OpenPage, chart_points, press_start, start
from tests.conftest import ROOT, running_server
from tests.times import seconds

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HOP = {"connection", "content-length", "transfer-encoding", "upgrade"}
Socket = web.WebSocketResponse | ClientWebSocketResponse
EXAMPLE = ROOT / "examples" / "embed"


@dataclass(slots=True)
class Proxy:
    """Hands on what comes under /face/, and keeps what was asked for."""

    server: str
    url: str = ""
    asked: list[str] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def hand_on(self, request: web.Request) -> web.StreamResponse:
        target = f"{self.server}/{request.match_info['rest']}"
        self.asked.append(f"{request.method} {request.path}")
        self.heard.set()
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in HOP and not name.startswith("Sec-WebSocket")
        }
        async with ClientSession(auto_decompress=False) as http:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await self._join(request, http, target, headers)
            async with http.request(
                request.method, target, headers=headers, data=await request.read()
            ) as answer:
                said = {name: value for name, value in answer.headers.items() if name.lower() not in HOP}
                return web.Response(status=answer.status, headers=said, body=await answer.read())

    async def _join(
        self, request: web.Request, http: ClientSession, target: str, headers: dict[str, str]
    ) -> web.StreamResponse:
        page = web.WebSocketResponse(max_msg_size=0)
        async with http.ws_connect(target, headers=headers, max_msg_size=0) as server:
            await page.prepare(request)
            async with asyncio.TaskGroup() as tasks:
                for source, sink in ((page, server), (server, page)):
                    tasks.create_task(_copy(source, sink))
        return page

    async def redirect(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPMovedPermanently(f"{request.path}/")


async def _copy(source: Socket, sink: Socket) -> None:
    async for message in source:
        if message.type is WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await sink.send_bytes(message.data)
    await sink.close()


@asynccontextmanager
async def proxied(server: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(server)
    app = web.Application()
    app.router.add_get("/face", proxy.redirect)
    app.router.add_route("*", "/face/{rest:.*}", proxy.hand_on)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0]
        proxy.url = f"http://{host}:{port}/face"
        yield proxy
    finally:
        await runner.cleanup()


@pytest.fixture(scope="module")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that asks nobody for a token: what comes through a proxy does not come from this machine."""
    with running_server(tmp_path_factory.mktemp("path") / "server.log", "--auth", "none") as running:
        yield running.url


# `open_page` asserts that a page asks for nothing that does not begin with its own address.


async def test_all_that_the_page_asks_for_is_under_its_path(server_url: str, open_page: OpenPage):
    async with proxied(server_url) as proxy, open_page(f"{proxy.url}/") as page:
        await start(page)
        await chart_points(page, 4)
        session = await page.locator("#session").text_content()
        await page.get_by_role("button", name="Stop").click()
        await expect(page.locator("html")).to_have_attribute("data-state", "stopped")
        await expect_asked(proxy, f"POST /face/sessions/{session}", "/bye")

        assert {"GET /face/config", "POST /face/offer", "GET /face/vendor/c3.min.js"} <= set(proxy.asked)


async def test_frames_go_under_the_path_too(server_url: str, open_page: OpenPage):
    async with proxied(server_url) as proxy, open_page(f"{proxy.url}/", script=NO_WEBRTC) as page:
        await press_start(page)

        await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)
        assert "GET /face/pictures" in proxy.asked
        await page.evaluate("document.getElementById('stop').click()")


async def test_an_address_without_its_slash_and_with_a_token_leads_to_the_page(
    server_url: str, open_page: OpenPage
):
    async with proxied(server_url) as proxy, open_page(f"{proxy.url}#token=a.b.c") as page:
        assert await page.evaluate("location.href") == f"{proxy.url}/"
        assert await page.evaluate("sessionStorage.getItem('facestream.token')") == "a.b.c"


@pytest.mark.parametrize("slash", ["", "/"])
async def test_another_page_names_the_path_to_the_peer(server_url: str, open_page: OpenPage, slash: str):
    async with proxied(server_url) as proxy, open_page(f"{proxy.url}/") as page:
        body = (EXAMPLE / "embed.js").read_text(encoding="utf-8").replace("'/js/", "'/face/js/")
        body = body.replace(
            "    onLost: (error) => (status.textContent = `lost: ${error.key} ${error.message}`),\n  });",
            f"    onLost: () => {{}},\n  }}, '{proxy.url}{slash}');",
        )
        await page.route("**/embed/index.html", lambda route: route.fulfill(path=EXAMPLE / "index.html"))
        await page.route(
            "**/embed/embed.js", lambda route: route.fulfill(body=body, content_type="text/javascript")
        )
        await page.goto(f"{proxy.url}/embed/index.html")

        await page.get_by_role("button", name="Start").click()

        await page.wait_for_function(
            "() => document.querySelector('video').videoWidth === 640", timeout=SOON_MS
        )
        assert "POST /face/offer" in proxy.asked


async def expect_asked(proxy: Proxy, *parts: str) -> None:
    async with asyncio.timeout(seconds(10)):
        while not any(all(part in asked for part in parts) for asked in proxy.asked):
            proxy.heard.clear()
            await proxy.heard.wait()
