"""What an operator does with the nodes of a Ray cluster: start, look, drain, end. For a process that is connected."""

import time
from collections.abc import Callable
from typing import Any

from facestream.cluster.ray.names import RESOURCE, ServerState
from facestream.cluster.ray.reconcile import ANSWER_LIMIT_S, Actors, RayNode, media_nodes
from facestream.cluster.rows import MISSING, SILENT, NodeRow
from facestream.errors import ConfigError, FacestreamError
from facestream.messages.cluster import NodeInfo

START_LIMIT_S = 90.0
"""A server reads its models and starts its analysis processes."""
DESCRIBE_LIMIT_S = 15.0
"""A machine that is asked for the first time starts a Python process and imports facestream."""
STOP_LIMIT_S = 45.0
"""Beyond the time of a drain: for the end of the server itself."""
LOOK_EVERY_S = 0.5


class NoMediaNodeError(FacestreamError):
    """The Ray cluster has no node that is to have a server."""

    code = "no_media_node"


def rows(actors: Actors, nodes: list[RayNode]) -> list[NodeRow]:
    """All machines that are to have a server, and how they are."""
    answers = actors.call("info")
    return [_row(node, answers.get(node.id), actors.problems.get(node.id, "")) for node in nodes]


def find_nodes() -> list[RayNode]:
    """The machines that are to have a server. Raises NoMediaNodeError if there is none."""
    nodes = media_nodes()
    if not nodes:
        raise NoMediaNodeError(
            f"no machine of the Ray cluster has the resource {RESOURCE}; expected one that was started with "
            f"`ray start --address=HEAD:6379 --resources='{{\"{RESOURCE}\": 1}}'`"
        )
    return nodes


def look() -> list[NodeRow]:
    """How the machines are; makes nothing."""
    nodes, actors = find_nodes(), Actors()
    actors.find(nodes)
    actors.diagnose(nodes, DESCRIBE_LIMIT_S)
    return rows(actors, nodes)


def bring_up(progress: Callable[[str], None]) -> list[NodeRow]:
    """Make the actors that are missing, start the servers that were drained, and wait until all serve or fail."""
    nodes, actors = find_nodes(), Actors()
    actors.reconcile(nodes, DESCRIBE_LIMIT_S, again=True)
    actors.call("start")
    said = ""
    ends_s = time.monotonic() + START_LIMIT_S
    while True:
        found = rows(actors, nodes)
        waiting = [row for row in found if row.state in {ServerState.STARTING, SILENT}]
        if not waiting or time.monotonic() > ends_s:
            return found
        text = f"waiting for {len(waiting)} of {len(found)} nodes"
        if text != said:
            progress(text)
            said = text
        time.sleep(LOOK_EVERY_S)


def drain(wanted: str, deadline_s: float, progress: Callable[[str], None]) -> NodeRow:
    """Move the peers of one node away, then stop its server; it stays empty. Raises ConfigError if there is none."""
    nodes, actors = find_nodes(), Actors()
    actors.find(nodes)
    row = _named(wanted, rows(actors, nodes))
    if row.state in {MISSING, SILENT}:
        raise ConfigError(f"node {row.name} on {row.host} is {row.state}; expected one that runs")
    node = next(node for node in nodes if node.id == row.id)
    return _drain(actors, [node], deadline_s, progress)[0]


def take_down(deadline_s: float, progress: Callable[[str], None]) -> list[NodeRow]:
    """Drain all nodes at once, and end their actors; returns those whose server has not ended in time."""
    nodes, actors = find_nodes(), Actors()
    actors.find(nodes)
    left = []
    for row in _drain(actors, nodes, deadline_s, progress):
        if row.state in {ServerState.EMPTY, MISSING}:
            actors.end(row.id)
        else:
            left.append(row)
    return left


def _drain(
    actors: Actors, nodes: list[RayNode], deadline_s: float, progress: Callable[[str], None]
) -> list[NodeRow]:
    for node in nodes:
        actors.call("drain", deadline_s, only=node.id)
    said = ""
    ends_s = time.monotonic() + deadline_s + STOP_LIMIT_S
    while True:
        found = rows(actors, nodes)
        busy = [row for row in found if row.state not in {ServerState.EMPTY, MISSING}]
        if not busy or time.monotonic() > ends_s:
            return found
        peers = sum(row.sessions_left for row in busy)
        text = f"{len(busy)} of {len(found)} nodes to stop; sessions left: {peers}"
        if text != said:
            progress(text)
            said = text
        time.sleep(LOOK_EVERY_S)


def _named(wanted: str, found: list[NodeRow]) -> NodeRow:
    """The node that a person means: by its name, the id of its server, its host name or address."""
    fitting = [
        row
        for row in found
        if wanted
        in {row.name, row.id, row.host, row.machine, row.node.node if row.node is not None else None}
    ]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(row.name for row in fitting or found)
    got = "several nodes" if fitting else "no node"
    raise ConfigError(
        f"NODE: {wanted!r} names {got}; expected one of {names} (`facestream cluster status`)", "NODE"
    )


def _row(node: RayNode, answer: Any, problem: str) -> NodeRow:
    if answer is None or isinstance(answer, Exception):
        silent = answer is not None
        waits = f"its actor does not answer within {ANSWER_LIMIT_S:.0f} s: it starts, or other work has its processors"
        return NodeRow(
            node.id, node.name, node.host, "", SILENT if silent else MISSING, "", "", "", 0, 0,
            problem or (waits if isinstance(answer, TimeoutError) else str(answer).splitlines()[0] if silent else ""),
            None,
        )  # fmt: skip
    info = answer["node"]
    return NodeRow(
        node.id, node.name, node.host, answer["machine"], answer["state"], answer["url"], answer["version"],
        answer["secret"], answer["pid"], answer["sessions_left"], answer["error"],
        NodeInfo.model_validate(info) if info is not None else None,
    )  # fmt: skip
