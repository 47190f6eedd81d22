"""What a server of media has counted, as metric families of Prometheus; counts nothing itself."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from facestream.media.drop_points import DropPoint
from facestream.messages.http import KINDS
from facestream.sessions.registry import SessionRegistry
from facestream.workers.pool import AnalysisPool


def make_metrics(registry: SessionRegistry, pool: AnalysisPool) -> CollectorRegistry:
    """A registry for this server, instead of the library's global one: one process may run two servers."""
    metrics = CollectorRegistry(auto_describe=False)
    metrics.register(ServerCollector(registry, pool))
    # Memory, processor time and open files of the media process.
    ProcessCollector(registry=metrics)
    return metrics


class ServerCollector(Collector):
    """Everything that the server counts, as Prometheus metric families."""

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
        for labels, count in measures.closed.items():
            closed.add_metric(labels, count)
        rejected = CounterMetricFamily("facestream_refused", "Requests rejected.", labels=["reason"])
        for reason, count in measures.rejected.items():
            rejected.add_metric([reason], count)
        ice = CounterMetricFamily(
            "facestream_ice",
            "Ended WebRTC sessions by candidate types (server-peer); none: never connected.",
            labels=["outcome"],
        )
        for outcome, count in measures.ice.items():
            ice.add_metric([outcome], count)
        draining = GaugeMetricFamily(
            "facestream_draining",
            "1 while the server is stopping or being drained.",
            float(self._registry.draining),
        )
        yield from (sessions, opened, closed, rejected, ice, draining)

    def _frames(self) -> Iterator[Metric]:
        frames = self._registry.frames()
        yield CounterMetricFamily("facestream_frames_in", "Frames received.", frames.frames_in)
        yield CounterMetricFamily(
            "facestream_frames_analysed", "Frames that were analysed.", frames.frames_analysed
        )
        dropped = CounterMetricFamily("facestream_frames_dropped", "Frames dropped.", labels=["reason"])
        for point in DropPoint:
            dropped.add_metric([point.value], frames.dropped[point])
        yield dropped
        yield CounterMetricFamily(
            "facestream_telemetry_dropped",
            "Telemetry messages dropped because the channel was congested or closed.",
            frames.telemetry_dropped,
        )
        yield CounterMetricFamily(
            "facestream_plugin_faults",
            "Frames in which your own analysis (the setting analyzer) failed.",
            frames.plugin_faults,
        )
        measures = self._registry.measures
        yield GaugeMetricFamily(
            "facestream_event_listeners",
            "Programs that listen to the events of a session.",
            measures.listeners,
        )
        yield CounterMetricFamily(
            "facestream_events_lost",
            "Messages that listeners lost because they read too slowly.",
            measures.events_lost,
        )
        recorder = self._registry.recorder
        yield CounterMetricFamily(
            "facestream_record_faults",
            "Sessions whose record ended early because it could not be written.",
            recorder.faults if recorder else 0,
        )
        yield CounterMetricFamily(
            "facestream_record_frames_lost",
            "Frames that are missing in records because the disk or the machine was too slow.",
            recorder.frames_lost if recorder else 0,
        )
        yield from _without_created(measures.stage_ms)

    def _machine(self) -> Iterator[Metric]:
        pool = self._pool
        yield from _without_created(self._registry.measures.loop_lag_ms)
        yield GaugeMetricFamily("facestream_analysis_processes", "Analysis processes that run.", pool.alive)
        yield GaugeMetricFamily(
            "facestream_analysis_processes_wanted", "Analysis processes that should run.", pool.size
        )
        yield CounterMetricFamily(
            "facestream_analysis_restarts", "Analysis processes replaced after they died.", pool.restarts
        )
        yield CounterMetricFamily(
            "facestream_analysis_busy_seconds",
            "Seconds that all analysis processes together have worked.",
            pool.busy_s,
        )
        yield GaugeMetricFamily(
            "facestream_analysis_resident_memory_bytes",
            "Resident memory of all analysis processes; shared memory counts for each.",
            sum(map(_resident_bytes, pool.pids)),
        )


def _without_created(histogram: Histogram) -> Iterator[Metric]:
    """The families of a histogram, without the time of its creation, which would be a metric of its own."""
    for family in histogram.collect():
        family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
        yield family


def _resident_bytes(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0  # the process has just ended, or this is not Linux
    return pages * os.sysconf("SC_PAGE_SIZE")
