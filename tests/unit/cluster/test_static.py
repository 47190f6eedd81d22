"""Where a gateway finds its nodes: addresses in the settings, and a name in DNS that is looked up again."""

import asyncio
import socket
from collections.abc import Sequence

import pytest

from facestream.cluster.membership import Nodes
from facestream.cluster.static import Fixed, Named, sources_of
from facestream.config import load_config
from facestream.errors import ConfigError
from tests.times import seconds

DEADLINE_S = seconds(5)


class Names:
    """DNS whose answers are known; the last one holds."""

    def __init__(self, *answers: Sequence[str] | OSError) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, name: str, port: int) -> Sequence[str]:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, OSError):
            raise answer
        return answer


def unknown() -> OSError:
    return socket.gaierror(socket.EAI_NONAME, "Name or service not known")


async def changes(source: Nodes, count: int) -> list[set[str]]:
    seen: list[set[str]] = []
    async with asyncio.timeout(DEADLINE_S):
        async for urls in source.watch():
            seen.append(set(urls))
            if len(seen) == count:
                break
    return seen


def named(names: Names) -> Named:
    return Named("dns+http://nodes.example:8080", names, every_s=0.0)


async def test_addresses_of_the_settings_are_known_at_once():
    (source,) = sources_of(load_config(nodes=["http://10.0.0.5:8080", "http://10.0.0.6:8080/"]))

    assert isinstance(source, Fixed)
    assert await changes(source, 1) == [{"http://10.0.0.5:8080", "http://10.0.0.6:8080"}]


async def test_each_address_of_a_name_is_a_node():
    assert await changes(named(Names(["10.0.0.5", "fd00::5"])), 1) == [
        {"http://10.0.0.5:8080", "http://[fd00::5]:8080"}
    ]


async def test_a_node_that_is_added_to_a_name_is_found():
    names = Names(["10.0.0.5"], ["10.0.0.5"], ["10.0.0.6", "10.0.0.5"])

    assert await changes(named(names), 2) == [
        {"http://10.0.0.5:8080"},
        {"http://10.0.0.5:8080", "http://10.0.0.6:8080"},
    ]
    assert names.asked == 3


async def test_a_failed_lookup_is_no_change_and_is_logged_once(caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO")
    names = Names(["10.0.0.5"], unknown(), unknown(), ["10.0.0.6"])

    assert await changes(named(names), 2) == [{"http://10.0.0.5:8080"}, {"http://10.0.0.6:8080"}]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_a_name_that_does_not_exist_yet_holds_nothing_up():
    assert await changes(named(Names(unknown(), ["10.0.0.5"])), 2) == [set(), {"http://10.0.0.5:8080"}]


def test_names_and_addresses_are_combined():
    kinds = [
        type(each) for each in sources_of(load_config(nodes="dns+http://a:1,http://b:2,dns+https://c:3"))
    ]

    assert kinds == [Fixed, Named, Named]


def test_a_gateway_without_nodes_says_what_is_expected():
    with pytest.raises(ConfigError, match=r"nodes: got none; expected .*--nodes http://") as raised:
        sources_of(load_config())

    assert raised.value.setting == "nodes"
