"""Probing STUN and TURN servers: a real coturn on this machine, and addresses without one."""

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from facestream.ice.probe import IceOutcome, try_server, try_stun, try_turn
from facestream.ice.relays import IceServerChoice, as_rtc
from facestream.ice.servers import CredentialSource, IceServer, TurnCredentials, parse_ice_url, time_limited
from tests.net.coturn import COTURN_READY, SECRET, coturn_command, free_ports, make_certificate
from tests.net.hosts import started
from tests.times import seconds

PORT, TLS_PORT = free_ports(2)
UDP, TCP, TLS = (
    f"turn:127.0.0.1:{PORT}",
    f"turn:127.0.0.1:{PORT}?transport=tcp",
    f"turns:127.0.0.1:{TLS_PORT}",
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("turn") / "turn.pem", "127.0.0.1")


@pytest.fixture(scope="module", autouse=True)
def coturn(certificate: Path) -> Iterator[None]:
    command = coturn_command(certificate, "127.0.0.1", allowed=(), port=PORT, tls_port=TLS_PORT)
    with started(certificate.with_name("coturn.log"), *command, said=COTURN_READY):
        yield


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A UDP port that never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def server(url: str, credentials: TurnCredentials | None = None) -> IceServer:
    return IceServer(parse_ice_url(url), credentials or time_limited(SECRET, "test", 600))


@pytest.mark.parametrize("url", [UDP, TCP], ids=["udp", "tcp"])
async def test_a_server_that_relays_gives_an_address(url: str):
    outcome = await try_turn(server(url))

    assert outcome.works, outcome.failure
    assert outcome.address == "127.0.0.1"
    assert ": works (" in outcome.as_text()


async def test_turn_over_tls_works_with_a_trusted_certificate(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    outcome = await try_turn(server(TLS))

    assert outcome.works, outcome.failure


@pytest.mark.parametrize(
    ("url", "credentials", "said"),
    [
        (TLS, None, "certificate is not trusted"),
        (f"turns:127.0.0.1:{PORT}", None, "certificate is not trusted"),
        (UDP, time_limited("south", "test", 600), "rejects the credentials"),
        (UDP, time_limited(SECRET, "test", -60), "rejects the credentials"),
        (UDP, TurnCredentials(), "rejects the credentials"),
        ("turn:127.0.0.1:9?transport=tcp", None, "nothing listens on TCP port 9"),
        ("turn:nowhere.invalid", None, "the name nowhere.invalid is unknown"),
    ],
    # Without the ports, which differ between the processes of a run.
    ids=["self-signed", "not TLS", "wrong", "expired", "missing", "nothing listens", "unknown name"],
)
async def test_a_failed_probe_says_why_the_server_does_not_relay(
    url: str, credentials: TurnCredentials | None, said: str
):
    outcome = await try_turn(server(url, credentials))

    assert not outcome.works
    assert said in outcome.as_text()


async def test_a_dead_server_takes_no_longer_than_its_deadline(silent_port: int):
    began_s = time.monotonic()

    outcome = await try_turn(server(f"turn:127.0.0.1:{silent_port}"), deadline_s=0.5)

    assert "no answer within 0.5 s" in outcome.failure
    assert time.monotonic() - began_s < 1.0


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_allocations_are_released():
    before = open_files()

    for _ in range(5):
        await try_turn(server(UDP))
        await try_turn(server(TCP))

    assert open_files() <= before


async def test_a_stun_server_returns_our_address():
    outcome = await try_stun(server(f"stun:127.0.0.1:{PORT}"))

    assert outcome.address == "127.0.0.1"


async def test_a_dead_stun_server_is_reported(silent_port: int):
    outcome = await try_server(server(f"stun:127.0.0.1:{silent_port}"), deadline_s=0.3)

    assert "no answer" in outcome.failure


def relays(*urls: str, deadline_s: float = 0.5) -> IceServerChoice:
    return IceServerChoice(list(map(parse_ice_url, urls)), CredentialSource(secret=SECRET), deadline_s)


async def test_the_first_server_that_relays_is_used(silent_port: int):
    found = await relays(f"turn:127.0.0.1:{silent_port}", TLS, TCP, UDP).current()

    assert [each.url.text for each in found] == [TCP]


async def test_a_dead_server_is_probed_once_and_not_for_each_session(silent_port: int):
    several = relays(f"turn:127.0.0.1:{silent_port}", UDP)
    await asyncio.gather(*(several.current() for _ in range(5)))
    began_s = time.monotonic()

    await several.current()

    assert time.monotonic() - began_s < 0.05


async def test_each_session_gets_credentials_of_its_own():
    several = relays(UDP)

    first, second = as_rtc(await several.current()), as_rtc(await several.current())

    assert first[0].username != second[0].username


async def test_without_a_working_relay_a_session_gets_none(silent_port: int):
    several = relays(f"turn:127.0.0.1:{silent_port}", deadline_s=0.2)

    assert await several.current() == []
    assert "no answer" in several.failures


async def test_a_failed_server_is_replaced_after_check_again(monkeypatch: pytest.MonkeyPatch):
    probed: list[str] = []
    passed_over = asyncio.Event()

    async def serve_at_first_only(given: IceServer, deadline_s: float) -> IceOutcome:
        probed.append(given.url.text)
        if given.url.text == TCP:
            passed_over.set()
        dead = given.url.text == UDP and probed.count(UDP) > 1
        return IceOutcome(given.url, "", 0.0, "gone" if dead else "")

    monkeypatch.setattr("facestream.ice.relays.try_server", serve_at_first_only)
    several = relays(UDP, TCP, deadline_s=0.1)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(several.run())
        assert [each.url.text for each in await several.current()] == [UDP]

        several.check_again()
        await asyncio.wait_for(passed_over.wait(), seconds(5))
        await asyncio.sleep(0)  # until the probe has finished
        running.cancel()

    assert [each.url.text for each in await several.current()] == [TCP]
