"""A flood of WebSocket control frames must not delay other tasks."""

import asyncio
from collections import deque

from aiohttp import WSMessage, WSMsgType, web

from facestream.web.jpeg_peers import WebSocketPeer

PINGS = 1000


class FloodedSocket(web.WebSocketResponse):
    """A socket that always has the next message and never waits."""

    def __init__(self, *messages: WSMessage) -> None:
        super().__init__(autoping=False)
        self._messages = deque(messages)
        self.pongs: list[bytes] = []

    async def receive(self, timeout: float | None = None) -> WSMessage:
        return self._messages.popleft()

    async def pong(self, message: bytes = b"") -> None:
        self.pongs.append(message)


async def test_a_flood_of_pings_is_answered_without_blocking_other_tasks():
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
