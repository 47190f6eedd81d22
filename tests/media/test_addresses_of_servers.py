"""What a headless peer says about an address that is wrong, and about a server that speaks otherwise."""

import asyncio

import pytest

from facestream.errors import ServerUnreachableError
from facestream.messages.http import OfferBody
from facestream.replay.http import post_offer, server_url

OFFER = OfferBody(sdp="v=0", type="offer")


async def answer_in_plain_text(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    writer.close()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.close()


@pytest.mark.parametrize("rest", ["/#token=abc.def", "/?view=compact&token=abc.def"])
def test_a_link_to_the_page_is_not_repeated(rest: str):
    with pytest.raises(ServerUnreachableError, match="--token-file") as rejected:
        server_url(f"http://127.0.0.1:8080{rest}")

    assert "abc.def" not in str(rejected.value)


async def test_https_to_a_server_without_it_says_so():
    async with await asyncio.start_server(answer_in_plain_text, "127.0.0.1", 0) as server:
        url = server_url(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(
            ServerUnreachableError, match=r"TLS failed: .*; if it serves no https, write http://"
        ):
            await post_offer(url, OFFER)


async def test_a_server_that_hangs_up_may_want_https():
    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        url = server_url(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(ServerUnreachableError, match="check http:// and https:// in --url"):
            await post_offer(url, OFFER)
