"""The simulated network of the benchmarks, with real datagrams."""

import asyncio

from benchmarks.relay import LOOPBACK, NetworkConditions, open_link
from tests.times import seconds


class Inbox(asyncio.DatagramProtocol):
    """One end of the path; keeps what it receives."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.messages.put_nowait(data)


async def test_the_relay_forwards_datagrams_both_ways_and_blocks_on_request():
    loop = asyncio.get_running_loop()
    ends = [await loop.create_datagram_endpoint(Inbox, local_addr=(LOOPBACK, 0)) for _ in range(2)]
    (client, at_client), (server, at_server) = ends
    conditions = NetworkConditions(delay_s=0.005)
    link = await open_link(conditions, client.get_extra_info("sockname"), server.get_extra_info("sockname"))

    client.sendto(b"up", (LOOPBACK, link.client_side.port))
    up = await asyncio.wait_for(at_server.messages.get(), seconds(5))
    server.sendto(b"down", (LOOPBACK, link.server_side.port))
    down = await asyncio.wait_for(at_client.messages.get(), seconds(5))
    conditions.cut = True
    client.sendto(b"lost", (LOOPBACK, link.client_side.port))
    while not conditions.dropped:  # noqa: ASYNC110 - a dropped datagram sets no event
        await asyncio.sleep(0.005)

    assert (up, down) == (b"up", b"down")
    assert at_server.messages.empty()
    link.close()
    client.close()
    server.close()
