import io
import json
import sys
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import EMOTIONS, FrameReport, GrayImage, PluginFault
from facestream.analysis.photos import read_gray
from facestream.cli.photo_lines import describe_photos, report_as_dict


@pytest.fixture
def photo(media_dir: Path) -> Path:
    return media_dir / "multi_face.jpg"


def test_the_report_has_only_types_of_json(analyzer: Analyzer, photo: Path):
    values = json.loads(json.dumps(report_as_dict(analyzer.analyze_still(read_gray(photo)), landmarks=True)))

    for face in values["faces"]:
        assert list(face["probabilities"]) == [str(emotion) for emotion in EMOTIONS]
        assert sum(face["probabilities"].values()) == pytest.approx(1, abs=0.01)
        assert np.shape(face["landmarks"]) == (68, 2)
        assert len(face["box"]) == 4


def test_landmarks_are_left_out_unless_asked_for(analyzer: Analyzer, photo: Path):
    values = report_as_dict(analyzer.analyze_still(read_gray(photo)), landmarks=False)

    assert "landmarks" not in values["faces"][0]


def test_one_line_is_written_for_each_image_even_after_a_bad_one(
    analyzer: Analyzer, photo: Path, tmp_path: Path
):
    (tmp_path / "bad.jpg").write_bytes(b"bad")
    out = io.StringIO()

    refused = describe_photos(analyzer, [tmp_path / "bad.jpg", photo], out, landmarks=False)

    bad, good = map(json.loads, out.getvalue().splitlines())
    assert refused == 1
    assert bad["error"].startswith(str(tmp_path / "bad.jpg"))
    assert (good["width"], good["height"]) == (1000, 667)
    assert len(good["faces"]) >= 4


class Plugged:
    """An analyzer of which each image has its own report, and which prints."""

    def __init__(self, *reports: FrameReport) -> None:
        self._reports = iter(reports)

    def analyze_still(self, _gray: GrayImage) -> FrameReport:
        sys.stdout.write("a plug-in may print\n")
        return next(self._reports)


def test_values_and_faults_of_a_plugin_are_in_the_lines(photo: Path, capsys: pytest.CaptureFixture[str]):
    fault = PluginFault("KeyError", "KeyError: 'smile'", "Traceback of the fault\n")
    analyzer = Plugged(FrameReport((), extra={"smiles": 2}), *[FrameReport((), extra_fault=fault)] * 2)

    failed = describe_photos(cast(Analyzer, analyzer), [photo] * 3, sys.stdout, landmarks=False)

    out, err = capsys.readouterr()
    first, second, third = map(json.loads, out.splitlines())
    assert failed == 2
    assert (first["extra"], "extra_fault" in first) == ({"smiles": 2}, False)
    assert second["extra_fault"] == third["extra_fault"] == "KeyError: 'smile'"
    assert err.count("a plug-in may print") == 3
    assert err.count("Traceback of the fault") == 1


def test_an_empty_report_has_no_faces():
    assert report_as_dict(FrameReport(()), landmarks=True)["faces"] == []


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "utf-8"])
@pytest.mark.parametrize("name", ["b\u00fcro.jpg", "\u9854.jpg", "\U0001f600.jpg", "\udcff.jpg"])
def test_a_report_is_json_in_every_encoding(analyzer: Analyzer, tmp_path: Path, name: str, encoding: str):
    written = io.BytesIO()
    out = io.TextIOWrapper(written, encoding=encoding)

    describe_photos(analyzer, [tmp_path / name], out, landmarks=False)

    values = json.loads(written.getvalue().decode(encoding))
    assert values["image"] == str(tmp_path / name)
