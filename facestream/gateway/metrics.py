"""`GET /metrics` of a gateway: what it has counted itself, and the metrics of every node with the label `node`."""

import asyncio
import contextlib
import time
from collections.abc import Iterable

from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from facestream.cluster.placement import Node, NodeState
from facestream.gateway.cluster import CLUSTER, Cluster
from facestream.gateway.node_client import ITSELF, MAX_METRICS_BYTES, NodeFailedError
from facestream.web.keys import METRICS, REJECTED
from facestream.web.routes.metrics import BUILD_INFO, CONTENT_TYPE, check_reader

NODE_S = 3.0
"""A node that has not answered by then is left out: Prometheus itself waits for 10 s."""
ASKED_AT_ONCE = 16
VERSION_FAMILY = "facestream_build_info"
routes = web.RouteTableDef()


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """All metrics, for the clients that the setting `metrics` allows, and for admins."""
    sees_version = await check_reader(request)
    families: dict[str, Metric] = {}
    own: list[Metric] = [*request.app[METRICS].collect(), *(BUILD_INFO.collect() if sees_version else ())]
    _merge(families, own, "")
    for node, found in await _of_nodes(request.app[CLUSTER]):
        _merge(families, (each for each in found if sees_version or each.name != VERSION_FAMILY), node)
    return web.Response(body=generate_latest(_Families(families)), headers={"Content-Type": CONTENT_TYPE})


def make_metrics(app: web.Application) -> CollectorRegistry:
    """The registry of this gateway."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(GatewayCollector(app))
    ProcessCollector(registry=registry)
    return registry


class GatewayCollector(Collector):
    """What a gateway counts, as Prometheus metric families."""

    def __init__(self, app: web.Application) -> None:
        self._app = app

    def collect(self) -> Iterable[Metric]:
        cluster = self._app[CLUSTER]
        nodes = GaugeMetricFamily("facestream_gateway_nodes", "Nodes by state.", labels=["state"])
        states = cluster.states()
        for state in NodeState:
            nodes.add_metric([state.value], states[state])
        places = GaugeMetricFamily(
            "facestream_gateway_places",
            "Sessions that a node would admit, less those on their way to it.",
            labels=["node"],
        )
        for node in cluster.serving():
            if node.info is not None:
                places.add_metric([node.info.node], node.free)
        passed_on = CounterMetricFamily(
            "facestream_gateway_requests", "Requests passed on to nodes.", labels=["route", "outcome"]
        )
        for labels, count in cluster.passed_on.items():
            passed_on.add_metric(labels, count)
        waited = CounterMetricFamily(
            "facestream_gateway_passed_on_seconds", "Seconds until nodes had answered.", labels=["route"]
        )
        for route, total_s in cluster.passed_on_s.items():
            waited.add_metric([route], total_s)
        streams = GaugeMetricFamily("facestream_gateway_streams", "Open streams.", labels=["route"])
        for route, count in cluster.streams.items():
            streams.add_metric([route], count)
        moved = CounterMetricFamily(
            "facestream_gateway_moved", "Sessions that went on at another node.", labels=["outcome"]
        )
        for outcome, count in cluster.moved.items():
            moved.add_metric([outcome], count)
        rejected = CounterMetricFamily(
            "facestream_gateway_refused", "Requests that the gateway itself rejected.", labels=["reason"]
        )
        for reason, count in self._app[REJECTED].items():
            rejected.add_metric([reason], count)
        yield from (nodes, places, passed_on, waited, streams, moved, rejected)


class _Families(CollectorRegistry):
    """Families that are already collected."""

    def __init__(self, families: dict[str, Metric]) -> None:
        super().__init__(auto_describe=False)
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families.values()


def _merge(families: dict[str, Metric], found: Iterable[Metric], node: str) -> None:
    """Add samples to the family of their name: an exposition may have each family only once."""
    for family in found:
        merged = families.get(family.name)
        if merged is None:
            merged = families[family.name] = Metric(family.name, family.documentation, family.type)
        if merged.type != family.type:
            continue  # of another version, in which it is another metric
        for sample in family.samples:
            labels = {**sample.labels, "node": node} if node else sample.labels
            merged.add_sample(sample.name, labels, sample.value)


async def _of_nodes(cluster: Cluster) -> list[tuple[str, list[Metric]]]:
    """The metrics of each node that answers, in the order of their ids."""
    at_once = asyncio.Semaphore(ASKED_AT_ONCE)
    found: list[tuple[str, list[Metric]]] = []

    async def ask(node: Node) -> None:
        async with at_once:
            # One that fails is seen in facestream_gateway_nodes.
            with contextlib.suppress(NodeFailedError, ValueError, UnicodeDecodeError):
                answer = await cluster.client.pass_on(
                    node.url, "GET", "/metrics", ITSELF, deadline_s=NODE_S, most_bytes=MAX_METRICS_BYTES
                )
                if answer.status == 200 and node.info is not None:
                    text = answer.body.decode()
                    found.append((node.info.node, list(text_string_to_metric_families(text))))

    now_s = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for node in list(cluster.fleet):
            if node.info is not None and cluster.fleet.state(node, now_s) is not NodeState.SUSPECT:
                tasks.create_task(ask(node), name=f"metrics/{node.url}")
    return sorted(found, key=lambda each: each[0])
