"""`GET /metrics` for Prometheus: shows, when it is asked, what the server has counted; itself it counts no frame."""

import asyncio
import os
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from facestream import __version__
from facestream.errors import FacestreamError
from facestream.media.drop_points import DropPoint
from facestream.metrics import Histogram
from facestream.sessions.registry import SessionRegistry
from facestream.web.auth.guards import is_admin, is_local, require_admin
from facestream.web.keys import CONFIG, METRICS, REGISTRY
from facestream.web.problems import Handler
from facestream.workers.pool import AnalysisPool

LAG_SAMPLE_EVERY_S = 0.5
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
KINDS = ("webrtc", "pictures")

routes = web.RouteTableDef()


def make_metrics(registry: SessionRegistry, pool: AnalysisPool) -> CollectorRegistry:
    """A registry of this server's own, never the library's global one: two servers in one process stay apart."""
    metrics = CollectorRegistry(auto_describe=False)
    metrics.register(ServerCollector(registry, pool))
    # Memory, processor time and open files of the media process.
    ProcessCollector(registry=metrics)
    return metrics


def make_build_info() -> CollectorRegistry:
    """The running version, which not every reader may see."""
    metrics = CollectorRegistry(auto_describe=False)
    metrics.register(BuildInfo())
    return metrics


class ServerCollector(Collector):
    """Everything that the server knows of itself, as Prometheus' families."""

    def __init__(self, registry: SessionRegistry, pool: AnalysisPool) -> None:
        self._registry = registry
        self._pool = pool

    def collect(self) -> Iterable[Metric]:
        yield from self._sessions()
        yield from self._frames()
        yield from self._machine()

    def _sessions(self) -> Iterator[Metric]:
        measures, now = self._registry.measures, self._registry.by_kind()
        sessions = GaugeMetricFamily("facestream_sessions", "Peers served now.", labels=["kind"])
        opened = CounterMetricFamily("facestream_sessions_opened", "Sessions opened.", labels=["kind"])
        for kind in KINDS:
            sessions.add_metric([kind], now[kind])
            opened.add_metric([kind], measures.opened[kind])
        closed = CounterMetricFamily(
            "facestream_sessions_closed", "Sessions ended.", labels=["kind", "reason"]
        )
        for (kind, reason), count in measures.closed.items():
            closed.add_metric([kind, reason], count)
        refused = CounterMetricFamily("facestream_refused", "Requests refused.", labels=["reason"])
        for reason, count in measures.refused.items():
            refused.add_metric([reason], count)
        ice = CounterMetricFamily(
            "facestream_ice",
            "Ended WebRTC sessions by the path they had (ours-theirs), or none.",
            labels=["outcome"],
        )
        for outcome, count in measures.ice.items():
            ice.add_metric([outcome], count)
        draining = GaugeMetricFamily(
            "facestream_draining", "1 while the server is stopping.", float(self._registry.draining)
        )
        yield from (sessions, opened, closed, refused, ice, draining)

    def _frames(self) -> Iterator[Metric]:
        frames = self._registry.frames()
        yield CounterMetricFamily("facestream_frames_in", "Frames that came.", frames.frames_in)
        yield CounterMetricFamily(
            "facestream_frames_analysed", "Frames that were analysed.", frames.frames_analysed
        )
        dropped = CounterMetricFamily("facestream_frames_dropped", "Frames dropped.", labels=["reason"])
        for point in DropPoint:
            dropped.add_metric([point.value], frames.dropped[point])
        yield dropped
        yield CounterMetricFamily(
            "facestream_telemetry_dropped",
            "Messages left out: channel behind or not open.",
            frames.telemetry_dropped,
        )
        stages = HistogramMetricFamily(
            "facestream_stage_ms", "Milliseconds of an analysed frame in each stage.", labels=["stage"]
        )
        for stage, histogram in frames.stages.items():
            stages.add_metric([stage], _buckets(histogram), histogram.total)
        yield stages

    def _machine(self) -> Iterator[Metric]:
        pool, lag = self._pool, self._registry.measures.loop_lag
        yield HistogramMetricFamily(
            "facestream_loop_lag_ms",
            f"Milliseconds that the event loop was late, looked at every {LAG_SAMPLE_EVERY_S} s.",
            _buckets(lag),
            lag.total,
        )
        yield GaugeMetricFamily("facestream_analysis_processes", "Analysis processes that run.", pool.alive)
        yield GaugeMetricFamily(
            "facestream_analysis_processes_wanted", "Analysis processes that should run.", pool.size
        )
        yield CounterMetricFamily(
            "facestream_analysis_restarts", "Analysis processes replaced after they died.", pool.restarts
        )
        yield CounterMetricFamily(
            "facestream_analysis_busy_seconds",
            "Seconds that analysis processes worked, all together.",
            pool.busy_s,
        )
        yield GaugeMetricFamily(
            "facestream_analysis_resident_memory_bytes",
            "Resident memory of all analysis processes; what they share counts for each.",
            sum(map(_resident_bytes, pool.pids)),
        )


class BuildInfo(Collector):
    """The running version."""

    def collect(self) -> Iterable[Metric]:
        info = GaugeMetricFamily("facestream_build_info", "1; the version is the label.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info


async def watch_loop(lag: Histogram) -> None:
    """Measure for ever how late the event loop is: every peer waits at least that long."""
    while True:
        due_s = time.monotonic() + LAG_SAMPLE_EVERY_S
        await asyncio.sleep(LAG_SAMPLE_EVERY_S)
        lag.observe(max(0.0, time.monotonic() - due_s) * 1000)


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """The numbers, for whom the setting `metrics` names; an admin's token opens them, too."""
    readers = request.app[CONFIG].metrics
    if readers == "off":
        raise web.HTTPNotFound(text="no metrics here; the setting `metrics` is off")
    local = await is_local(request)
    if readers == "local" and not local:
        require_admin(request)
    body = generate_latest(request.app[METRICS])
    if local or is_admin(request):
        body += generate_latest(make_build_info())
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})


@web.middleware
async def count_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count what is refused; belongs inside the middleware that makes problems of errors."""
    refused = request.app[REGISTRY].measures.refused
    try:
        return await handler(request)
    except FacestreamError as error:
        refused[reason_of(error)] += 1
        raise
    except web.HTTPException as error:
        if error.status >= 400:
            refused[f"http_{error.status}"] += 1
        raise


def reason_of(error: FacestreamError) -> str:
    """The label of an error: `ServerFullError` is server_full."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).lower()


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """Prometheus' buckets are cumulative."""
    buckets: list[tuple[str, float]] = []
    below = 0
    for bound, count in zip((*histogram.bounds, "+Inf"), histogram.counts, strict=True):
        below += count
        buckets.append((str(bound), below))
    return buckets


def _resident_bytes(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0  # it has just died, or this is not Linux
    return pages * os.sysconf("SC_PAGE_SIZE")
