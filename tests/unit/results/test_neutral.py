"""How a face looks at rest: measured over a span of a clip, and counted against in all of its frames."""

import contextlib
import json
import math
import resource
import signal
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest

from facestream.analysis.faces import EMOTIONS
from facestream.results.bundle import Bundle
from facestream.results.late_rows import MEMORY_BYTES
from facestream.results.neutral_span import NeutralSpan
from facestream.results.record import FaceResult, FrameResult
from facestream.results.session_file import SessionFacts
from facestream.results.tables import TableOptions
from tests.unit.results.samples import face, frame

WITH_CHANGES = TableOptions(changes=True)
FPS = 30


def happy(number: int, share: float, **changed: object) -> FaceResult:
    return face(number, probabilities=(0.0, 0.0, 0.0, share, 0.0, 0.0, 1 - share), **changed)


def span_of(*results: FrameResult, from_s: float = 1.0, to_s: float = 3.0) -> NeutralSpan:
    span = NeutralSpan(from_s, to_s)
    for result in results:
        span.add(result)
    span.end()
    return span


def written(
    folder: Path, span: NeutralSpan, *results: FrameResult, formats: tuple[str, ...] = ("csv",)
) -> None:
    bundle = Bundle(folder, formats, SessionFacts(), WITH_CHANGES, neutral=span)
    write_all(bundle, results)
    bundle.finish()


def write_all(bundle: Bundle, results: Iterable[FrameResult]) -> None:
    for result in results:
        bundle.write(result)


def test_a_baseline_is_the_mean_of_the_readings_in_its_span():
    # 0.1 before, then 0.2 and 0.4 in turn, then 0.9; the frame at the end of the span is outside of it.
    shares = [0.1] * FPS + [0.2, 0.4] * FPS + [0.9] * FPS
    span = span_of(*(frame(n, happy(1, share)) for n, share in enumerate(shares)))

    baseline = span.baselines[1]
    assert dict(zip(map(str, EMOTIONS), baseline.probabilities, strict=True))["happy"] == pytest.approx(0.3)
    assert (baseline.frames, baseline.span_s, baseline.from_time_s) == (60, (1.0, 3.0), 0.0)
    assert baseline.measured_s == pytest.approx(2.0)
    assert span.shortfall == ""


def test_a_frame_in_which_a_face_is_unsure_is_none_of_its_readings():
    faces = [happy(1, 0.2) if n % 2 else happy(1, 0.8, label="unsure", unsure="close") for n in range(120)]
    span = span_of(*(frame(n, one) for n, one in enumerate(faces)))

    assert span.baselines[1].probabilities[3] == pytest.approx(0.2)
    assert span.baselines[1].measured_s == pytest.approx(1.0)


def test_a_face_needs_a_second_and_a_sentence_names_those_that_lack_it():
    # Face 2 is there for 0.9 s of the span, face 3 before and after it, face 4 for exactly a second.
    def faces(n: int) -> list[FaceResult]:
        there = {1: True, 2: 30 <= n < 57, 3: not 30 <= n < 90, 4: 30 <= n < 60}
        return [happy(number, 0.5) for number, is_there in there.items() if is_there]

    span = span_of(*(frame(n, *faces(n)) for n in range(120)))

    assert sorted(span.baselines) == [1, 4]
    assert span.shortfall == (
        "faces 2, 3 have no baseline, so the differences are empty: not measured for 1 s between 1 and 3 s without "
        "being unsure"
    )
    assert not span.is_missed


@pytest.mark.parametrize("every_s", [0.5, 1.0, 3.0])
def test_a_clip_of_few_frames_a_second_is_measured_by_its_time(every_s: float):
    span = span_of(
        *(frame(n, happy(1, 0.5), time_s=n * every_s) for n in range(20)), from_s=every_s, to_s=7 * every_s
    )

    assert span.baselines[1].frames == 6
    assert span.baselines[1].measured_s == pytest.approx(6 * every_s)


def test_a_gap_in_the_clip_is_not_measured():
    times = [n / FPS for n in range(FPS + 15)] + [30 + n / FPS for n in range(10)]
    span = span_of(*(frame(n, happy(1, 0.5), time_s=time_s) for n, time_s in enumerate(times)), to_s=60.0)

    assert span.baselines == {}
    assert span.is_missed


@pytest.mark.parametrize(
    ("faces", "frames", "sentence"),
    [
        ((), 120, ""),
        ((1,), 20, "no face has a baseline: the video ends at 0.6 s, before 1 s, where --neutral begins"),
        (
            (1,),
            50,
            "no face has a baseline: none was measured for 1 s between 1 and 3 s without being unsure",
        ),
    ],
)
def test_a_clip_without_any_baseline_says_why(faces: tuple[int, ...], frames: int, sentence: str):
    span = span_of(*(frame(n, *(happy(number, 0.5) for number in faces)) for n in range(frames)))

    assert span.shortfall == sentence
    assert span.is_missed == bool(faces)


def test_many_faces_without_a_baseline_are_counted():
    span = span_of(*(frame(n, happy(1, 0.5), happy(n + 2, 0.5)) for n in range(120)))

    assert "faces 2, 3, 4, 5, 6, 7, 8, 9 and 112 others have no baseline" in span.shortfall


def test_all_frames_have_the_difference_beside_the_value_also_those_before_the_span(tmp_path: Path):
    shares = [0.1] * FPS + [0.25] * 2 * FPS + [0.9] * FPS
    results = [
        frame(n, happy(1, share), *([happy(2, 0.5)] if n > 100 else [])) for n, share in enumerate(shares)
    ]
    written(
        tmp_path, NeutralSpan(1.0, 3.0), *results, formats=("csv", "parquet", "jsonl", "pyfeat", "openface")
    )

    table, typed = pd.read_csv(tmp_path / "faces.csv"), pd.read_parquet(tmp_path / "faces.parquet")
    first = table[table["face_id"] == 1]
    assert first["frame"].tolist() == list(range(120))
    assert first["happy"].tolist() == shares
    assert (first["happy"] - 0.25 - first["happy_change"]).abs().max() < 1e-9
    assert (first["neutral"] - 0.75 - first["neutral_change"]).abs().max() < 1e-9
    assert table[table["face_id"] == 2][[f"{name}_change" for name in EMOTIONS]].isna().all(axis=None)
    assert list(typed.columns) == list(table.columns)
    assert (typed["happy_change"].fillna(9) - table["happy_change"].fillna(9)).abs().max() < 0.001
    # The tables of other programs, and the messages, stay as they are.
    for name in ("pyfeat.csv", "openface.csv", "frames.jsonl"):
        assert "_change" not in (tmp_path / name).read_text("utf-8")
    assert len(pd.read_csv(tmp_path / "pyfeat.csv")) == len(table)
    book = pd.read_csv(tmp_path / "codebook.csv").set_index("column")
    assert book.loc["happy_change", "range"] == "-1 to 1"
    session = json.loads((tmp_path / "session.json").read_text("utf-8"))
    assert session["neutral"]["1"]["span_s"] == [1.0, 3.0]
    assert (session["neutral"]["1"]["measured_s"], session["neutral"]["1"]["frames"]) == (2.0, 60)
    assert session["neutral"]["1"]["emotions"]["happy"] == 0.25
    assert session["neutral_missing"].startswith("face 2 has no baseline")


def test_a_span_at_the_end_costs_no_memory_and_leaves_no_file(tmp_path: Path):
    count = 6000
    one = happy(1, 0.3)
    bundle = Bundle(
        tmp_path, ("csv",), SessionFacts(), WITH_CHANGES, neutral=NeutralSpan((count - 60) / FPS, count / FPS)
    )
    bundle.write(frame(0, one))
    tracemalloc.start()
    try:
        for number in range(1, count):
            bundle.write(frame(number, one))
        _, most = tracemalloc.get_traced_memory()
        held = (tmp_path / "faces.csv").read_text("utf-8").count("\n")
        pauses = sum(1 for _ in bundle.settle())
    finally:
        tracemalloc.stop()
    bundle.finish()

    # 6000 results are about 9 MB.
    assert most < MEMORY_BYTES + 1_500_000
    assert held == 1
    assert pauses == math.ceil(count / 200)
    table = pd.read_csv(tmp_path / "faces.csv", usecols=["frame", "happy_change"])
    assert table["frame"].tolist() == list(range(count))
    assert (table["happy_change"] == 0).all()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["codebook.csv", "faces.csv", "session.json"]


def test_rows_are_written_while_the_clip_goes_on_and_the_queue_ends(tmp_path: Path):
    count = 600
    bundle = Bundle(tmp_path, ("csv",), SessionFacts(), WITH_CHANGES, neutral=NeutralSpan(0.0, 10.0))
    for number in range(count):
        bundle.write(frame(number, happy(1, 0.3)))

    # The span ends with frame 300; twenty frames later, all rows before are written, and then each one at once.
    assert (tmp_path / "faces.csv").read_text("utf-8").count("\n") == count + 1
    assert list(bundle.settle()) == []
    bundle.finish()


def test_what_waits_is_given_up_when_the_analysis_fails(tmp_path: Path):
    bundle = Bundle(tmp_path, ("csv",), SessionFacts(), WITH_CHANGES, neutral=NeutralSpan(0.0, 10.0))
    bundle.write(frame(0, happy(1, 0.3)))

    bundle.close()
    bundle.close()

    assert (tmp_path / "faces.csv").read_text("utf-8").count("\n") == 1
    assert json.loads((tmp_path / "session.json").read_text("utf-8"))["whole"] is False


def test_a_value_of_your_own_analysis_that_appears_while_rows_wait_is_a_column(tmp_path: Path):
    results = [frame(n, happy(1, 0.3), extra={"late": n} if n > 50 else {}) for n in range(100)]
    written(tmp_path, NeutralSpan(0.0, 3.0), *results, formats=("csv", "parquet"))

    for table in (pd.read_csv(tmp_path / "faces.csv"), pd.read_parquet(tmp_path / "faces.parquet")):
        assert table["frame"].tolist() == list(range(100))
        assert table["extra_late"].astype(float).dropna().tolist() == list(range(51, 100))
        assert (table["happy_change"].abs() < 1e-6).all()


def test_a_disk_that_is_full_while_rows_wait_is_an_error_and_everything_is_closed(tmp_path: Path):
    bundle = Bundle(tmp_path, ("csv",), SessionFacts(), WITH_CHANGES, neutral=NeutralSpan(0.0, 1e6))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEMORY_BYTES + 100_000, limits[1]))
    try:
        with pytest.raises(OSError, match="large"):
            write_all(bundle, [frame(number, happy(1, 0.3)) for number in range(10_000)])
        with contextlib.suppress(OSError):
            bundle.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    bundle.close()

    assert (tmp_path / "faces.csv").read_text("utf-8").count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["codebook.csv", "faces.csv", "session.json"]
