"""ICE gathering: which UDP ports are bound, and how long a dead STUN or TURN server may delay a session."""

import asyncio
import re
import socket
import time
from collections.abc import Iterator

import pytest
from aioice.turn import TurnClientTcpProtocol
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection

from facestream.aiortc_patches import close_peer_connection
from facestream.aiortc_patches.gathering import MAX_UNSENT_RELAY_BYTES
from facestream.aiortc_patches.settings import settings
from facestream.ice.addresses import offer_addresses


@pytest.fixture(autouse=True)
def on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    offer_addresses(("127.0.0.1",))
    monkeypatch.setattr(settings, "udp_ports", None)


@pytest.fixture
def silent_port() -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


async def offered_ports(*urls: str) -> list[int]:
    servers = [RTCIceServer(urls=url, username="a", credential="b") for url in urls]
    pc = RTCPeerConnection(RTCConfiguration(iceServers=servers))
    pc.createDataChannel("any")
    try:
        await pc.setLocalDescription(await pc.createOffer())
        return [int(port) for port in re.findall(r"127\.0\.0\.1 (\d+) typ host", pc.localDescription.sdp)]
    finally:
        await close_peer_connection(pc)


async def test_media_uses_only_ports_of_the_range(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settings, "udp_ports", range(52_000, 52_010))

    ports = [port for _ in range(4) for port in await offered_ports()]

    assert len(ports) == 4
    assert set(ports) <= set(range(52_000, 52_010))


async def test_a_port_in_use_is_skipped(monkeypatch: pytest.MonkeyPatch, silent_port: int):
    monkeypatch.setattr(settings, "udp_ports", range(silent_port, silent_port + 4))

    ports = [port for _ in range(4) for port in await offered_ports()]

    assert len(ports) == 4
    assert silent_port not in ports


async def test_without_a_free_port_in_the_range_no_candidate_is_offered(
    monkeypatch: pytest.MonkeyPatch, silent_port: int
):
    monkeypatch.setattr(settings, "udp_ports", range(silent_port, silent_port + 1))

    assert await offered_ports() == []


async def test_sockets_for_other_purposes_may_use_any_port(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settings, "udp_ports", range(52_000, 52_010))
    await offered_ports()

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    transport.close()

    assert port not in range(52_000, 52_010)


@pytest.mark.parametrize("kind", ["stun", "turn"])
async def test_a_dead_server_delays_a_session_by_two_seconds_at_most(kind: str, silent_port: int):
    began_s = time.monotonic()

    await offered_ports(f"{kind}:127.0.0.1:{silent_port}")

    assert time.monotonic() - began_s < 3.5  # aioice waits 5 s


@pytest.mark.parametrize(("first_byte", "sent"), [(0x40, 0), (0x00, 1)], ids=["media", "request"])
def test_on_a_congested_tcp_relay_media_is_dropped_and_requests_are_not(first_byte: int, sent: int):
    written: list[bytes] = []

    class FullStream(asyncio.Transport):
        def get_write_buffer_size(self) -> int:
            return MAX_UNSENT_RELAY_BYTES + 1

        def write(self, data: bytes | bytearray | memoryview) -> None:
            written.append(bytes(data))

    relay = TurnClientTcpProtocol(("192.0.2.1", 1), "a", "b", 600, 500)
    relay.transport = FullStream()

    relay._send(bytes([first_byte]) * 4)

    assert len(written) == sent
