"""Simulate a bad network between two peers: a UDP relay that drops, delays and blocks, and an HTTP proxy for the offer.

Counts what it drops; reads no packet.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import aiohttp
from aiohttp import web

LOOPBACK = "127.0.0.1"
Address = tuple[str, int]


@dataclass(slots=True)
class NetworkConditions:
    """What happens to every datagram, in both directions; may be changed at any time."""

    loss: float = 0.0
    """Share of datagrams that are dropped, 0..1."""
    delay_s: float = 0.0
    """Delay of the others, one way."""
    cut: bool = False
    """Whether all datagrams are dropped."""
    dice: random.Random = field(default_factory=lambda: random.Random(20))
    passed: int = 0
    dropped: int = 0

    def passes(self) -> bool:
        """Decide whether one datagram passes, and count it."""
        if self.cut or self.dice.random() < self.loss:
            self.dropped += 1
            return False
        self.passed += 1
        return True


class _Side(asyncio.DatagramProtocol):
    """One socket of a relay: datagrams received here are sent from the other socket to its peer."""

    def __init__(self, conditions: NetworkConditions, peer: Address) -> None:
        self._conditions = conditions
        self._peer = peer
        self._transport: asyncio.DatagramTransport | None = None
        self.other: _Side | None = None

    @property
    def port(self) -> int:
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # In Python 3.11, asyncio's datagram transport is not an asyncio.DatagramTransport, although it is used as one.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        other = self.other
        # Only from the peer on this side: stray datagrams of other sessions are not relayed.
        if other is None or addr[1] != self._peer[1] or not self._conditions.passes():
            return
        if self._conditions.delay_s:
            asyncio.get_running_loop().call_later(self._conditions.delay_s, other.send, data)
        else:
            other.send(data)

    def lead_to(self, peer: Address) -> None:
        """Set the peer on this side, if it was unknown when the socket was opened."""
        self._peer = peer

    def send(self, data: bytes) -> None:
        """Send to the peer on this side."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, self._peer)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


@dataclass(frozen=True, slots=True)
class Link:
    """Two sockets: the client gets the address of the first, the server that of the second."""

    client_side: _Side
    server_side: _Side

    def close(self) -> None:
        self.client_side.close()
        self.server_side.close()


def _returned(side: _Side) -> _Side:
    return side


async def open_link(conditions: NetworkConditions, client: Address, server: Address) -> Link:
    """Relay datagrams between these two."""
    loop = asyncio.get_running_loop()
    sides = []
    for peer in (client, server):
        side = _Side(conditions, peer)
        await loop.create_datagram_endpoint(partial(_returned, side), local_addr=(LOOPBACK, 0))
        sides.append(side)
    sides[0].other, sides[1].other = sides[1], sides[0]
    return Link(*sides)


def candidates_of(sdp: str) -> list[Address]:
    """The address of every candidate of a description."""
    words = [line.split() for line in sdp.splitlines() if line.startswith("a=candidate:")]
    return [(word[4], int(word[5])) for word in words]


def with_candidate(sdp: str, address: Address) -> str:
    """The description with that address in every candidate."""
    lines = []
    for line in sdp.splitlines():
        words = line.split()
        if line.startswith("a=candidate:"):
            words[4:6] = address[0], str(address[1])
            line = " ".join(words)
        lines.append(line)
    return "\r\n".join(lines) + "\r\n"


@contextlib.asynccontextmanager
async def bad_network(server_url: str, conditions: NetworkConditions) -> AsyncIterator[str]:
    """The URL at which peers reach the server through the simulated network."""
    links: list[Link] = []

    async def offer(request: web.Request) -> web.Response:
        body = await request.json()
        client = candidates_of(body["sdp"])[0]
        # The server's address is known from its answer, and its answer needs an offer with the relay's address.
        link = await open_link(conditions, client, (LOOPBACK, 9))
        links.append(link)
        body["sdp"] = with_candidate(body["sdp"], (LOOPBACK, link.server_side.port))
        async with aiohttp.ClientSession() as http, http.post(f"{server_url}/offer", json=body) as response:
            answer = await response.json()
        link.server_side.lead_to(candidates_of(answer["sdp"])[0])
        answer["sdp"] = with_candidate(answer["sdp"], (LOOPBACK, link.client_side.port))
        return web.Response(text=json.dumps(answer), content_type="application/json")

    async def leave(request: web.Request) -> web.Response:
        url = f"{server_url}/sessions/{request.match_info['id']}"
        async with aiohttp.ClientSession() as http, http.delete(url) as response:
            return web.Response(status=response.status)

    app = web.Application()
    app.add_routes([web.post("/offer", offer), web.delete("/sessions/{id}", leave)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, 0)
    await site.start()
    try:
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
        for link in links:
            link.close()
