"""What a peer sends over its WebSocket beside messages, and what it costs the others."""

import asyncio
from collections import deque

from aiohttp import WSMessage, WSMsgType, web

from facestream.web.routes.jpeg_socket import WebSocketPeer

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
