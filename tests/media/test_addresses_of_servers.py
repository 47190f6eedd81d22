"""What a program says about the address of a server that is wrong, and about a server that speaks otherwise."""

import asyncio

import pytest

from facestream.doctor.peer import peer_findings
from facestream.errors import ServerUnreachableError
from facestream.live.follow import follow_events
from facestream.messages.http import OfferBody
from facestream.replay.http import post_offer, rejection_of, server_url

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


async def test_no_program_repeats_a_password_in_the_address_of_a_server():
    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
    said = list[str]()
    for address in (f"http://anna:geheim@127.0.0.1:{port}", f"http://anna:geheim@127.0.0.1:{port}/faces"):
        with pytest.raises(ServerUnreachableError) as offered:
            await post_offer(server_url(address), OFFER)
        with pytest.raises(ServerUnreachableError) as followed:
            await anext(follow_events(address, "x", secret="s"))
        said += [
            str(offered.value),
            str(followed.value),
            str(rejection_of(server_url(address), 404, b"", "it")),
        ]
        said += [finding.as_text() async for finding in peer_findings(address)]
    for wrong in (
        "anna:geheim@127.0.0.1:8080",
        "ftp://anna:geheim@127.0.0.1",
        "http://anna:geheim@127.0.0.1:port",
    ):
        with pytest.raises(ServerUnreachableError) as rejected:
            server_url(wrong)
        said.append(str(rejected.value))

    assert all("127.0.0.1" in each or "server" in each for each in said)
    assert not [each for each in said if "geheim" in each or "anna" in each]
