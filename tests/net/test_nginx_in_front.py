"""nginx in front of the server, as sites configure it: who needs a token, and a server below a path. No browser."""

import json
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from tests.guarded import Guarded, guarded_server
from tests.net.nginx import PORT, documented_block, running_nginx
from tests.times import seconds

SILENT = {
    "passes the client's Host": "proxy_set_header Host $http_host;",
    "passes the client's Host without port": "proxy_set_header Host $host;",
    "says nothing": "",
    "says only the scheme": "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https;",
    "adds a port to the address": "proxy_set_header X-Forwarded-For $remote_addr:$remote_port;",
    "hides the address": "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For unknown;",
}


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """The server behind nginx."""
    with guarded_server(tmp_path_factory.mktemp("behind")) as running:
        yield running


async def ask(url: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, object]]:
    async with aiohttp.ClientSession() as http, http.request(method, url, headers=headers) as answer:
        text = await answer.text()
        return answer.status, json.loads(text) if "json" in answer.content_type else {}


@pytest.mark.parametrize("lines", SILENT.values(), ids=SILENT)
async def test_clients_behind_nginx_need_a_token_whatever_their_host_header(
    behind: Guarded, tmp_path: Path, lines: str
):
    location = f"location / {{ proxy_http_version 1.1; {lines} proxy_pass {behind.url}; }}"
    block = f"server {{ listen 127.0.0.1:{PORT}; {location} }}"
    with running_nginx(tmp_path, block) as port:
        for host in ("faces.example.org", "localhost", "127.0.0.1", behind.url.removeprefix("http://")):
            url = f"http://127.0.0.1:{port}"
            _, config = await ask(f"{url}/config", Host=host)
            offered, _ = await ask(f"{url}/offer", "POST", Host=host)
            measured, _ = await ask(f"{url}/metrics", Host=host)

            assert (config["auth"], offered, measured) == ("token", 401, 401), host


@pytest.fixture(scope="module")
def below_a_path(behind: Guarded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server at /face/, as docs/deploy/nginx.md shows it."""
    folder = tmp_path_factory.mktemp("below")
    block = f"server {{ listen 127.0.0.1:{PORT}; {documented_block(1, folder, behind.url)} }}"
    with running_nginx(folder, block) as port:
        yield f"http://localhost:{port}/face"


async def test_every_route_answers_below_a_path(below_a_path: str):
    found = [
        (await ask(f"{below_a_path}{path}"))[0]
        for path in (
            "/",
            "/config",
            "/healthz",
            "/readyz",
            "/openapi.json",
            "/js/main.js",
            "/vendor/d3.min.js",
        )
    ]

    assert found == [200] * 7


async def test_the_path_without_its_trailing_slash_redirects_to_the_page(below_a_path: str):
    async with aiohttp.ClientSession() as http, http.get(below_a_path) as answer:
        assert (answer.status, str(answer.url)) == (200, f"{below_a_path}/")


async def test_a_peer_is_served_below_a_path(below_a_path: str, behind: Guarded, media_dir: Path):
    options = ReplayOptions(media_dir / "single_face.mp4", below_a_path, loop=True, token=behind.token)
    async with ReplayPeer(options) as peer:
        reports = await peer.receive_reports(5)

    assert reports[-1].analysed


async def test_the_compatibility_mode_is_served_below_a_path_to_its_own_page_only(
    below_a_path: str, behind: Guarded
):
    own = below_a_path.removesuffix("/face")
    async with aiohttp.ClientSession() as http:
        async with http.ws_connect(f"{below_a_path}/pictures", origin=own) as socket:
            await socket.send_json({"type": "open", "token": behind.token})
            assert (await socket.receive_json(timeout=seconds(10)))["type"] == "opened"
        with pytest.raises(aiohttp.WSServerHandshakeError) as rejected:
            await http.ws_connect(f"{below_a_path}/pictures", origin="https://evil.example")

    assert rejected.value.status == 403


async def test_the_documented_redirect_of_port_80_leads_to_the_same_page_over_https(tmp_path: Path):
    with running_nginx(tmp_path, documented_block(2, tmp_path, "")) as port:
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://localhost:{port}/face/?a=1", allow_redirects=False) as answer,
        ):
            found = answer.status, answer.headers["Location"]

    assert found == (301, "https://localhost/face/?a=1")


async def test_origins_are_checked_below_a_path(below_a_path: str):
    own = below_a_path.removesuffix("/face")

    statuses = [
        (await ask(f"{below_a_path}/offer", "POST", Origin=origin))[0]
        for origin in (own, "http://evil.example")
    ]

    assert statuses == [401, 403]


async def test_no_response_contains_an_absolute_path(below_a_path: str):
    """Links, redirects and the URLs in openapi.json stay below the path."""
    _, described = await ask(f"{below_a_path}/openapi.json")
    servers = described.get("servers", [])
    async with aiohttp.ClientSession() as http:
        answers = [
            await http.request(method, below_a_path + path, allow_redirects=False)
            for method in ("GET", "POST", "DELETE")
            for path in ("/", "/offer", "/sessions/x", "/nothing", "/js/main.js")
        ]

    assert isinstance(servers, list)
    assert not [server for server in servers if str(server["url"]).startswith("/")]
    assert not [
        answer.headers
        for answer in answers
        if {"Location", "Content-Location", "Link"} & answer.headers.keys()
    ]
