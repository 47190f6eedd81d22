"""Run in a child process: load the models once, then analyse one source after the other.

The process ends at once when its parent does, however that ended: the pipe between them then closes.
"""

import contextlib
import os
import queue
import signal
import threading
import traceback
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import cv2

from facestream import logs
from facestream.analysis.models import load_analyzer
from facestream.errors import FacestreamError
from facestream.offline.messages import Done, Failed, Job, NotReady, Progress, Ready, Step
from facestream.offline.options import OfflineOptions
from facestream.offline.pipeline import analyze_source
from facestream.remedies import remedy_of

PLUGIN_LIMIT_S = 20.0
"""For your own analysis of one frame; `processes.py` takes a process for stuck that says nothing for longer."""


def serve_jobs(pipe: Connection, models_dir: Path, options: OfflineOptions) -> None:
    """Do jobs until the pipe is closed."""
    # A terminal signals the whole process group; the parent ends its children by closing the pipe.
    for received in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(received, signal.SIG_IGN)
    logs.set_up_as_parent()
    # The processes share the cores.
    cv2.setNumThreads(1)
    stop = threading.Event()
    # Bounded: the parent sends the next job only after the last one's result.
    jobs: queue.Queue[Job] = queue.Queue(1)
    threading.Thread(target=_receive, args=(pipe, jobs, stop), name="receive", daemon=True).start()
    try:
        with _quiet():
            analyzer = load_analyzer(models_dir, options.exact_analysis, plugin_limit_s=PLUGIN_LIMIT_S)
    except FacestreamError as error:
        pipe.send(NotReady(str(error)))
        return
    except Exception as error:  # noqa: BLE001 - the process boundary: the parent reports it
        pipe.send(NotReady(f"{type(error).__name__}: {error}", _trace(error)))
        return
    pipe.send(Ready())
    while True:
        job = jobs.get()
        number = job.number

        def tell(step: Step, number: int = number) -> None:
            pipe.send(Progress(number, step))

        try:
            job.folder.mkdir()
            outcome = analyze_source(job.source, job.folder, options, analyzer, tell, stop)
        except FacestreamError as error:
            pipe.send(Failed(number, str(error)))
        except MemoryError:
            pipe.send(Failed(number, "out of memory; close other programs, or lower --processes"))
        except OSError as error:
            named = f" ({error.filename})" if error.filename else ""
            pipe.send(Failed(number, f"{error.strerror or error}{named}; {remedy_of(error)}"))
        except Exception as error:  # noqa: BLE001 - the process boundary: the other sources go on
            pipe.send(Failed(number, f"{type(error).__name__}: {error}", _trace(error)))
        else:
            pipe.send(Done(number, outcome))


def _receive(pipe: Connection, jobs: "queue.Queue[Job]", stop: threading.Event) -> None:
    """Pass on what the parent sends; end this process when the parent has closed the pipe or has ended."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            message = pipe.recv()
            if isinstance(message, Job):
                jobs.put(message)
            else:
                stop.set()
    # What is not whole is removed by the parent, or by the next run. Other threads may hang in a camera or a disk.
    os._exit(0)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Discard what TensorFlow Lite prints while it loads, which would cut through the progress bar."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
