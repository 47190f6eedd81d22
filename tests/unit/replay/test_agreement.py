"""How far live results agree with offline ones of the same clip."""

import csv
from pathlib import Path

import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.photos import read_gray
from facestream.errors import ConfigError
from facestream.messages.telemetry import decode_telemetry, encode_telemetry
from facestream.replay.agreement import Comparison, Frames, Seen, agreement_of, read_results
from facestream.results.faces_table import FACES
from facestream.results.record import FrameResult, result_of, telemetry_of
from facestream.results.tables import CsvWriter, TableOptions

HAPPY = Seen((100, 100, 50, 50), "happy", None)


def moving(label: str = "happy", frames: int = 60) -> Frames:
    """A face that moves over the frame, back and forth."""
    return [
        (number / 30, (Seen((100 + 40 * np.sin(number / 4), 100, 50, 50), label, None),))
        for number in range(frames)
    ]


def test_a_clip_agrees_with_itself():
    agreement = agreement_of(moving(), moving())

    assert (agreement.same_label, agreement.box_overlap, agreement.shift_s) == (1, 1, 0)
    assert (agreement.frames, agreement.faces_live_only, agreement.faces_offline_only) == (60, 0, 0)


def test_a_live_clock_that_began_late_is_found():
    live = [(time_s - 5 / 30, seen) for time_s, seen in moving()[5:]]

    agreement = agreement_of(live, moving())

    assert agreement.shift_s == pytest.approx(5 / 30, abs=0.001)
    assert agreement.box_overlap == pytest.approx(1, abs=0.001)


def test_other_labels_and_faces_of_one_side_are_counted():
    far = Seen((500, 100, 50, 50), "sad", None)
    live: Frames = [(0.0, (HAPPY, far)), (0.1, (HAPPY,)), (0.2, ())]
    offline: Frames = [(0.0, (Seen(HAPPY.box, "sad", None),)), (0.1, (HAPPY,)), (0.2, (far,))]

    agreement = agreement_of(live, offline)

    assert (agreement.frames, agreement.faces) == (3, 2)
    assert (agreement.faces_live_only, agreement.faces_offline_only) == (1, 1)
    assert agreement.same_label == 0.5
    assert agreement.agreement == 0.25


def test_landmarks_are_compared_in_shares_of_the_face():
    points = np.zeros((68, 2), np.float32)
    one = Seen((0, 0, 100, 100), "happy", points)
    other = Seen((0, 0, 100, 100), "happy", points + np.array([3, 4], np.float32))

    assert agreement_of([(0.0, (one,))], [(0.0, (other,))]).landmarks_percent == pytest.approx(5)


def test_results_of_another_time_have_nothing_in_common():
    agreement = agreement_of([(50.0, (HAPPY,))], [(0.0, (HAPPY,))])

    assert agreement.frames == 0
    assert "is it of the same clip?" in agreement.as_text()


@pytest.fixture
def result(analyzer: Analyzer, media_dir: Path) -> FrameResult:
    gray = read_gray(media_dir / "multi_face.jpg")
    return result_of(analyzer.analyze_still(gray), 0, 0.5, (gray.shape[1], gray.shape[0]))


def test_both_files_that_analyze_writes_are_read_alike(result: FrameResult, tmp_path: Path):
    with (tmp_path / "faces.csv").open("w", encoding="utf-8", newline="") as file:
        writer = CsvWriter(FACES, file, TableOptions())
        writer.write(result)
        writer.close()
    (tmp_path / "frames.jsonl").write_text(encode_telemetry(telemetry_of(result)) + "\n")

    table, lines = (read_results(tmp_path / name) for name in ("faces.csv", "frames.jsonl"))

    assert [time_s for time_s, _ in table] == [time_s for time_s, _ in lines] == [0.5]
    assert [face.label for face in table[0][1]] == [face.label for face in lines[0][1]]
    agreement = agreement_of(lines, table)
    assert agreement.faces == len(result.faces)
    assert agreement.landmarks_percent is not None
    assert agreement.landmarks_percent < 1


def test_telemetry_is_collected_and_compared(result: FrameResult, tmp_path: Path):
    line = encode_telemetry(telemetry_of(result))
    (tmp_path / "frames.jsonl").write_text(line + "\n")
    comparison = Comparison(tmp_path / "frames.jsonl")

    comparison.add(decode_telemetry(line))

    assert comparison.agreement().same_label == 1


def test_the_markers_of_a_telemetry_file_are_skipped(result: FrameResult, tmp_path: Path):
    path = tmp_path / "telemetry.jsonl"
    marker = '{"type":"marker","name":"cat 7","note":"","pts":0.0}'
    path.write_text(f"{marker}\n{encode_telemetry(telemetry_of(result))}\n{marker}\n")

    assert len(read_results(path)) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "has no frame"),
        ("a,b\n1,2\n", "has no column 'time_s'"),
        ("time_s,face_id,box_left,box_top,box_width,box_height,label\n1,1,2,3,wide,5,sad\n", "is damaged"),
        ("time_s,face_id\nnan,\n", "is damaged"),
        ('{"v": 1}\n', "is damaged"),
        ("\x00\xff", "has no "),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: str, reason: str):
    (tmp_path / "file").write_text(content)

    with pytest.raises(ConfigError, match=rf"^--compare: .*{reason}.*expected a faces.csv"):
        read_results(tmp_path / "file")


def test_a_file_that_is_missing_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"--compare: .* cannot be read"):
        Comparison(tmp_path / "missing.csv")


def test_empty_frames_of_a_table_count_as_frames(tmp_path: Path):
    with (tmp_path / "faces.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["time_s", "face_id"], ["0.0", ""], ["0.1", ""]])

    assert read_results(tmp_path / "faces.csv") == [(0.0, ()), (0.1, ())]
