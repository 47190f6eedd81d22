"""Give every machine of the Ray cluster its actor, and ask the actors. Every question has a time limit."""

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from facestream.cluster.ray.actor import CALLS_AT_ONCE, Machine, NodeActor, describe_machine
from facestream.cluster.ray.names import NAMESPACE, RESOURCE, actor_name, short_id

logger = logging.getLogger(__name__)

ANSWER_LIMIT_S = 5.0
PATIENCE_S = 12.0
"""So long nothing is wrong with a machine that does not answer: it starts a Python process and imports facestream."""
DESCRIBE_AGAIN_S = 30.0
"""A machine without a server is asked so often why."""
_NO_ANSWER = (ray.exceptions.RayError, TimeoutError)


@dataclass(frozen=True, slots=True)
class RayNode:
    """A live node of the Ray cluster that is to have a server."""

    id: str
    host: str
    """Address at which the other machines of the cluster reach it."""
    cores: float
    """What Ray may use of it."""

    @property
    def name(self) -> str:
        """What the command line calls it."""
        return short_id(self.id)


def media_nodes() -> list[RayNode]:
    """The live nodes with the resource, in a steady order."""
    found = [
        RayNode(node["NodeID"], node["NodeManagerAddress"], node["Resources"].get("CPU", 0.0))
        for node in ray.nodes()  # type: ignore[no-untyped-call]
        if node["Alive"] and node["Resources"].get(RESOURCE, 0) > 0
    ]
    return sorted(found, key=lambda node: (node.host, node.id))


def find_actor(node: RayNode) -> Any | None:
    """The handle of the actor on this node; None: there is none."""
    try:
        return ray.get_actor(actor_name(node.id), namespace=NAMESPACE)
    except ValueError:
        return None


def make_actor(node: RayNode, machine: Machine) -> Any:
    """Make the actor on this node, or find the one that another gateway has just made; does not wait for it."""
    # A server is the work of its machine: it gets what there is, even if it would like more.
    cores = min(float(machine.cores), node.cores)
    return (
        ray.remote(NodeActor)
        .options(
            name=actor_name(node.id),
            namespace=NAMESPACE,
            lifetime="detached",
            get_if_exists=True,
            max_restarts=-1,
            max_concurrency=CALLS_AT_ONCE,
            num_cpus=cores,
            scheduling_strategy=_on(node),
        )
        .remote(node.host)
    )


def ask(asked: Mapping[str, Any], limit_s: float = ANSWER_LIMIT_S) -> dict[str, Any]:
    """The answers to questions by their keys, each a value or the exception that it ended with."""
    if not asked:
        return {}
    by_ref = {ref: key for key, ref in asked.items()}
    done, late = ray.wait(list(by_ref), num_returns=len(by_ref), timeout=limit_s, fetch_local=True)
    answers: dict[str, Any] = {by_ref[ref]: TimeoutError() for ref in late}
    for ref in done:
        try:
            answers[by_ref[ref]] = ray.get(ref, timeout=limit_s)
        except _NO_ANSWER as error:
            answers[by_ref[ref]] = error
    return answers


@dataclass(frozen=True, slots=True)
class _Question:
    """What a machine was asked, and when on the monotonic clock."""

    ref: Any
    at_s: float


class Actors:
    """The actors of the cluster, as one process knows them."""

    def __init__(self) -> None:
        self._handles: dict[str, Any] = {}
        self._had_one: set[str] = set()
        self._asked: dict[str, _Question] = {}
        self._pending: dict[tuple[object, ...], Any] = {}
        """Calls that have not been answered yet: an actor that cannot start must not collect them."""
        self.problems: dict[str, str] = {}
        """Why a node has no server, by the id of the Ray node."""

    def find(self, nodes: list[RayNode]) -> None:
        """Know the actors on these nodes and no others; makes none."""
        ids = {node.id for node in nodes}
        self._handles = {node_id: handle for node_id, handle in self._handles.items() if node_id in ids}
        self._had_one &= ids
        for node in nodes:
            if node.id not in self._handles and (handle := find_actor(node)) is not None:
                self._keep(node, handle)

    def reconcile(self, nodes: list[RayNode], limit_s: float, *, again: bool = False) -> None:
        """Make the actors that are missing on those of these nodes that answer within this time.

        Unless `again`, none is made where this process has seen one: it was ended on purpose (`cluster down`).
        """
        self.find(nodes)
        missing = [node for node in nodes if again or node.id not in self._had_one]
        for node, machine in self.diagnose(missing, limit_s):
            if not machine.problem:
                self._keep(node, make_actor(node, machine))

    def diagnose(self, nodes: Iterable[RayNode], limit_s: float) -> list[tuple[RayNode, Machine]]:
        """What the settings say on those of the machines that have no actor and answer within this time.

        `problems` then says why the others have none.
        """
        now_s = time.monotonic()
        missing = {node.id: node for node in nodes if node.id not in self._handles}
        self._asked = {node_id: asked for node_id, asked in self._asked.items() if node_id in missing}
        for node_id, node in missing.items():
            if node_id not in self._asked or now_s - self._asked[node_id].at_s > DESCRIBE_AGAIN_S:
                self._asked[node_id] = _Question(_describe(node), now_s)
        answers = ask({node_id: asked.ref for node_id, asked in self._asked.items()}, limit_s)
        machines = {
            node_id: Machine(**answer)
            for node_id, answer in answers.items()
            if not isinstance(answer, Exception)
        }
        self.problems = {
            node_id: f"does not answer ({_first_line(answer)}); it starts, or facestream is not installed there"
            for node_id, answer in answers.items()
            if isinstance(answer, Exception) and not self._may_still_answer(node_id, answer)
        }
        self.problems |= {
            node_id: machine.problem for node_id, machine in machines.items() if machine.problem
        }
        return [(missing[node_id], machine) for node_id, machine in machines.items()]

    def _may_still_answer(self, node_id: str, answer: Exception) -> bool:
        return isinstance(answer, TimeoutError) and time.monotonic() - self._asked[node_id].at_s < PATIENCE_S

    def _keep(self, node: RayNode, handle: Any) -> None:
        self._handles[node.id] = handle
        self._had_one.add(node.id)

    def call(
        self, method: str, *arguments: object, only: str = "", limit_s: float = ANSWER_LIMIT_S
    ) -> dict[str, Any]:
        """The answers of all actors, or of the one on the Ray node `only`, by the id of the Ray node.

        An actor that has been ended is forgotten, and has no answer.
        """
        keys = {node_id: (node_id, method, *arguments) for node_id in self._handles if only in {"", node_id}}
        asked = {
            node_id: self._pending.pop(key, None)
            or getattr(self._handles[node_id], method).remote(*arguments)
            for node_id, key in keys.items()
        }
        self._pending = {key: ref for key, ref in self._pending.items() if key[0] in self._handles}
        answers = ask(asked, limit_s)
        self._pending |= {
            keys[node_id]: asked[node_id]
            for node_id, answer in answers.items()
            if isinstance(answer, TimeoutError)
        }
        for node_id, answer in list(answers.items()):
            if isinstance(answer, ray.exceptions.ActorDiedError):
                del self._handles[node_id], answers[node_id]
        return answers

    def end(self, node_id: str) -> None:
        """End the actor on a node, whose server has stopped."""
        if (handle := self._handles.pop(node_id, None)) is not None:
            ray.kill(handle, no_restart=True)


def _describe(node: RayNode) -> Any:
    """Ask a machine for its settings; does not wait."""
    task = ray.remote(num_cpus=0, max_retries=0)(describe_machine)
    return task.options(scheduling_strategy=_on(node)).remote()


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _on(node: RayNode) -> NodeAffinitySchedulingStrategy:
    return NodeAffinitySchedulingStrategy(node.id, soft=False)
