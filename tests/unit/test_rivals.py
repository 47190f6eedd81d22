"""The comparison with other projects: its environments are pinned, and its figures mean what they say."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import environments, rivals
from benchmarks.baselines.handlers import Handled
from benchmarks.baselines.streamlit_webrtc_server import answer_of, component_value
from benchmarks.environments import Environment, EnvironmentMissingError, pinned, ready
from benchmarks.measured import ROOT
from benchmarks.peers import Window
from benchmarks.rivals import Result, summed_up

SHARED = {"aiortc", "aioice", "av", "numpy", "dlib-bin", "ai-edge-litert", "opencv-python-headless"}
"""Media and models: the same versions as in facestream, so that the comparison is about what the project adds."""


def window(delays_ms: tuple[float, ...], *, analysed: int = 0, foreign_cores: float = 0.0) -> Window:
    return Window(
        seconds=10.0,
        fps_received=(30.0,),
        fps_analysed=(analysed / 10,),
        dropped=0,
        late=0,
        sent=300,
        frames=300,
        analysed=analysed,
        cpu_ms=3000.0,
        own_cpu_ms=3000.0,
        rss_mb=100.0,
        own_rss_mb=100.0,
        client_cpu_ms=500.0,
        foreign_cores=foreign_cores,
        delays_ms=delays_ms,
    )


@pytest.mark.parametrize("name", ["fastrtc", "streamlit_webrtc"])
def test_each_environment_is_pinned_and_shares_what_facestream_uses(name: str):
    requirements = Environment(name).requirements()

    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in requirements)
    own = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert {line.partition("==")[0] for line in set(own) & set(requirements)} >= SHARED


def test_a_name_without_a_version_gets_that_of_facestream():
    assert pinned("# why\nrival==1.0\n\nOur_Name\n", "our-name==2.1\nother==3\n") == [
        "rival==1.0",
        "Our_Name==2.1",
    ]


def test_a_name_without_any_version_is_rejected():
    with pytest.raises(ValueError, match="'unknown' has no version"):
        pinned("unknown\n", "other==3\n")


def test_an_environment_that_cannot_be_made_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fails(command: list[str]) -> None:
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(environments, "FOLDER", tmp_path)
    monkeypatch.setattr(environments, "_run", fails)

    with pytest.raises(
        EnvironmentMissingError, match=r"fastrtc: pip failed \(exit code 1.*expected that PyPI"
    ):
        ready(Environment("fastrtc"))


def test_an_environment_is_made_once_and_again_when_it_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    commands: list[list[str]] = []

    def run(command: list[str]) -> None:
        commands.append(command)
        if command[:3] == [sys.executable, "-m", "venv"]:
            Path(command[3]).mkdir(parents=True)
        if interrupted and "check" in command:
            raise KeyboardInterrupt

    monkeypatch.setattr(environments, "FOLDER", tmp_path)
    monkeypatch.setattr(environments, "_run", run)

    interrupted = True
    with pytest.raises(KeyboardInterrupt):
        ready(Environment("fastrtc"))
    interrupted = False
    ready(Environment("fastrtc"))
    made = len(commands)
    ready(Environment("fastrtc"))

    assert len(commands) == made == 6


def test_the_last_line_of_the_log_counts():
    log = "serves http://localhost:1\nhandled 9 frames, 8 faces\nWARN handled\nhandled 10 frames, 9 faces\n"

    assert Handled.of_log(log) == Handled(10, 9)
    assert Handled.of_log("") == Handled(0, 0)
    assert Handled.of_log(log).since(Handled(4, 4)) == Handled(6, 5)


def test_a_frame_that_is_returned_twice_counts_once():
    result = Result(window((40.0, 60.0, 80.0)), Handled(100, 95)).as_json()

    assert result["returned_fps"] == 30.0
    assert result["different_returned_fps"] == 0.3
    assert result["handled_fps"] == 10.0
    assert result["faces_per_frame"] == 0.95
    assert result["cpu_ms"] == 30.0


def test_a_server_whose_handler_did_nothing_has_no_cost_per_frame():
    result = Result(window(()), Handled(0, 0)).as_json()

    assert (result["handled_fps"], result["cpu_ms"], result["p50_ms"]) == (0.0, None, None)


def test_a_server_without_a_handler_counts_what_it_analysed():
    assert Result(window((1.0,), analysed=150), None).as_json()["handled_fps"] == 15.0
    assert Result(window((1.0,)), None).as_json()["handled_fps"] == 30.0


def test_the_median_ignores_what_was_not_measured():
    rounds = [Result(window((10.0,)), Handled(100, 0)), Result(window(()), Handled(50, 0))]

    assert summed_up(rounds)["p50_ms"] == 10.0
    assert summed_up(rounds)["handled_fps"] == 7.5


def test_the_offer_goes_to_streamlit_as_the_value_of_a_component_and_the_answer_comes_as_an_argument():
    value = json.loads(component_value("v=0"))

    assert value["sdpOffer"] == {"type": "offer", "sdp": "v=0"}
    assert answer_of(json.dumps({"sdp_answer_json": None})) is None
    assert answer_of(json.dumps({"sdp_answer_json": json.dumps({"type": "answer", "sdp": "v=1"})})) == "v=1"


def test_every_server_is_measured_with_analysis_and_each_project_without_it():
    assert {shape.environment for shape in rivals.ANALYSED} == {shape.environment for shape in rivals.PASSED}
    assert len({shape.name for shape in (*rivals.ANALYSED, *rivals.PASSED)}) == 8
