"""`facestream cluster` with nodes that are named by their addresses: look at them, and drain them."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from tests.conftest import ROOT
from tests.media.clusters import RunningCluster, running_cluster
from tests.times import seconds

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Iterator[RunningCluster]:
    with running_cluster(folder, gateways=1) as running:
        yield running


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable, "-m", "facestream", "cluster", *arguments,
            "--cluster-secret-file", str(folder / "secret"),
        ],
        cwd=ROOT, capture_output=True, text=True, timeout=seconds(60), check=False,
    )  # fmt: skip


def named(cluster: RunningCluster) -> list[str]:
    return [part for node in cluster.nodes.values() for part in ("--nodes", node.url)]


def test_each_node_has_a_row_and_one_that_does_not_answer_has_the_reason(
    cluster: RunningCluster, folder: Path
):
    ended = command(folder, "status", "--json", *named(cluster), "--nodes", NOBODY)

    rows = {row["url"]: row for row in json.loads(ended.stdout)}
    assert ended.returncode == 0
    assert {row["name"] for row in rows.values()} == {"n1", "n2", NOBODY}
    assert rows[cluster.nodes["n1"].url]["state"] == "running"
    assert rows[cluster.nodes["n1"].url]["node"]["places"] > 0
    assert rows[NOBODY]["state"] == "silent"
    assert "refused" in rows[NOBODY]["error"]


def test_a_wrong_secret_is_named(cluster: RunningCluster, tmp_path: Path):
    (tmp_path / "secret").write_text("another secret that is long enough for it")

    ended = command(tmp_path, "drain", cluster.nodes["n1"].url)

    assert ended.returncode == 2
    assert "cluster_secret" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_node_that_nobody_knows_is_named_with_those_that_there_are(cluster: RunningCluster, folder: Path):
    ended = command(folder, "drain", "n7", *named(cluster))

    assert ended.returncode == 2
    # In the order of their ports, which are chance.
    assert "n1, n2" in ended.stderr or "n2, n1" in ended.stderr


async def test_a_drained_node_has_lost_its_peers_to_another(
    cluster: RunningCluster, folder: Path, media_dir: Path
):
    options = ReplayOptions(media_dir / "single_face.mp4", cluster.url, loop=True, token=cluster.peer_token)
    async with ReplayPeer(options) as peer:
        await peer.receive_frames(3)
        before = peer.session_id.partition(".")[0]

        ended = await asyncio.to_thread(
            command, folder, "drain", before, "--deadline-s", "30", *named(cluster)
        )

        assert ended.returncode == 0, ended.stderr
        assert "drained" in ended.stdout
        assert peer.session_id.partition(".")[0] != before
        await peer.receive_frames(3)
