"""Ids of sessions: random, and with the node that made them in a cluster."""

import re

import pytest

from facestream.session_ids import NODE_ID, SESSION_ID, new_id, new_node_id, node_of


def test_without_a_cluster_an_id_names_no_node():
    made = new_id()

    assert SESSION_ID.fullmatch(made)
    assert node_of(made) == ""


def test_in_a_cluster_an_id_begins_with_its_node():
    made = new_id("a7")

    assert made.startswith("a7.")
    assert SESSION_ID.fullmatch(made)
    assert node_of(made) == "a7"


def test_ids_are_never_the_same():
    assert len({new_id("a") for _ in range(100)}) == 100


def test_a_random_node_id_is_a_node_id():
    assert all(re.fullmatch(NODE_ID, new_node_id()) for _ in range(100))


@pytest.mark.parametrize(
    "wrong", ["", "a7", "a7.", "A7." + 22 * "x", "a7." + 21 * "x", "../" + 22 * "x", "a.b." + 22 * "x"]
)
def test_what_is_no_id_names_no_node(wrong: str):
    assert node_of(wrong) == ""
