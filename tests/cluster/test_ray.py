"""A real Ray cluster: each machine gets its server, keeps it, and leaves nothing behind."""

from pathlib import Path

import pytest

from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from tests.cluster.conftest import (
    RayCluster,
    actor_of,
    descendants,
    is_running,
    kill,
    wait_gone,
    watching,
)

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def nodes(cluster: RayCluster) -> list[str]:
    """Three Ray nodes, whose servers run."""
    made = [cluster.add_node() for _ in range(3)]
    ended = cluster.run("up")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return made


def test_every_machine_with_the_resource_gets_a_server(cluster: RayCluster, nodes: list[str]):
    rows = cluster.status()

    assert rows.keys() == set(nodes)
    assert {row["state"] for row in rows.values()} == {"running"}
    assert len({row["url"] for row in rows.values()}) == 3
    assert len({row["node"]["node"] for row in rows.values()}) == 3
    assert all(row["node"]["places"] > 0 for row in rows.values())


async def test_a_killed_actor_takes_its_own_server_with_it_and_makes_a_new_one(
    cluster: RayCluster, nodes: list[str], media_dir: Path
):
    rows = cluster.wait_running(*nodes)
    hit, other, _ = rows.values()
    actor, below = actor_of(hit["pid"]), descendants(hit["pid"])
    options = ReplayOptions(media_dir / "single_face.mp4", other["url"], loop=True)
    async with watching(cluster) as watched, ReplayPeer(options) as peer:
        await peer.receive_reports(3)
        await watched.wait(lambda urls: len(urls) == 3)

        kill(actor)

        after = await watched.wait(lambda urls: len(urls) == 3 and hit["url"] not in urls)
        assert other["url"] in after
        assert all(other["url"] in urls for urls in watched.history)
        await peer.receive_reports(3)
        assert not peer.notices
    wait_gone({hit["pid"], actor, *below})
    new = cluster.wait_running(*nodes)[hit["id"]]
    assert new["node"]["node"] != hit["node"]["node"]
    assert is_running(other["pid"])


def test_a_killed_server_starts_again_and_the_reason_is_kept(cluster: RayCluster, nodes: list[str]):
    row = cluster.wait_running(*nodes)[nodes[0]]

    kill(row["pid"])

    ends = [row]
    while ends[-1]["pid"] == row["pid"] or ends[-1]["state"] != "running":
        ends.append(cluster.wait_running(*nodes)[nodes[0]])
        assert len(ends) < 20
    assert ends[-1]["error"] == "ended by signal 9"


def test_a_drained_node_stays_empty_until_up(cluster: RayCluster, nodes: list[str]):
    row = cluster.wait_running(*nodes)[nodes[1]]

    drained = cluster.run("drain", nodes[1][:8], "--deadline-s", "2")

    assert drained.returncode == 0, drained.stderr
    wait_gone({row["pid"]})
    assert cluster.status()[nodes[1]]["state"] == "empty"
    assert cluster.run("up").returncode == 0
    assert cluster.status()[nodes[1]]["state"] == "running"


def test_a_machine_whose_settings_do_not_fit_is_named_with_the_reason(cluster: RayCluster, nodes: list[str]):
    made = cluster.add_node(FACESTREAM_CLUSTER_SECRET=None)
    try:
        ended = cluster.run("up")

        assert ended.returncode == 1
        line = next(line for line in ended.stdout.splitlines() if line.startswith(made[:8]))
        assert "missing" in line
        assert "cluster_secret: got none on this machine" in line
    finally:
        cluster.kill_node(made)


def test_machines_with_different_secrets_are_named(cluster: RayCluster, nodes: list[str]):
    made = cluster.add_node(FACESTREAM_CLUSTER_SECRET="another secret, which is long enough, too")
    try:
        ended = cluster.run("up")

        assert "different cluster secrets" in ended.stderr
        assert made[:8] in ended.stderr
    finally:
        cluster.kill_node(made)


async def test_a_killed_raylet_ends_everything_on_its_machine_and_a_new_one_brings_it_back(
    cluster: RayCluster, nodes: list[str]
):
    async with watching(cluster) as watched:
        await watched.wait(lambda urls: len(urls) == 3)
        row = cluster.wait_running(*nodes)[nodes[2]]
        gone = {row["pid"], actor_of(row["pid"]), *descendants(row["pid"])}

        cluster.kill_node(nodes[2])

        wait_gone(gone)
        await watched.wait(lambda urls: len(urls) == 2)
        nodes[2] = cluster.add_node()
        await watched.wait(lambda urls: len(urls) == 3)


async def test_what_is_taken_down_stays_down(cluster: RayCluster, nodes: list[str]):
    rows = cluster.wait_running(*nodes)
    everything = {
        pid for row in rows.values() for pid in (row["pid"], actor_of(row["pid"]), *descendants(row["pid"]))
    }
    async with watching(cluster) as watched:
        await watched.wait(lambda urls: len(urls) == 3)

        down = cluster.run("down", "--deadline-s", "1")

        assert down.returncode == 0, down.stdout + down.stderr
        wait_gone(everything)
        await watched.wait(lambda urls: not urls)
        assert {row["state"] for row in cluster.status().values()} == {"missing"}
    assert cluster.run("up").returncode == 0


def test_without_a_media_node_the_resource_is_named(tmp_path: Path):
    from tests.cluster.conftest import running_cluster

    with running_cluster(tmp_path / "ray.log") as empty:
        ended = empty.run("status")

    assert ended.returncode == 2
    assert "facestream_media" in ended.stderr
    assert ended.stderr.count("\n") == 1
