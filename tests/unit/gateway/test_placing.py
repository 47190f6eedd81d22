"""Which nodes are asked for a session, in which order, and what a peer that moves takes along."""

import time
from collections import deque

import pytest

from facestream.cluster.placement import Node
from facestream.gateway.cluster import Cluster
from facestream.gateway.node_client import NodeFailedError
from facestream.gateway.placing import Outcome, place
from facestream.messages.cluster import MovedBody
from facestream.web.problems import RejectedError
from tests.unit.gateway.fake_nodes import FakeClient, answer, cluster_of, info_of

TOKEN = f"n1.{'a' * 22}"
STATE = f"/node/states/{TOKEN}"


class Peer:
    """Asks nodes, whose answers a test gives by their ids: a status, a retry time, or a failure."""

    def __init__(self, **said: int | tuple[int, int] | NodeFailedError) -> None:
        self.said = said
        self.tried: list[str] = []

    async def __call__(self, node: Node) -> Outcome[str]:
        assert node.info is not None
        name = node.info.node
        self.tried.append(name)
        said = self.said[name]
        if isinstance(said, NodeFailedError):
            raise said
        status, retry_s = said if isinstance(said, tuple) else (said, 0)
        return Outcome(status, f"{name}.{'s' * 22}" if status == 200 else "", retry_s, name)


def cluster(client: FakeClient | None = None, **places: int) -> Cluster:
    infos = [info_of(name, count) for name, count in places.items()]
    return cluster_of(client or FakeClient(), *infos, at_s=time.monotonic())


def free(cluster: Cluster, name: str) -> int:
    node = cluster.fleet.named(name)
    assert node is not None
    return node.free


async def test_the_node_with_most_places_is_asked_and_a_place_is_reserved():
    nodes, peer = cluster(n1=2, n2=5), Peer(n2=200)

    outcome = await place(nodes, "offer", "", peer)

    assert (outcome.response, peer.tried) == ("n2", ["n2"])
    assert free(nodes, "n2") == 4


async def test_a_full_node_is_followed_by_others_and_keeps_no_reservation():
    nodes, peer = cluster(n1=5, n2=4), Peer(n1=503, n2=200)

    await place(nodes, "offer", "", peer)

    assert peer.tried == ["n1", "n2"]
    assert (free(nodes, "n1"), free(nodes, "n2")) == (5, 3)


async def test_the_smallest_retry_after_is_passed_on():
    peer = Peer(n1=(503, 9), n2=(503, 4), n3=(503, 0))

    outcome = await place(cluster(n1=3, n2=2, n3=1), "offer", "", peer)

    assert (outcome.response, outcome.retry_after_s) == ("n2", 4)


async def test_a_rejection_that_concerns_the_peer_is_passed_on_at_once():
    peer = Peer(n1=429, n2=200)

    outcome = await place(cluster(n1=3, n2=2), "offer", "", peer)

    assert (outcome.status, peer.tried) == (429, ["n1"])


async def test_a_node_that_fails_is_left_for_another_one():
    nodes, peer = cluster(n1=3, n2=2), Peer(n1=NodeFailedError("gone"), n2=200)

    outcome = await place(nodes, "offer", "", peer)

    assert outcome.response == "n2"
    assert free(nodes, "n1") == 3
    assert nodes.passed_on == {("offer", "failed"): 1, ("offer", "2xx"): 1}


async def test_without_any_node_the_peer_is_rejected_with_a_time():
    with pytest.raises(RejectedError, match="no server can take you now") as raised:
        await place(cluster(), "offer", "", Peer())

    assert (raised.value.status, raised.value.code) == (503, "no_node")
    assert raised.value.retry_after_s > 0


async def test_a_peer_resumes_at_its_node_even_if_others_have_more_places():
    client, peer = FakeClient(), Peer(n1=200)

    await place(cluster(client, n1=0, n2=5), "offer", TOKEN, peer)

    assert peer.tried == ["n1"]
    assert client.asked == []


def draining(client: FakeClient, *others: str) -> Cluster:
    infos = [info_of("n1", draining=True), *map(info_of, others)]
    return cluster_of(client, *infos, at_s=time.monotonic())


async def test_the_state_of_a_peer_moves_from_a_drained_node_to_the_one_that_serves_it():
    client = FakeClient(
        {
            f"GET http://n1{STATE}": deque([answer(200, b"state")]),
            f"PUT http://n2{STATE}": deque([answer(204)]),
            f"POST http://n1{STATE}/moved": deque([answer(204)]),
        }
    )
    nodes = draining(client, "n2")

    await place(nodes, "offer", TOKEN, Peer(n2=200))

    assert client.asked == [f"GET http://n1{STATE}", f"PUT http://n2{STATE}", f"POST http://n1{STATE}/moved"]
    assert client.bodies[1] == b"state"
    assert MovedBody.model_validate_json(client.bodies[2]).session_id == f"n2.{'s' * 22}"
    assert nodes.moved == {"with_state": 1}


async def test_the_session_goes_on_at_a_drained_node_if_no_other_admits_the_peer():
    client = FakeClient(
        {
            f"GET http://n1{STATE}": deque([answer(200, b"state")]),
            f"PUT http://n2{STATE}": deque([answer(204)]),
        }
    )

    outcome = await place(draining(client, "n2"), "offer", TOKEN, Peer(n2=(503, 5)))

    assert outcome.status == 503
    assert f"POST http://n1{STATE}/moved" not in client.asked


@pytest.mark.parametrize("said", [answer(404), NodeFailedError("gone")])
async def test_a_peer_without_a_state_begins_anew_at_another_node(said: NodeFailedError):
    client = FakeClient({f"GET http://n1{STATE}": deque([said])})
    nodes = draining(client, "n2")

    outcome = await place(nodes, "offer", TOKEN, Peer(n2=200))

    assert outcome.response == "n2"
    assert client.asked == [f"GET http://n1{STATE}"]
    assert nodes.moved == {"without_state": 1}


async def test_the_state_is_fetched_once_for_several_nodes():
    client = FakeClient(
        {
            f"GET http://n1{STATE}": deque([answer(200, b"state")]),
            f"PUT http://n2{STATE}": deque([answer(204)]),
            f"PUT http://n3{STATE}": deque([answer(204)]),
            f"POST http://n1{STATE}/moved": deque([answer(204)]),
        }
    )
    peer = Peer(n2=503, n3=503)

    await place(draining(client, "n2", "n3"), "offer", TOKEN, peer)

    assert sorted(peer.tried) == ["n2", "n3"]
    assert sum(said.startswith("GET") for said in client.asked) == 1
