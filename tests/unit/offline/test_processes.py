"""The processes that analyse sources: one that hangs costs its own source only."""

import os
import signal
from pathlib import Path

import pytest

from facestream.offline import processes
from facestream.offline.messages import Done, Failed, Job, Progress
from facestream.offline.options import OfflineOptions
from facestream.offline.processes import JobProcesses
from facestream.offline.sources import Source, SourceKind
from facestream.resources import MODELS_DIR
from tests.times import seconds
from tests.unit.offline.test_runs import LONG, SHORT, children_of


def test_a_process_that_hangs_fails_its_source_and_the_next_one_is_analysed(
    monkeypatch: pytest.MonkeyPatch, media_dir: Path, tmp_path: Path
):
    monkeypatch.setattr(processes, "SILENT_S", seconds(3))
    jobs = [
        Job(number, Source(SourceKind.FILE, str(media_dir / name), name), tmp_path / str(number))
        for number, name in enumerate((LONG, SHORT))
    ]
    ends: list[Done | Failed] = []
    with JobProcesses(MODELS_DIR, OfflineOptions(), 1) as children:
        for event in children.run(jobs):
            if not isinstance(event, Progress):
                ends.append(event)
            elif event.number == 0 and not ends:
                (hanging,) = children_of(os.getpid())
                os.kill(hanging, signal.SIGSTOP)

    failed, done = ends
    assert isinstance(failed, Failed)
    assert "it was stuck for" in failed.reason
    assert isinstance(done, Done)
    assert (tmp_path / "1" / "faces.csv").exists()
