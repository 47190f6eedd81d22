"""`python nat.py 10.0.0.1 10.0.0.2 50000-50007`: a 1:1 NAT of these UDP ports from the first address to the second."""

import asyncio
import sys
from typing import Any

Address = tuple[str, int]


class Back(asyncio.DatagramProtocol):
    """Returns the datagrams of the inner host to one outer host."""

    def __init__(self, outer: asyncio.DatagramTransport, peer: Address) -> None:
        self._outer, self._peer = outer, peer
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._outer.sendto(data, self._peer)


class Port(asyncio.DatagramProtocol):
    """One public port; each outer host gets its own socket towards the inner host."""

    def __init__(self, inner: Address) -> None:
        self._inner = inner
        self._ways: dict[Address, asyncio.Task[Any]] = {}
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        loop = asyncio.get_running_loop()
        if addr not in self._ways:
            made = loop.create_datagram_endpoint(lambda: Back(self._transport, addr), remote_addr=self._inner)
            self._ways[addr] = loop.create_task(made)
        way = self._ways[addr]
        way.add_done_callback(lambda done: done.result()[0].sendto(data))


async def main(outside: str, inside: str, ports: str) -> None:
    loop = asyncio.get_running_loop()
    first, last = map(int, ports.split("-"))
    for port in range(first, last + 1):
        await loop.create_datagram_endpoint(
            lambda port=port: Port((inside, port)),  # type: ignore[misc]
            local_addr=(outside, port),
        )
    sys.stdout.write("translates\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
