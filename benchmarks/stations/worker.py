"""Run a worker as the server does, with its functions at their stations."""

from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.stations.clock import clocks
from benchmarks.stations.names import EARLIER_IN_WORKER, WORKER, WORKER_REST
from benchmarks.stations.snapshots import write_at_signals
from benchmarks.stations.wrapping import wrap_all
from facestream.analysis.options import AnalysisOptions
from facestream.workers.frame_memory import FrameMemory
from facestream.workers.worker import serve_analysis


def serve_profiled(pipe: Connection, memory: FrameMemory, models_dir: Path, options: AnalysisOptions) -> None:
    """`serve_analysis`, profiled."""
    clocks.base = WORKER_REST
    missing = wrap_all(WORKER, EARLIER_IN_WORKER)
    clocks.watch_collections()
    write_at_signals("worker", missing)
    serve_analysis(pipe, memory, models_dir, options)
