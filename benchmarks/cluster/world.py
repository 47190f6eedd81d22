"""Nodes, gateways and peers of a simulated cluster. No network, no media, no waiting: time is a number.

Placement (`Fleet`) and the admission of a node (`Admission`) are those of the product.
"""

import heapq
import itertools
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.cluster.policies import Policy
from facestream.cluster.placement import Fleet
from facestream.config import Config
from facestream.messages.cluster import NodeInfo
from facestream.metrics import StreamUse
from facestream.sessions.admission import ActiveSession, Admission, AdmissionError

VERSION = "0.1.0"
PIXELS = 640 * 480
MOST_TRIES = 24  # client/js/visit/retry.js
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.5, 15.0  # of the page, as there
STALL_S, LOOK_S = 3.0, 0.25  # client/js/visit/visit.js: when a page takes its connection for lost


class Loop:
    """Events in the order of their times; equal times in the order in which they were scheduled."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._events: list[tuple[float, int, Callable[..., None], tuple[object, ...]]] = []
        self._numbers = itertools.count()

    def after(self, delay_s: float, call: Callable[..., None], *arguments: object) -> None:
        """Call this `delay_s` from now."""
        heapq.heappush(self._events, (self.now_s + delay_s, next(self._numbers), call, arguments))

    def run(self, until_s: float) -> None:
        """Let time pass until then."""
        while self._events and self._events[0][0] <= until_s:
            self.now_s, _, call, arguments = heapq.heappop(self._events)
            call(*arguments)
        self.now_s = until_s


@dataclass(frozen=True, slots=True)
class Machine:
    """One kind of node: its size, what a frame costs there, and how long things take."""

    cores: int = 2
    processes: int = 2
    max_sessions: int = 16
    max_setups: int = 8
    media_s: float = 0.0052
    """Core seconds of a frame in the media process; docs/performance.md, "Many peers": 9.5 ms in all."""
    analysis_s: float = 0.0043
    """Core seconds of a frame in a worker."""
    setup_s: float = 1.0
    """From the answer until media flow, median; log-normal with sigma 0.4."""
    answer_s: float = 0.1
    """From the offer until the answer: candidates are gathered."""
    hop_s: float = 0.002
    """From a gateway to a node."""
    restart_s: float = 12.0
    """From the end of a server until it is ready again: processes start and load models."""


LARGE = Machine(cores=16, processes=16, max_sessions=64)
"""Assumes that a server uses 16 cores as well as two: not measured."""


@dataclass(eq=False, slots=True)
class Peer:
    """One person with a page."""

    leaves_s: float
    asked_s: float
    """When it asked first, or lost its session."""
    session: "Session | None" = None
    tries: int = 0
    moves: int = 0


@dataclass(eq=False, slots=True)
class Session:
    """A peer at a node."""

    peer: Peer
    node: "Node"
    is_connecting: bool = True


class Node:
    """One server: admits with the product's admission, tells how it is, and can die."""

    def __init__(self, number: int, machine: Machine, config: Config) -> None:
        self.url, self.id, self.machine = f"http://n{number}", f"n{number}", machine
        self.sessions: dict[Session, None] = {}
        self.connecting = 0
        self.is_up, self.is_draining = True, False
        self._admission = Admission(config, machine.cores)
        # Two measurements of one stream: what a frame costs here.
        uses = (StreamUse(), StreamUse(1000, 1000 * PIXELS, 1000 * machine.analysis_s))
        self._admission.cost.measure(0.0, 0.0, {"": uses[0]})
        self._admission.cost.measure(1000.0, 1000 * machine.media_s, {"": uses[1]})
        frame_s = machine.media_s + machine.analysis_s
        self._kinds = ActiveSession("", True, 0.0), ActiveSession("", False, 30.0, 30.0, frame_s)
        self._known: tuple[object, NodeInfo] = (None, self._info(()))
        self.capacity = self._admission.free_places((), machine.processes)

    def _active(self) -> tuple[ActiveSession, ...]:
        connecting, connected = self._kinds
        return (connecting,) * self.connecting + (connected,) * (len(self.sessions) - self.connecting)

    def _info(self, active: tuple[ActiveSession, ...]) -> NodeInfo:
        return NodeInfo(
            node=self.id,
            version=VERSION,
            sessions=len(active),
            max_sessions=self.machine.max_sessions,
            places=0 if self.is_draining else self._admission.free_places(active, self.machine.processes),
            frame_ms=1000 * (self.machine.media_s + self.machine.analysis_s),
            fps=30.0 * len(active),
            cores=self.machine.cores,
            draining=self.is_draining,
        )

    def info(self) -> NodeInfo:
        """What `GET /node` says now."""
        key = (len(self.sessions), self.connecting, self.is_draining)
        if self._known[0] != key:
            self._known = key, self._info(self._active())
        return self._known[1]

    @property
    def takes_peers(self) -> bool:
        """Whether it would admit one more now."""
        return self.is_up and self.info().places > 0

    def admit(self, peer: Peer, now_s: float) -> Session:
        """Begin a session; raises AdmissionError."""
        if self.is_draining:
            raise DRAINING
        self._admission.admit("", self._active(), self.machine.processes, now_s)
        return self.add(peer, is_connecting=True)

    def add(self, peer: Peer, *, is_connecting: bool) -> Session:
        """Begin a session without asking the admission."""
        session = Session(peer, self, is_connecting)
        self.sessions[session] = None
        self.connecting += is_connecting
        return session

    def connected(self, session: Session) -> None:
        """The media of this session flow, if it still runs."""
        if session in self.sessions:
            session.is_connecting = False
            self.connecting -= 1

    def end(self, session: Session, now_s: float) -> None:
        """The session ends, if it has not."""
        if session in self.sessions:
            del self.sessions[session]
            self.connecting -= session.is_connecting
            self._admission.note_ending(now_s)

    def stop(self) -> list[Session]:
        """The process is gone, with its sessions, which are returned."""
        lost, self.sessions = list(self.sessions), {}
        self.connecting, self.is_up = 0, False
        return lost

    def start(self) -> None:
        """A new process is ready."""
        self.is_up, self.is_draining = True, False


class _Draining(AdmissionError):
    def __init__(self) -> None:
        Exception.__init__(self, "draining")
        self.retry_after_s = 2.0


DRAINING = _Draining()


@dataclass(slots=True)
class Counts:
    """What happened."""

    offers: int = 0
    tries: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    """Offers that were admitted at the first, second and third node; the last: by none."""
    rejected_though_free: int = 0
    """Offers that no node admitted, while some node would have."""
    gave_up: int = 0
    left_waiting: int = 0
    """Peers whose visit was over before they were admitted."""
    waits_s: list[float] = field(default_factory=list)
    """From asking first until admitted."""


class Cluster:
    """The nodes, the gateways and all peers."""

    def __init__(
        self,
        machine: Machine,
        nodes: int,
        gateways: int,
        policy: Policy,
        *,
        poll_s: float = 1.0,
        jitter: float = 1.0,
        retry_spread: float = 0.0,
        seed: int = 1,
    ) -> None:
        """`jitter`: the polls of a gateway are spread over this share of the interval.

        `retry_spread`: a peer waits up to this share longer than `Retry-After` says.
        """
        config = Config(
            max_sessions=machine.max_sessions,
            max_setups=machine.max_setups,
            analysis_processes=machine.processes,
        )
        self.loop, self.chance, self.counts = Loop(), random.Random(seed), Counts()
        self.machine, self.poll_s, self.retry_spread = machine, poll_s, retry_spread
        self.nodes = [Node(number, machine, config) for number in range(nodes)]
        self.by_url = {node.url: node for node in self.nodes}
        self.capacity = sum(node.capacity for node in self.nodes)
        self.gateways = [Gateway(self, random.Random(seed * 1000 + each), policy) for each in range(gateways)]
        for gateway in self.gateways:
            start_s = self.chance.random() * poll_s
            for node in self.nodes:
                gateway.fleet.note_info(node.url, node.info(), 0.0)
                self.loop.after(start_s + jitter * self.chance.random() * poll_s, gateway.poll, node)

    def arrive(self, length_s: float) -> None:
        """Somebody opens the page."""
        self.ask(Peer(self.loop.now_s + length_s, self.loop.now_s))

    def ask(self, peer: Peer) -> None:
        """Send an offer to some gateway, as a load balancer does."""
        if self.loop.now_s >= peer.leaves_s:
            self.counts.left_waiting += peer.session is None
            return
        self.counts.offers += 1
        peer.tries += 1
        self.chance.choice(self.gateways).offer(peer)

    def admitted(self, peer: Peer, session: Session, nodes_asked: int) -> None:
        """A node has answered with 200."""
        self.counts.tries[nodes_asked - 1] += 1
        before, peer.session, peer.tries = peer.session, session, 0
        if before is None:
            self.counts.waits_s.append(self.loop.now_s - peer.asked_s)
        else:
            peer.moves += 1
        setup_s = self.machine.answer_s + self.machine.setup_s * math.exp(0.4 * self.chance.gauss(0, 1))
        self.loop.after(setup_s, self._flow, session, before)
        self.loop.after(max(0.0, peer.leaves_s - self.loop.now_s), self.leave, peer, session)

    def rejected(self, peer: Peer, retry_after_s: float) -> None:
        """No node admitted the peer: it waits as the page does, and asks again."""
        self.counts.tries[-1] += 1
        self.counts.rejected_though_free += any(node.takes_peers for node in self.nodes)
        if peer.tries >= MOST_TRIES:
            self.counts.gave_up += 1
            return
        backoff_s = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2**peer.tries) * (0.5 + self.chance.random() / 2)
        wait_s = max(backoff_s, retry_after_s * (1 + self.retry_spread * self.chance.random()))
        self.loop.after(wait_s, self.ask, peer)

    def _flow(self, session: Session, before: Session | None) -> None:
        session.node.connected(session)
        if before is not None:
            before.node.end(before, self.loop.now_s)

    def leave(self, peer: Peer, session: Session) -> None:
        """The visit is over."""
        session.node.end(session, self.loop.now_s)
        if peer.session is session:
            peer.session = None

    def kill(self, node: Node) -> int:
        """End this server as kill -9 does: its pages notice the silence, and ask again. Returns how many."""
        lost = [session for session in node.stop() if session.peer.session is session]
        for session in lost:
            session.peer.session, session.peer.asked_s = None, self.loop.now_s
            wait_s = (
                STALL_S + LOOK_S * self.chance.random() + FIRST_BACKOFF_S * (0.5 + self.chance.random() / 2)
            )
            self.loop.after(wait_s, self.ask, session.peer)
        return len(lost)

    def drain(self, node: Node, moves_per_s: float) -> None:
        """Admit nobody, and ask the peers to move, so many each second."""
        node.is_draining = True
        for number, session in enumerate(list(node.sessions)):
            self.loop.after(number / moves_per_s, self._move, session)

    def _move(self, session: Session) -> None:
        if session in session.node.sessions and session.peer.session is session:
            session.peer.asked_s = self.loop.now_s
            self.ask(session.peer)


class Gateway:
    """One gateway: what it knows of the nodes, and how it passes an offer on."""

    def __init__(self, cluster: Cluster, chance: random.Random, policy: Policy) -> None:
        self._cluster, self._policy = cluster, policy
        self.fleet, self.chance = Fleet(VERSION, chance), chance
        self.fleet.set_members(node.url for node in cluster.nodes)
        self.turn = chance.randrange(len(cluster.nodes))

    def poll(self, node: Node) -> None:
        """Ask a node how it is, again and again."""
        loop = self._cluster.loop
        if node.is_up:
            self.fleet.note_info(node.url, node.info(), loop.now_s)
        else:
            self.fleet.note_failure(node.url)
        loop.after(self._cluster.poll_s, self.poll, node)

    def offer(self, peer: Peer) -> None:
        """Ask up to three nodes."""
        urls = [node.url for node in self._policy(self, self._cluster.loop.now_s)]
        self._ask_next(peer, urls, 0, math.inf)

    def _ask_next(self, peer: Peer, urls: list[str], asked: int, retry_after_s: float) -> None:
        if asked == len(urls):
            self._cluster.rejected(peer, retry_after_s if asked and retry_after_s < math.inf else 10.0)
            return
        self.fleet.reserve(urls[asked], self._cluster.loop.now_s)
        self._cluster.loop.after(self._cluster.machine.hop_s, self._at_node, peer, urls, asked, retry_after_s)

    def _at_node(self, peer: Peer, urls: list[str], asked: int, retry_after_s: float) -> None:
        cluster, node = self._cluster, self._cluster.by_url[urls[asked]]
        if not node.is_up:
            self.fleet.note_failure(node.url)
        else:
            try:
                session = node.admit(peer, cluster.loop.now_s)
            except AdmissionError as error:
                retry_after_s = min(retry_after_s, error.retry_after_s)
            else:
                cluster.admitted(peer, session, asked + 1)
                return
        self.fleet.release(node.url)
        self._ask_next(peer, urls, asked + 1, retry_after_s)
