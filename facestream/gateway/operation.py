"""For operators: whether the gateway and its nodes work, and the sessions of all nodes; no address of a node.

Also `GET /config`, which is that of a node, seen through this gateway.
"""

import asyncio
import time

from aiohttp import web
from pydantic import ValidationError

from facestream import __version__
from facestream.cluster.placement import Node, NodeState
from facestream.gateway.cluster import CLUSTER, Cluster, behalf_of, no_node
from facestream.gateway.node_client import Behalf, NodeFailedError
from facestream.messages.http import (
    GatewayHealth,
    PageConfig,
    Readiness,
    SessionInfo,
    SessionList,
    VersionedGatewayHealth,
)
from facestream.web.auth.guards import is_admin, require_admin
from facestream.web.keys import CONFIG, SUPERVISOR
from facestream.web.routes.page import about_this_listener

ASKED_AT_ONCE = 32
CONFIG_S = 1.2
"""A node that hangs accepts connections; the page waits 3 s for its settings, and another node can send them."""
routes = web.RouteTableDef()


@routes.get("/config")
async def page_config(request: web.Request) -> web.Response:
    """What the page needs to know: of any node, but the access and the addresses are those of this gateway."""
    cluster, config = request.app[CLUSTER], request.app[CONFIG]
    behalf = await behalf_of(request, opens_session=True)
    for node in cluster.serving():
        began_s = time.monotonic()
        try:
            answer = await cluster.client.pass_on(node.url, "GET", "/config", behalf, deadline_s=CONFIG_S)
            found = PageConfig.model_validate_json(answer.body)
        except (NodeFailedError, ValidationError):
            cluster.count("config", 0, began_s)
            continue
        cluster.count("config", answer.status, began_s)
        own = await about_this_listener(request)
        own["token_problem"] = own["token_problem"] or found.token_problem
        own["auth"] = "token" if "token" in {own["auth"], found.auth} else "none"
        own["notice"] = config.notice or found.notice
        own["websocket"] = config.websocket_fallback and found.websocket
        return web.json_response(text=found.model_copy(update=own).to_json())
    raise no_node(cluster)


@routes.get("/healthz")
async def health(request: web.Request) -> web.Response:
    """200 while the gateway works."""
    cluster = request.app[CLUSTER]
    body = GatewayHealth(
        status="ok",
        sessions=sum(node.info.sessions for node in _answering(cluster) if node.info),
        nodes=len(cluster.fleet),
        nodes_serving=len(cluster.serving()),
    )
    if is_admin(request):
        body = VersionedGatewayHealth(**dict(body), version=__version__)
    return web.json_response(text=body.to_json())


@routes.get("/readyz")
async def ready(request: web.Request) -> web.Response:
    """200 while a node can be asked to take new peers; 503 with why there is none. Full nodes can be asked."""
    cluster = request.app[CLUSTER]
    wrong = _what_is_wrong(cluster)
    missing = [] if cluster.serving() else wrong or ["nodes: none is known yet"]
    impaired = [*([] if missing else wrong), *request.app[SUPERVISOR].impaired()]
    body = Readiness(ready=not missing, missing=missing, impaired=impaired)
    return web.json_response(text=body.to_json(), status=503 if missing else 200)


@routes.get("/sessions")
async def sessions(request: web.Request) -> web.Response:
    """The sessions of all nodes, for admins; a node that does not answer is named instead."""
    require_admin(request)
    cluster, behalf = request.app[CLUSTER], await behalf_of(request)
    at_once = asyncio.Semaphore(ASKED_AT_ONCE)
    found: list[SessionInfo] = []
    missing: list[str] = []

    async def ask(node: Node) -> None:
        async with at_once:
            listed = await _sessions_of(cluster, node, behalf)
        if listed is not None:
            found.extend(listed)
        elif node.info is not None:
            missing.append(node.info.node)

    async with asyncio.TaskGroup() as tasks:
        for node in list(cluster.fleet):
            if node.info is not None:
                tasks.create_task(ask(node), name=f"sessions/{node.url}")
    body = SessionList(sessions=sorted(found, key=lambda each: each.id), missing_nodes=sorted(missing))
    return web.json_response(text=body.to_json())


async def _sessions_of(cluster: Cluster, node: Node, behalf: Behalf) -> list[SessionInfo] | None:
    """The sessions of a node; None: it does not answer, or has other admins."""
    if cluster.fleet.state(node, time.monotonic()) is NodeState.SUSPECT:
        return None
    try:
        answer = await cluster.client.pass_on(node.url, "GET", "/sessions", behalf)
        return list(SessionList.model_validate_json(answer.body).sessions) if answer.status == 200 else None
    except (NodeFailedError, ValidationError):
        return None


def _answering(cluster: Cluster) -> list[Node]:
    now_s = time.monotonic()
    silent = {NodeState.SUSPECT, NodeState.UNKNOWN}
    return [node for node in cluster.fleet if cluster.fleet.state(node, now_s) not in silent]


def _what_is_wrong(cluster: Cluster) -> list[str]:
    """Sentences about the nodes that cannot be asked, the same ones together."""
    now_s, count = time.monotonic(), len(cluster.fleet)
    wrong: dict[str, int] = {}
    for node in cluster.fleet:
        state = cluster.fleet.state(node, now_s)
        if state not in {NodeState.READY, NodeState.FULL}:
            reason = cluster.polling.reason(node)
            sentence = f"{state} ({reason})" if reason else str(state)
            wrong[sentence] = wrong.get(sentence, 0) + 1
    return [f"nodes: {number} of {count} {sentence}" for sentence, number in wrong.items()]
