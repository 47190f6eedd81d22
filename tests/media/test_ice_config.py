"""Which clients get STUN and TURN servers from `GET /config`: others could use the relay for their own traffic."""

import base64
import hashlib
import hmac
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.conftest import running_server

SECRET, TOKEN = "north", "a-token-of-nobody-but-us"
TURN = "turn:turn.example.org?transport=tcp"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("relayed")
    (folder / "secret").write_text(f"{SECRET}\n")
    (folder / "tokens").write_text(f"{TOKEN}\n")
    with running_server(
        folder / "server.log", "--auth", "token", "--tokens-file", str(folder / "tokens"),
        "--page-ice-server", TURN, "--turn-secret-file", str(folder / "secret"), "--analysis-processes", "0",
    ) as running:  # fmt: skip
        yield running.url


async def ice_servers(url: str, token: str) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession(headers=headers) as http, http.get(f"{url}/config") as answer:
        servers: list[dict[str, Any]] = (await answer.json())["iceServers"]
        return servers


async def test_a_client_with_a_token_gets_a_credential_that_the_relay_accepts(url: str):
    servers = await ice_servers(url, TOKEN)

    digest = hmac.new(SECRET.encode(), servers[0]["username"].encode(), hashlib.sha1).digest()
    assert servers[0]["urls"] == [TURN]
    assert servers[0]["credential"] == base64.b64encode(digest).decode()


async def test_each_response_has_a_new_credential(url: str):
    first, second = await ice_servers(url, TOKEN), await ice_servers(url, TOKEN)

    assert first[0]["username"] != second[0]["username"]


async def test_the_secret_may_be_read_from_a_pipe(tmp_path: Path):
    # In a shell, `<(command)` is the file name of a pipe, which can be read only once.
    start = f'exec "$0" server.py "$@" --turn-secret-file <(echo {SECRET})'
    with running_server(
        tmp_path / "server.log", "--auth", "none", "--page-ice-server", TURN, "--analysis-processes", "0",
        program=("bash", "-c", start, sys.executable),
    ) as running:  # fmt: skip
        (offered,) = await ice_servers(running.url, "")

    digest = hmac.new(SECRET.encode(), offered["username"].encode(), hashlib.sha1).digest()
    assert offered["credential"] == base64.b64encode(digest).decode()


@pytest.mark.parametrize("token", ["", "a-guess"])
async def test_a_client_without_a_token_gets_no_relay(url: str, token: str):
    assert await ice_servers(url, token) == []
