"""Which node gets a new session: free places, reservations, and the nodes that get none."""

import random
from collections import Counter

from facestream.cluster.placement import SAMPLE, SUSPECT_AFTER_S, TRIES, Fleet, NodeState
from facestream.messages.cluster import NodeInfo


def info(node: str, places: int, **given: object) -> NodeInfo:
    known = {"version": "0.1.0", "sessions": 0, "max_sessions": 16, "frame_ms": 10, "fps": 0, "cores": 2}
    return NodeInfo.model_validate({**known, "node": node, "places": places, **given})


def fleet(*infos: NodeInfo, seed: int = 0) -> Fleet:
    made = Fleet("0.1.0", random.Random(seed))
    made.set_members(f"http://{each.node}" for each in infos)
    for each in infos:
        made.note_info(f"http://{each.node}", each, 100.0)
    return made


def states(made: Fleet, now_s: float = 100.0) -> dict[str, NodeState]:
    return {node.url: made.state(node, now_s) for node in made}


def urls(made: Fleet, now_s: float = 100.0) -> list[str]:
    return [node.url for node in made.to_try(now_s)]


def test_the_node_with_most_free_places_is_asked_first():
    assert urls(fleet(info("a", 1), info("b", 5), info("c", 3))) == ["http://b", "http://c", "http://a"]


def test_no_more_than_three_nodes_are_asked():
    assert len(urls(fleet(*(info(f"n{number}", 4) for number in range(9))))) == TRIES


def test_twelve_reserved_places_spread_evenly():
    made = fleet(info("a", 8), info("b", 8), info("c", 8))
    chosen: Counter[str] = Counter()

    for _ in range(12):
        url = urls(made)[0]
        made.reserve(url, 100.5)
        chosen[url] += 1

    assert sorted(chosen.values()) == [4, 4, 4]


def test_among_equal_nodes_gateways_choose_differently():
    infos = [info(f"n{number}", 4) for number in range(8)]

    assert len({urls(fleet(*infos, seed=seed))[0] for seed in range(40)}) > 4


def test_a_few_nodes_of_many_are_compared_so_that_gateways_do_not_all_choose_the_emptiest():
    infos = [info("empty", 60), *(info(f"n{number}", 10) for number in range(99))]

    firsts = Counter(urls(fleet(*infos, seed=seed))[0] for seed in range(500))

    assert firsts["http://empty"] / 500 < 3 * SAMPLE / 100
    assert len(firsts) > 50


def test_the_only_free_place_among_many_nodes_is_found():
    infos = [info("free", 1), *(info(f"n{number}", 0) for number in range(99))]

    assert {urls(fleet(*infos, seed=seed))[0] for seed in range(20)} == {"http://free"}


def test_a_node_is_found_by_the_id_that_it_has_now():
    made = fleet(info("a", 1), info("b", 5))

    made.note_info("http://a", info("c", 1), 101.0)

    assert made.named("a") is None
    assert (node := made.named("c")) is not None
    assert node.url == "http://a"


def test_a_reservation_ends_when_the_node_counts_its_sessions_again():
    made = fleet(info("a", 2), info("b", 1))
    made.reserve("http://a", 100.1)
    made.reserve("http://a", 100.9)

    made.note_info("http://a", info("a", 2), 100.5)

    assert [node.free for node in made] == [1, 1]


def test_an_older_answer_does_not_replace_a_newer_one():
    made = fleet(info("a", 2))

    made.note_info("http://a", info("a", 9), 99.0)

    assert [node.free for node in made] == [2]


def test_a_released_place_is_free_again():
    made = fleet(info("a", 2))
    made.reserve("http://a", 100.1)

    made.release("http://a")

    assert [node.free for node in made] == [2]


def test_a_full_node_is_asked_last_because_a_place_may_be_free_by_now():
    made = fleet(info("a", 0), info("b", 1))

    assert urls(made) == ["http://b", "http://a"]
    assert states(made)["http://a"] is NodeState.FULL


def test_a_failed_connection_makes_a_node_suspect_until_it_answers():
    made = fleet(info("a", 2), info("b", 1))
    made.note_failure("http://a")
    assert urls(made) == ["http://b"]

    made.note_info("http://a", info("a", 2), 101.0)

    assert urls(made) == ["http://a", "http://b"]


def test_a_silent_node_is_suspect():
    assert states(fleet(info("a", 2)), 100.1 + SUSPECT_AFTER_S) == {"http://a": NodeState.SUSPECT}


def test_of_a_thousand_nodes_none_is_suspect_because_it_is_asked_less_often():
    made = fleet(*(info(f"n{number}", 4) for number in range(1000)))

    assert made.ask_every_s == 5.0
    assert set(states(made, 100.0 + 2 * made.ask_every_s).values()) == {NodeState.READY}
    assert set(states(made, 100.1 + 3 * made.ask_every_s).values()) == {NodeState.SUSPECT}


def test_a_few_nodes_are_asked_each_second():
    assert fleet(info("a", 1), info("b", 1)).ask_every_s == 1.0


def test_nodes_that_get_no_new_sessions():
    made = fleet(
        info("a", 2, draining=True),
        info("b", 2, ready=False),
        info("c", 2, version="0.2.0"),
        info("d", 2, protocol=2),
        info("e", 2, version="0.1.7"),
    )

    assert urls(made) == ["http://e"]
    assert list(states(made).values()) == [
        NodeState.DRAINING,
        NodeState.UNREADY,
        NodeState.OTHER_VERSION,
        NodeState.OTHER_VERSION,
        NodeState.READY,
    ]


def test_of_two_nodes_with_one_id_the_first_one_counts():
    made = fleet(info("a", 2))
    made.set_members(["http://a", "http://b"])
    made.note_info("http://b", info("a", 5), 100.0)

    assert urls(made) == ["http://a"]
    assert states(made)["http://b"] is NodeState.SAME_ID


def test_a_named_node_is_asked_before_all_others():
    made = fleet(info("a", 1), info("b", 5))

    assert [node.url for node in made.to_try(100.0, made.named("a"))] == ["http://a", "http://b"]


def test_a_node_that_has_left_is_not_found_by_its_id():
    made = fleet(info("a", 1), info("b", 5))

    made.set_members(["http://b"])

    assert made.named("a") is None
    assert made.named("") is None
    assert len(made) == 1
