"""What happens to a simulated cluster, and what is read off: ordinary days, new nodes, killed nodes, upgrades."""

import math
import random
from dataclasses import dataclass, field

from benchmarks.cluster.policies import Policy, round_robin, uniform
from benchmarks.cluster.world import Cluster, Machine, Node, Peer
from benchmarks.measured import percentile

MEDIAN_VISIT_S, SIGMA = 300.0, 1.2
MEAN_VISIT_S = MEDIAN_VISIT_S * math.exp(SIGMA**2 / 2)
CLASS_PAGES, CLASS_S, CLASS_SHARE = 30, 2.0, 0.2
MOVES_PER_S = 4.0


@dataclass(frozen=True, slots=True)
class Axes:
    """One case of the comparison."""

    machine: Machine
    nodes: int
    gateways: int
    poll_s: float = 1.0
    load: float = 0.8
    """Share of the places that are taken on average."""
    jitter: float = 1.0
    retry_spread: float = 0.0
    seed: int = 1

    def cluster(self, policy: Policy) -> Cluster:
        """The cluster, without peers."""
        return Cluster(
            self.machine,
            self.nodes,
            self.gateways,
            policy,
            poll_s=self.poll_s,
            jitter=self.jitter,
            retry_spread=self.retry_spread,
            seed=self.seed,
        )


def visit_s(chance: random.Random) -> float:
    """How long one visit lasts: most are short, some very long (log-normal)."""
    return MEDIAN_VISIT_S * math.exp(SIGMA * chance.gauss(0, 1))


def rest_of_visit_s(chance: random.Random) -> float:
    """How long a visit that is under way still lasts: long visits are more often under way."""
    return chance.random() * MEDIAN_VISIT_S * math.exp(SIGMA**2 + SIGMA * chance.gauss(0, 1))


def fill(cluster: Cluster, share: float, policy: Policy) -> None:
    """Peers that are there already, as they are after hours: evenly, or by chance for a policy that is blind to load.

    Sessions that begin at a rate that does not depend on the load, and end by themselves, are Poisson distributed.
    """
    chance = cluster.chance
    for number in range(round(share * cluster.capacity)):
        node = cluster.nodes[number % len(cluster.nodes)]
        if policy in (round_robin, uniform):
            node = chance.choice(cluster.nodes)
            while len(node.sessions) >= node.capacity:
                node = chance.choice(cluster.nodes)
        left_s = rest_of_visit_s(chance)
        peer = Peer(left_s, 0.0)
        peer.session = node.add(peer, is_connecting=False)
        cluster.loop.after(left_s, cluster.leave, peer, peer.session)
    for gateway in cluster.gateways:
        for node in cluster.nodes:
            gateway.fleet.note_info(node.url, node.info(), 0.0)


def ordinary(cluster: Cluster, share: float, until_s: float) -> None:
    """Single pages by chance, so that on average this share of the places stays taken."""
    rate = share * cluster.capacity / MEAN_VISIT_S

    def next_one() -> None:
        cluster.arrive(visit_s(cluster.chance))
        if cluster.loop.now_s < until_s:
            cluster.loop.after(cluster.chance.expovariate(rate), next_one)

    cluster.loop.after(cluster.chance.expovariate(rate), next_one)


def crowd(cluster: Cluster, at_s: float, pages: int, within_s: float) -> None:
    """So many pages that are opened within a time."""
    for _ in range(pages):
        cluster.loop.after(at_s + within_s * cluster.chance.random(), cluster.arrive, visit_s(cluster.chance))


@dataclass(slots=True)
class Spread:
    """How evenly the peers are spread, looked at once a second."""

    differences: list[float] = field(default_factory=list)
    overloaded: list[float] = field(default_factory=list)

    def look(self, cluster: Cluster, until_s: float) -> None:
        """Look now, and each second until then."""
        shares = [len(node.sessions) / node.capacity for node in cluster.nodes if _serves(node)]
        if shares:
            self.differences.append(max(shares) - min(shares))
            high = sum(share > 0.9 for share in shares) / len(shares)
            self.overloaded.append(high if min(shares) < 0.7 else 0.0)
        if cluster.loop.now_s < until_s:
            cluster.loop.after(1.0, self.look, cluster, until_s)


def _serves(node: Node) -> bool:
    return node.is_up and not node.is_draining


def day(axes: Axes, policy: Policy, seconds: float, *, event: int = 0, empty: int = 0) -> dict[str, object]:
    """Ordinary visits, classes, perhaps an event of so many pages in a minute, and perhaps so many new, empty nodes.

    A fifth of the peers come in classes; the first opens its pages after 5 s.
    """
    cluster, spread = axes.cluster(policy), Spread()
    fill(cluster, axes.load, policy)
    for node in cluster.nodes[:empty]:
        for session in list(node.sessions):
            node.end(session, 0.0)
            session.peer.session = None
    ordinary(cluster, (1 - CLASS_SHARE) * axes.load, seconds)
    class_every_s = CLASS_PAGES * MEAN_VISIT_S / (CLASS_SHARE * axes.load * cluster.capacity)
    at_s = 5.0
    while at_s < seconds:
        crowd(cluster, at_s, CLASS_PAGES, CLASS_S)
        at_s += class_every_s
    if event:
        crowd(cluster, 10.0, event, 60.0)
    spread.look(cluster, seconds)
    cluster.loop.run(seconds)
    return read_off(cluster, spread)


def read_off(cluster: Cluster, spread: Spread) -> dict[str, object]:
    """The figures of a case."""
    counts = cluster.counts
    offers = max(1, sum(counts.tries))
    taken = sum(len(node.sessions) for node in cluster.nodes)
    return {
        "offers": counts.offers,
        "taken_at_end": round(taken / cluster.capacity, 3),
        "second_try": round(counts.tries[1] / offers, 4),
        "third_try": round(counts.tries[2] / offers, 4),
        "rejected": round(counts.tries[3] / offers, 4),
        "rejected_though_free": round(counts.rejected_though_free / offers, 4),
        "never_admitted": counts.gave_up + counts.left_waiting,
        "admitted_after_s": {
            "p50": percentile(counts.waits_s, 50),
            "p99": percentile(counts.waits_s, 99),
            "max": percentile(counts.waits_s, 100),
        },
        "spread": percentile(spread.differences, 50),
        "spread_max": percentile(spread.differences, 100),
        "nodes_above_90_while_one_below_70": {
            "mean": round(sum(spread.overloaded) / max(1, len(spread.overloaded)), 4),
            "max": percentile(spread.overloaded, 100),
        },
    }


def killed(axes: Axes, policy: Policy, nodes: int) -> dict[str, object]:
    """So many nodes are killed at one moment: whom does it touch, and when do their media flow again?"""
    cluster = axes.cluster(policy)
    fill(cluster, axes.load, policy)
    ordinary(cluster, axes.load, 30.0)
    cluster.loop.run(20.0)
    touched = {session.peer: None for node in cluster.nodes[:nodes] for session in node.sessions}
    others = sum(len(node.sessions) for node in cluster.nodes[nodes:])
    offers, tries = cluster.counts.offers, list(cluster.counts.tries)
    for node in cluster.nodes[:nodes]:
        cluster.kill(node)
    backs_s: dict[Peer, float] = {}
    while len(backs_s) < len(touched) and cluster.loop.now_s < 320.0:
        cluster.loop.run(cluster.loop.now_s + 0.1)
        for peer in touched:
            session = peer.session
            if peer not in backs_s and (
                peer.leaves_s <= cluster.loop.now_s or (session is not None and not session.is_connecting)
            ):
                backs_s[peer] = cluster.loop.now_s - 20.0
    stayed = [back for peer, back in backs_s.items() if peer.session is not None]
    return {
        "peers_touched": len(touched),
        "peers_of_other_nodes": others,
        "back_after_s": {
            "p50": percentile(stayed, 50),
            "p99": percentile(stayed, 99),
            "max": percentile(stayed, 100),
        },
        "not_back_after_300_s": len(touched) - len(backs_s),
        "offers_until_then": cluster.counts.offers - offers,
        "rejections_until_then": cluster.counts.tries[3] - tries[3],
    }


def upgrade(axes: Axes, policy: Policy, at_once: int, deadline_s: float) -> dict[str, object]:
    """Drain every node, so many at once, start each again, and wait until all are new."""
    cluster = axes.cluster(policy)
    fill(cluster, axes.load, policy)
    ordinary(cluster, axes.load, math.inf)
    waiting, done, drains_s = list(cluster.nodes), list[Node](), list[float]()
    ended = 0

    def begin() -> None:
        if waiting:
            node = waiting.pop(0)
            cluster.drain(node, MOVES_PER_S)
            cluster.loop.after(0.25, look, node, cluster.loop.now_s)

    def look(node: Node, since_s: float) -> None:
        nonlocal ended
        is_late = cluster.loop.now_s - since_s >= deadline_s
        if node.sessions and not is_late:
            cluster.loop.after(0.25, look, node, since_s)
            return
        drains_s.append(cluster.loop.now_s - since_s)
        ended += cluster.kill(node)
        cluster.loop.after(cluster.machine.restart_s, again, node)

    def again(node: Node) -> None:
        node.start()
        done.append(node)
        begin()

    for _ in range(at_once):
        begin()
    while len(done) < len(cluster.nodes) and cluster.loop.now_s < 86_400:
        cluster.loop.run(cluster.loop.now_s + 1.0)
    moves = [session.peer.moves for node in cluster.nodes for session in node.sessions]
    offers = max(1, sum(cluster.counts.tries))
    return {
        "at_once": at_once,
        "minutes": round(cluster.loop.now_s / 60, 1),
        "drain_s": {"p50": percentile(drains_s, 50), "max": percentile(drains_s, 100)},
        "moves_of_a_peer": {"mean": round(sum(moves) / max(1, len(moves)), 2), "max": max(moves, default=0)},
        "ended_at_the_deadline": ended,
        "rejected": round(cluster.counts.tries[3] / offers, 4),
        "second_or_third_try": round(sum(cluster.counts.tries[1:3]) / offers, 4),
    }
