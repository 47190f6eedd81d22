"""The page behind a proxy that serves it under a path."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web
from playwright.async_api import expect

from tests.browser.conftest import NO_WEBRTC, SOON_MS, OpenPage, chart_points, press_start, start
from tests.browser.test_embedding import AGREE, expect_view_state, serve_examples
from tests.conftest import running_server
from tests.times import seconds

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HOP = {"connection", "content-length", "transfer-encoding", "upgrade"}
Socket = web.WebSocketResponse | ClientWebSocketResponse


@dataclass(slots=True)
class Proxy:
    """Forwards requests under /face/ to the server and records them."""

    server: str
    url: str = ""
    requests: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def forward(self, request: web.Request) -> web.StreamResponse:
        target = f"{self.server}/{request.match_info['rest']}"
        self.requests.append(f"{request.method} {request.path}")
        self.arrived.set()
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
            ) as response:
                kept = {name: value for name, value in response.headers.items() if name.lower() not in HOP}
                return web.Response(status=response.status, headers=kept, body=await response.read())

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
    app.router.add_route("*", "/face/{rest:.*}", proxy.forward)
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
    """A server that requires no token, because requests through a proxy do not count as local."""
    with running_server(tmp_path_factory.mktemp("path") / "server.log", "--auth", "none") as running:
        yield running.url


# `open_page` asserts that every request of the page begins with the page's own address.


async def test_every_request_of_the_page_is_under_its_path(server_url: str, open_page: OpenPage):
    async with proxied(server_url) as proxy, open_page(f"{proxy.url}/") as page:
        await start(page)
        await chart_points(page, 4)
        session = await page.locator("#session").text_content()
        await page.get_by_role("button", name="Stop").click()
        await expect(page.locator("html")).to_have_attribute("data-state", "stopped")
        await expect_request(proxy, f"POST /face/sessions/{session}", "/bye")

        assert {"GET /face/config", "POST /face/offer", "GET /face/vendor/c3.min.js"} <= set(proxy.requests)


async def test_the_socket_for_frames_is_under_the_path(server_url: str, open_page: OpenPage):
    async with proxied(server_url) as proxy, open_page(f"{proxy.url}/", script=NO_WEBRTC) as page:
        await press_start(page)

        await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)
        assert "GET /face/pictures" in proxy.requests
        await page.evaluate("document.getElementById('stop').click()")


async def test_an_address_without_a_slash_and_with_a_token_opens_the_page(
    server_url: str, open_page: OpenPage
):
    async with proxied(server_url) as proxy, open_page(f"{proxy.url}#token=a.b.c") as page:
        assert await page.evaluate("location.href") == f"{proxy.url}/"
        assert await page.evaluate("sessionStorage.getItem('facestream.token')") == "a.b.c"


@pytest.mark.parametrize("slash", ["", "/"])
async def test_the_attribute_server_may_have_a_path(server_url: str, open_page: OpenPage, slash: str):
    with_path = "/face" + slash
    async with proxied(server_url) as proxy, open_page(f"{proxy.url}/") as page:
        await serve_examples(page, proxy.url, "/face")
        await page.goto(f"{proxy.url}/embed/index.html")
        await page.evaluate(
            "(at) => document.querySelector('facestream-view').setAttribute('server', at)", with_path
        )

        await page.get_by_role("button", name=AGREE).click()

        await expect_view_state(page, "connected")
        assert {"GET /face/config", "POST /face/offer"} <= set(proxy.requests)


async def expect_request(proxy: Proxy, *parts: str) -> None:
    async with asyncio.timeout(seconds(10)):
        while not any(all(part in request for part in parts) for request in proxy.requests):
            proxy.arrived.clear()
            await proxy.arrived.wait()
