"""Reports of a clip in a program: as `facestream analyze` finds them."""

from pathlib import Path

import pytest

import facestream
from facestream.analysis.analyzer import Analyzer
from facestream.errors import ClipError


def test_every_frame_of_a_part_has_its_time_and_report(analyzer: Analyzer, media_dir: Path):
    found = list(
        facestream.analyze_clip(str(media_dir / "single_face.mp4"), analyzer, every=3, start_s=0.5, end_s=1.0)
    )

    assert [round(time_s, 1) for time_s, _ in found] == [0.5, 0.6, 0.7, 0.8, 0.9]
    assert all(len(report.faces) == 1 and report.degradation == 0 for _, report in found)


def test_a_photograph_has_one_report(analyzer: Analyzer, media_dir: Path):
    ((time_s, report),) = facestream.analyze_clip(media_dir / "multi_face.jpg", analyzer)

    assert time_s == 0
    assert len(report.faces) == 5


def test_a_missing_file_is_refused_at_once(analyzer: Analyzer):
    with pytest.raises(ClipError):
        facestream.analyze_clip("missing.mp4", analyzer)


@pytest.mark.parametrize("given", [{"every": 0}, {"start_s": -1.0}, {"start_s": 2.0, "end_s": 1.0}])
def test_a_number_out_of_range_is_refused(analyzer: Analyzer, media_dir: Path, given: dict[str, float]):
    with pytest.raises(ValueError, match="expected every from 1, and a start before the end"):
        facestream.analyze_clip(media_dir / "single_face.mp4", analyzer, **given)  # type: ignore[arg-type]
