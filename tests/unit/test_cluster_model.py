"""The simulated cluster: it counts right, the same seed gives the same figures, and placement holds under load."""

from typing import Any

import pytest

from benchmarks.cluster.policies import best_of, least_loaded, product, round_robin, uniform
from benchmarks.cluster.scenes import Axes, day, killed, upgrade
from benchmarks.cluster.world import LARGE, Cluster, Loop, Machine, Peer

SMALL = Axes(Machine(), 3, 2, load=0.5)


def test_events_happen_in_the_order_of_their_times():
    loop, seen = Loop(), list[str]()
    loop.after(2.0, seen.append, "late")
    loop.after(1.0, seen.append, "early")
    loop.after(1.0, seen.append, "second")

    loop.run(1.5)

    assert seen == ["early", "second"]
    assert loop.now_s == 1.5


def test_a_small_node_has_the_places_that_were_measured():
    # docs/performance.md: two cores, 9.5 ms a frame; 20 FPS for each peer.
    assert Cluster(Machine(), 1, 1, product).nodes[0].capacity == 9


@pytest.mark.parametrize("policy", [product, least_loaded, round_robin, uniform, best_of(2)])
def test_no_peer_is_lost_or_counted_twice(policy: Any):
    cluster = Cluster(Machine(), 3, 2, policy)
    for number in range(40):
        cluster.loop.after(number / 10, cluster.arrive, 1000.0)

    cluster.loop.run(900.0)

    # 27 places; the others wait, or have tried 24 times.
    assert sum(len(node.sessions) for node in cluster.nodes) == 27 == sum(cluster.counts.tries[:3])
    assert len({session.peer for node in cluster.nodes for session in node.sessions}) == 27
    assert cluster.counts.gave_up + cluster.counts.left_waiting <= 13


def test_the_same_seed_gives_the_same_figures():
    assert day(SMALL, product, 30.0) == day(SMALL, product, 30.0)


def test_an_event_in_a_large_cluster_is_admitted_at_the_first_node():
    found: dict[str, Any] = day(Axes(LARGE, 50, 16, 5.0, load=0.1), product, 80.0, event=2000)

    assert found["rejected"] == 0
    assert found["second_try"] + found["third_try"] < 0.01
    assert found["spread"] < 0.35


def test_the_peers_of_a_killed_node_are_back_and_no_others_are_touched():
    found: dict[str, Any] = killed(SMALL, product, 1)

    assert found["peers_touched"] > 0
    assert found["not_back_after_300_s"] == 0


def test_a_rolling_upgrade_ends_no_session():
    found: dict[str, Any] = upgrade(SMALL, product, 1, 60.0)

    assert found["ended_at_the_deadline"] == 0
    assert found["moves_of_a_peer"]["max"] >= 1


def test_a_moving_peer_keeps_its_old_session_until_the_new_one_has_media():
    cluster = Cluster(Machine(), 2, 1, product)
    peer = Peer(1000.0, 0.0)
    peer.session = cluster.nodes[0].add(peer, is_connecting=False)
    cluster.drain(cluster.nodes[0], 4.0)

    cluster.loop.run(0.1)
    during = [len(node.sessions) for node in cluster.nodes]
    cluster.loop.run(20.0)

    assert during == [1, 1]
    assert [len(node.sessions) for node in cluster.nodes] == [0, 1]
