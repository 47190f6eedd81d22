import io
import json
from pathlib import Path

import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import EMOTIONS, FrameReport
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
