"""What decides whether results of an earlier run are taken."""

from pathlib import Path

import pytest

from facestream.analysis.options import AnalysisOptions
from facestream.offline.made_with import made_with
from facestream.offline.options import OfflineOptions
from facestream.resources import MODELS_DIR


def with_plugin(spec: str) -> dict[str, object]:
    return made_with(OfflineOptions(analysis=AnalysisOptions(analyzer=spec)), MODELS_DIR)


def test_the_models_are_part_of_it():
    models = made_with(OfflineOptions(), MODELS_DIR)["models"]

    assert isinstance(models, dict)
    assert models
    assert all(len(checksum) == 64 for checksum in models.values())


def test_a_plugin_with_other_code_makes_other_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "own_made_with.py"
    path.write_text("def count(frame_luma, report):\n    return {'faces': 1}\n")
    first, again = with_plugin("own_made_with:count"), with_plugin("own_made_with:count")
    path.write_text("raise SystemExit('not imported here')\n")

    assert first == again
    assert with_plugin("own_made_with:count") != first


@pytest.mark.parametrize("spec", ["", "no_such_module_anywhere:count", "json.no_such:count", ":", "sys:exit"])
def test_what_has_no_file_is_left_to_the_analysis(spec: str):
    assert with_plugin(spec)["analyzer_sha256"] == ""
