"""What every route of a gateway can get from the application: the nodes, the connections to them, and its counters."""

import math
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from aiohttp import hdrs, web

from facestream.cluster.placement import Fleet, Node, NodeState
from facestream.gateway.node_client import Behalf, NodeClient
from facestream.gateway.polling import Polling
from facestream.messages.http import OWNER_HEADER, ProblemCode
from facestream.web.auth.client_address import UNKNOWN
from facestream.web.auth.guards import is_local, requesting_client
from facestream.web.http.headers import as_text, header
from facestream.web.problems import RejectedError

RETRY_S = 5
"""When to try again if no node can be asked."""
PASSED_REQUEST_HEADERS = (hdrs.AUTHORIZATION, hdrs.CONTENT_TYPE, hdrs.CONTENT_ENCODING, OWNER_HEADER)
"""What the nodes read. The gateway has checked the origin; a node that does not know it would reject it again."""
PASSED_RESPONSE_HEADERS = (
    hdrs.CONTENT_TYPE,
    hdrs.CACHE_CONTROL,
    hdrs.RETRY_AFTER,
    hdrs.WWW_AUTHENTICATE,
    "X-Accel-Buffering",
)


@dataclass(slots=True)
class Cluster:
    """The nodes as one gateway sees them."""

    fleet: Fleet
    client: NodeClient
    polling: Polling
    passed_on: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Requests that were passed on, by route and by 2xx, 4xx, 5xx or `failed`."""
    passed_on_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Seconds until the node had answered, by route."""
    streams: Counter[str] = field(default_factory=Counter)
    """Open streams by route."""
    moved: Counter[str] = field(default_factory=Counter)
    """Moved sessions: `with_state`, or `without_state`, whose ids are new."""

    def count(self, route: str, status: int, began_s: float) -> None:
        """Count a request that was passed on; `status` 0: the node has failed."""
        self.passed_on[route, f"{status // 100}xx" if status else "failed"] += 1
        self.passed_on_s[route] += time.monotonic() - began_s

    def states(self) -> Counter[NodeState]:
        """How many nodes are in each state."""
        now_s = time.monotonic()
        return Counter(self.fleet.state(node, now_s) for node in self.fleet)

    def serving(self) -> list[Node]:
        """The nodes that can be asked, those with the most places first."""
        now_s = time.monotonic()
        ready = (NodeState.READY, NodeState.FULL)
        return sorted(
            (node for node in self.fleet if self.fleet.state(node, now_s) in ready),
            key=lambda node: -node.free,
        )


CLUSTER = web.AppKey("cluster", Cluster)


async def behalf_of(request: web.Request, *, opens_session: bool = False) -> Behalf:
    """What the gateway states about the client of this request.

    Whether a client is local matters only for what opens a session, and costs more than the rest of the request.
    """
    client = requesting_client(request)
    local = opens_session and await is_local(request)
    headers = {name: header(request, name) for name in PASSED_REQUEST_HEADERS if name in request.headers}
    return Behalf(
        "" if local else client.address or UNKNOWN,
        as_text(client.host),
        "https" if client.secure else "http",
        local,
        headers,
    )


def no_node(cluster: Cluster) -> RejectedError:
    """The rejection of a client that no node can serve now."""
    states = cluster.states()
    what = (
        "no node answers" if not states else ", ".join(f"{count} {state}" for state, count in states.items())
    )
    return RejectedError(
        503,
        ProblemCode.NO_NODE,
        f"no server can take you now ({what}); try again in {RETRY_S} s",
        title="No server is available",
        retry_after_s=RETRY_S,
    )


def unreachable() -> RejectedError:
    """The rejection of a request for a session whose node does not answer."""
    return RejectedError(
        502,
        ProblemCode.NODE_UNREACHABLE,
        "the server of this session does not answer; if it stays so, open a new session",
        title="The server of this session does not answer",
        retry_after_s=math.ceil(RETRY_S),
    )
