"""What a peer sends over its WebSocket beside messages, and what it costs the others."""

import asyncio
import ssl
from collections import deque
from pathlib import Path

from aiohttp import WSMessage, WSMsgType, web

from facestream.credentials.certificates import make_certificate
from facestream.web.routes.jpeg_socket import WebSocketPeer, unsent_bytes

PINGS = 1000


class FloodedSocket(web.WebSocketResponse):
    """Has everything at hand: nothing in it waits."""

    def __init__(self, *messages: WSMessage) -> None:
        super().__init__(autoping=False)
        self._messages = deque(messages)
        self.pongs: list[bytes] = []

    async def receive(self, timeout: float | None = None) -> WSMessage:
        return self._messages.popleft()

    async def pong(self, message: bytes = b"") -> None:
        self.pongs.append(message)


async def test_a_flood_of_pings_is_answered_and_lets_the_others_have_their_turns():
    floods = [WSMessage(WSMsgType.PING, b"?", ""), WSMessage(WSMsgType.PONG, b"", "")] * PINGS
    socket = FloodedSocket(*floods, WSMessage(WSMsgType.TEXT, "hello", ""))
    receiving = asyncio.ensure_future(WebSocketPeer(socket, None).receive())
    turns = 0
    while not receiving.done():
        turns += 1
        await asyncio.sleep(0)

    assert receiving.result() == "hello"
    assert socket.pongs == [b"?"] * PINGS
    assert turns >= 2 * PINGS


async def test_a_tls_transport_that_was_closed_twice_holds_nothing_unsent(tmp_path: Path):
    made = make_certificate(tmp_path, ["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.cert, made.key)
    trusting = ssl.create_default_context(cafile=made.authority)
    unsent: asyncio.Queue[int] = asyncio.Queue()

    async def close_twice(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.close()
        writer.transport.close()
        unsent.put_nowait(unsent_bytes(writer.transport))

    async with (
        asyncio.timeout(10),
        await asyncio.start_server(close_twice, "127.0.0.1", 0, ssl=context) as server,
    ):
        port = server.sockets[0].getsockname()[1]
        _, client = await asyncio.open_connection(
            "127.0.0.1", port, ssl=trusting, server_hostname="localhost"
        )
        assert await unsent.get() == 0
        client.close()
