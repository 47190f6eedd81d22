"""What `facestream cluster` prints, and what it rejects before it asks Ray."""

import json
from dataclasses import replace

import pytest

from facestream.cli import cluster
from facestream.cli.main import main
from facestream.cluster.rows import NodeRow
from facestream.messages.cluster import NodeInfo

RUNNING = NodeRow(
    id="229b548f" + "0" * 48,
    name="229b548f",
    host="10.0.0.11",
    machine="media-1",
    state="running",
    url="http://10.0.0.11:8080",
    version="0.1.0",
    secret="11111111",
    pid=77,
    sessions_left=0,
    error="",
    node=NodeInfo(
        node="k7mx2q",
        version="0.1.0",
        sessions=4,
        max_sessions=8,
        places=2,
        frame_ms=11.04,
        fps=119.96,
        cores=2,
    ),
)
MISSING = NodeRow(
    id="8aceecb2" + "0" * 48,
    name="8aceecb2",
    host="10.0.0.12",
    machine="",
    state="missing",
    url="",
    version="",
    secret="",
    pid=0,
    sessions_left=0,
    error="cluster_secret: got none",
    node=None,
)


def test_the_table_has_a_line_for_each_node_with_what_it_says():
    _, running, missing = cluster.as_table([RUNNING, MISSING]).splitlines()

    assert running.split() == [
        "229b548f", "media-1", "(10.0.0.11:8080)", "running", "4", "2", "11.0", "120.0", "0.1.0",
    ]  # fmt: skip
    assert missing.split(maxsplit=3) == ["8aceecb2", "10.0.0.12", "missing", "cluster_secret: got none"]


def test_the_columns_stand_below_their_headings():
    heading, running, missing = cluster.as_table([RUNNING, MISSING]).splitlines()

    assert heading.index("STATE") == running.index("running") == missing.index("missing")
    assert heading.index("ERROR") == missing.index("cluster_secret")


def test_json_has_every_value():
    values = json.loads(json.dumps(RUNNING.to_json()))

    assert values["node"]["places"] == 2
    assert values["pid"] == 77


def test_machines_that_differ_are_named():
    other = replace(RUNNING, name="8aceecb2", secret="22222222", version="0.2.0")

    secrets, versions = cluster._complaints([RUNNING, other])

    assert "229b548f (11111111), 8aceecb2 (22222222)" in secrets
    assert "version" in versions


@pytest.mark.parametrize(
    "arguments",
    [
        "up --local 0",
        "up --local 9",
        "up --local x",
        "drain",
        "drain x --deadline-s -1",
        "down --deadline-s nan",
        "",
    ],
)
def test_a_wrong_argument_is_rejected(arguments: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(["cluster", *arguments.split()])

    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_a_port_without_the_try_out_is_rejected(capsys: pytest.CaptureFixture[str]):
    assert main(["cluster", "up", "--port", "9000"]) == 2
    assert "--local" in capsys.readouterr().err


def test_without_ray_the_command_that_installs_it_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    assert main(["cluster", "status"]) == 2
    assert "pip install" in capsys.readouterr().err
