"""`facestream analyze --neutral`, as a person starts it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from facestream.analysis.faces import EMOTIONS
from facestream.offline.options import OfflineOptions
from tests.conftest import environment_of_the_checkout
from tests.times import seconds

SHORT, LONG = "single_face.mp4", "WolfgangLanger_Pexels.mp4"
CHANGES = [f"{name}_change" for name in EMOTIONS]


def analyze(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "facestream", "analyze", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=seconds(120),
        env=environment_of_the_checkout(),
        check=False,
    )


def session_of(folder: Path) -> dict[str, dict[str, dict[str, object]]]:
    content: dict[str, dict[str, dict[str, object]]] = json.loads(
        (folder / "session.json").read_text("utf-8")
    )
    return content


def test_a_clip_has_the_differences_to_the_mean_of_the_span_and_a_report_with_them(
    tmp_path: Path, media_dir: Path
):
    clip, out = media_dir / LONG, tmp_path / "out"
    asked = ("--format", "csv,html", "--images", "--every", "2")
    first = analyze(clip, "--out", out, *asked, "--neutral", "0:10-0:15")
    again = analyze(clip, "--out", out, *asked, "--neutral", "10-15")
    other = analyze(clip, "--out", tmp_path / "plain", "--format", "csv", "--every", "2")

    assert [first.returncode, again.returncode, other.returncode] == [0, 0, 0], first.stderr
    assert "1 skipped" in again.stdout
    table = pd.read_csv(out / clip.stem / "faces.csv")
    # The values are those without --neutral.
    plain = pd.read_csv(tmp_path / "plain" / clip.stem / "faces.csv")
    pd.testing.assert_frame_equal(table.drop(columns=CHANGES), plain)
    inside = table[(table["time_s"] >= 10) & (table["time_s"] < 15) & table["unsure"].isna()]
    rest = session_of(out / clip.stem)["neutral"]["1"]
    assert rest["frames"] == len(inside)
    emotions = rest["emotions"]
    assert isinstance(emotions, dict)
    for name in EMOTIONS:
        assert inside[name].mean() == pytest.approx(emotions[name], abs=0.0011)
        assert (table[name] - emotions[name] - table[f"{name}_change"]).abs().max() < 0.0011
    assert table["happy_change"].min() < -0.9  # before the smile
    report = (out / clip.stem / "report.html").read_text("utf-8")
    assert "Neutral face, the mean from 0:10 to 0:15" in report
    assert "data:image/jpeg;base64," in report


def test_each_file_has_its_own_baseline_and_two_processes_write_the_same(tmp_path: Path, media_dir: Path):
    videos = tmp_path / "videos"
    videos.mkdir()
    for name in (SHORT, LONG, "no_face.mp4"):
        shutil.copy(media_dir / name, videos)
    asked = ("--neutral", "1-2", "--end", "2.5", "--combine")
    runs = [analyze(videos, "--out", tmp_path / n, "--processes", n, *asked) for n in ("1", "2")]

    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr
    one, two = ((tmp_path / n / "faces.csv").read_bytes() for n in ("1", "2"))
    assert one == two
    joined = pd.read_csv(tmp_path / "1" / "faces.csv")
    assert set(CHANGES) <= set(joined.columns)
    rests = [session_of(tmp_path / "1" / Path(name).stem)["neutral"] for name in (SHORT, LONG)]
    assert rests[0]["1"]["emotions"] != rests[1]["1"]["emotions"]
    assert session_of(tmp_path / "1" / "no_face")["neutral"] == {}


def test_another_span_is_another_result_and_a_clip_that_ends_before_it_keeps_its_values(
    tmp_path: Path, media_dir: Path
):
    out = tmp_path / "out"
    first = analyze(media_dir / SHORT, "--out", out, "--neutral", "0-2")
    late = analyze(media_dir / SHORT, "--out", out, "--neutral", "5-10")

    assert (first.returncode, late.returncode) == (0, 1)
    assert "skipped" not in late.stdout
    assert "the video ends at 2.4 s, before 5 s, where --neutral begins" in late.stderr
    source = pd.read_csv(out / "sources.csv").iloc[0]
    assert source["status"] == "incomplete"
    assert source["problem"].startswith("no face has a baseline")
    table = pd.read_csv(out / "single_face" / "faces.csv")
    assert len(table) == 72
    assert table["happy"].notna().all()
    assert table[CHANGES].isna().all(axis=None)


def test_an_image_with_the_name_of_a_video_is_refused(tmp_path: Path, media_dir: Path):
    image = tmp_path / "image.mp4"
    shutil.copy(media_dir / "multi_face.jpg", image)

    run = analyze(image, "--out", tmp_path / "out", "--neutral", "0-2")

    assert run.returncode == 1
    assert "is one image" in run.stderr
    assert not (tmp_path / "out" / "image").exists()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"neutral_s": (1.0, 1.5)}, "expected 1 s or more"),
        ({"neutral_s": (5.0, float("inf"))}, "expected 1 s or more"),
        ({"neutral_s": (0.0, 2.0), "start_s": 1.0}, "not in the part that is analysed, 1 s to the end"),
        ({"neutral_s": (0.0, 9.0), "end_s": 8.0}, "not in the part that is analysed, 0 to 8 s"),
        ({"neutral_s": (4.0, 9.0), "start_s": 3.0, "duration_s": 5.0}, "3 to 8 s"),
    ],
)
def test_a_span_outside_of_the_analysed_part_is_refused(given: dict[str, object], named: str):
    with pytest.raises(ValueError, match=named):
        OfflineOptions(**given)  # type: ignore[arg-type]


def test_a_span_may_be_all_of_the_analysed_part():
    options = OfflineOptions(neutral_s=(3.0, 8.0), start_s=3.0, duration_s=5.0)

    assert options.settings()["neutral_s"] == [3.0, 8.0]
