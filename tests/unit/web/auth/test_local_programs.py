"""Which programs at the other end of a loopback connection are clients and which are relays, with a fake /proc."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from facestream.web.auth.local_programs import ProgramLookup, Programs, end_of
from tests.times import seconds

CLIENT, SERVER = ("127.0.0.1", 40000), ("127.0.0.1", 8080)
NOBODY = ("0.0.0.0", 0)
LISTENER = 1
Row = tuple[tuple[str, int], tuple[str, int], str]
IsClient = Callable[..., bool]


def written(end: tuple[str, int]) -> str:
    """An address and port as in /proc/net/tcp."""
    packed = ip_address(end[0]).packed
    words = (int.from_bytes(packed[i : i + 4], sys.byteorder) for i in range(0, len(packed), 4))
    return "".join(f"{word:08X}" for word in words) + f":{end[1]:04X}"


@pytest.fixture
def is_client(tmp_path: Path) -> IsClient:
    """Whether a process is a client if it has the connection to the server, as socket 100, and these others."""

    def ask(
        *others: Row,
        program: str = "curl",
        holders: tuple[int, ...] = (7,),
        client: tuple[str, int] = CLIENT,
        elsewhere: tuple[Row, ...] = (),
    ) -> bool:
        rows: list[Row] = [(SERVER, NOBODY, "0A"), (client, SERVER, "01"), *others, *elsewhere]
        inodes = [LISTENER, *range(100, 101 + len(others) + len(elsewhere))]
        lines = {"tcp": ["  sl  local_address ..."], "tcp6": ["  sl  local_address ..."]}
        for inode, (local, remote, state) in zip(inodes, rows, strict=True):
            ends = f"{written(local)} {written(remote)} {state}"
            table = lines["tcp6" if ":" in local[0] else "tcp"]
            table.append(
                f"   {inode}: {ends} 00000000:00000000 00:00000000 00000000  1000        0 {inode} 1 0000"
            )
        (tmp_path / "net").mkdir()
        for table_name, text in lines.items():
            (tmp_path / "net" / table_name).write_text("\n".join(text) + "\n")
        for holder in holders:
            folder = tmp_path / str(holder)
            (folder / "fd").mkdir(parents=True)
            (folder / "exe").symlink_to(f"/usr/bin/{program}")
            (folder / "fd" / "0").symlink_to("/dev/null")
            for number, inode in enumerate(inodes[1 : 2 + len(others)], 3):
                (folder / "fd" / str(number)).symlink_to(f"socket:[{inode}]")
        return Programs.look(tmp_path).is_not_a_relay(end_of(CLIENT), end_of(SERVER))

    return ask


def test_a_program_with_this_connection_only_is_a_client(is_client: IsClient):
    assert is_client()


def test_a_client_may_have_further_connections_to_the_server(is_client: IsClient):
    assert is_client((("127.0.0.1", 40001), SERVER, "01"), (("::1", 40002), ("::1", 8080), "01"))


def test_a_client_may_use_an_ipv4_mapped_address(is_client: IsClient):
    assert is_client(client=("::ffff:127.0.0.1", 40000))


@pytest.mark.parametrize(
    ("relay", "row"),
    [
        ("a proxy listens for others", (("0.0.0.0", 443), NOBODY, "0A")),
        ("a proxy listens on loopback", (("127.0.0.1", 3000), NOBODY, "0A")),
        ("a proxy listens on IPv6", (("::", 443), ("::", 0), "0A")),
        ("a tunnel is connected to its far end", (("192.0.2.7", 40001), ("203.0.113.9", 22), "01")),
        ("a tunnel is connected over IPv6", (("2001:db8::7", 40001), ("2001:db8::9", 22), "01")),
    ],
)
def test_a_program_that_listens_or_has_a_remote_connection_is_a_relay(
    is_client: IsClient, relay: str, row: Row
):
    assert not is_client(row), relay


@pytest.mark.parametrize(("state", "far_state"), [("01", "01"), ("08", "05")], ids=["open", "half closed"])
def test_a_forwarder_that_no_longer_listens_is_a_relay(is_client: IsClient, state: str, far_state: str):
    near, far = ("127.0.0.1", 3000), ("127.0.0.1", 50000)

    assert not is_client((near, far, state), elsewhere=((far, near, far_state),))


def test_a_connection_to_a_stopped_server_does_not_make_a_relay(is_client: IsClient):
    assert is_client((("127.0.0.1", 40001), ("127.0.0.1", 3000), "08"))


@pytest.mark.parametrize("program", ["chrome", "chromium", "firefox", "firefox-esr", "firefox-bin (deleted)"])
def test_a_browser_may_have_remote_connections(is_client: IsClient, program: str):
    assert is_client((("192.0.2.7", 40001), ("203.0.113.9", 443), "01"), program=program)


@pytest.mark.parametrize("program", ["chromedriver", "ssh", "nginx", "my-chrome", "firefox.sh"])
def test_a_program_with_a_similar_name_is_not_a_browser(is_client: IsClient, program: str):
    assert not is_client((("192.0.2.7", 40001), ("203.0.113.9", 443), "01"), program=program)


def test_a_program_that_cannot_be_inspected_is_not_a_client(is_client: IsClient):
    assert not is_client(holders=())


def test_all_programs_that_share_the_connection_are_checked(is_client: IsClient):
    assert is_client(holders=(7, 8))


def test_a_program_with_an_unlisted_connection_is_not_a_client(is_client: IsClient):
    assert not is_client(client=("127.0.0.1", 40005))


def test_without_a_list_of_connections_no_program_is_a_client(tmp_path: Path):
    assert not Programs.look(tmp_path).is_not_a_relay(end_of(CLIENT), end_of(SERVER))


def test_a_descriptor_that_is_closed_meanwhile_is_skipped(tmp_path: Path):
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text("")
    (tmp_path / "7" / "fd").mkdir(parents=True)
    os.mkfifo(tmp_path / "7" / "fd" / "3")

    assert not Programs.look(tmp_path).is_not_a_relay(end_of(CLIENT), end_of(SERVER))


async def test_simultaneous_requests_share_a_lookup_that_begins_after_they_arrive():
    looks = 0

    def look() -> Programs:
        nonlocal looks
        looks += 1
        return Programs.none()

    program_lookup = ProgramLookup(look)

    seen = await asyncio.gather(*(program_lookup.programs() for _ in range(200)))

    assert looks == 1
    assert len({id(each) for each in seen}) == 1


async def test_a_request_never_uses_a_lookup_that_began_before_it_arrived():
    began, go_on = threading.Event(), threading.Event()
    looks: list[Programs] = []

    def look() -> Programs:
        looks.append(Programs.none())
        began.set()
        assert go_on.wait(seconds(10))
        return looks[-1]

    program_lookup = ProgramLookup(look)
    first = asyncio.ensure_future(program_lookup.programs())
    await asyncio.to_thread(began.wait, 10)
    second = asyncio.ensure_future(program_lookup.programs())
    await asyncio.sleep(0)
    go_on.set()

    assert await first is looks[0]
    assert await second is looks[1]


async def test_further_requests_on_a_connection_need_no_lookup():
    class Connection:
        """A fake transport."""

    looks: list[Programs] = []

    def look() -> Programs:
        looks.append(Programs.none())
        return looks[-1]

    program_lookup = ProgramLookup(look)
    first, second = Connection(), Connection()

    for connection in (first, first, first, second):
        assert not await program_lookup.is_not_a_relay(connection, end_of(CLIENT), end_of(SERVER))

    assert len(looks) == 2


async def test_a_cancelled_lookup_is_repeated_for_the_next_request():
    program_lookup = ProgramLookup(Programs.none)
    given_up = asyncio.ensure_future(program_lookup.programs())
    await asyncio.sleep(0)
    given_up.cancel()

    async with asyncio.timeout(seconds(10)):
        assert await program_lookup.programs() == Programs.none()
