import json
import shutil
from pathlib import Path

import pytest

from facestream.analysis.model_files import read_manifest
from facestream.analysis.models import load_analyzer
from facestream.analysis.options import AnalysisOptions, EmotionModelName
from facestream.errors import ModelFileError
from facestream.resources import MODELS_DIR

WITH_MINI_XCEPTION = AnalysisOptions(emotion_model="mini_xception")


@pytest.fixture
def models_copy(tmp_path: Path) -> Path:
    shutil.copytree(MODELS_DIR, tmp_path / "models", ignore=shutil.ignore_patterns("training", "*.dat"))
    # A link, because no test changes its 100 MB.
    landmarks = Path("cache", read_manifest(MODELS_DIR)["landmarks"].file)
    (tmp_path / "models" / landmarks).symlink_to(MODELS_DIR / landmarks)
    return tmp_path / "models"


def test_every_model_has_a_source_in_the_manifest():
    for entry in read_manifest(MODELS_DIR).values():
        assert entry.licence
        assert entry.version
        assert len(entry.sha256) == 64


def test_a_changed_file_is_rejected_with_its_name_and_what_to_do(models_copy: Path):
    model = models_copy / "cache" / "mini_xception.tflite"
    model.write_bytes(model.read_bytes()[:-1] + b"\x00")

    with pytest.raises(ModelFileError, match=r"mini_xception\.tflite: sha256 .*, expected .*make models"):
        load_analyzer(models_copy, WITH_MINI_XCEPTION)


def test_a_missing_file_is_rejected_with_its_name_and_what_to_do(models_copy: Path):
    (models_copy / "cache" / "mini_xception.tflite").unlink()

    with pytest.raises(ModelFileError, match=r"mini_xception\.tflite: missing.*make models"):
        load_analyzer(models_copy, WITH_MINI_XCEPTION)


@pytest.mark.parametrize("model", ["emotion", "mini_xception"])
def test_both_emotion_models_can_be_chosen(model: EmotionModelName):
    load_analyzer(MODELS_DIR, AnalysisOptions(emotion_model=model))


def test_a_file_that_is_not_a_model_is_rejected(models_copy: Path):
    import hashlib

    model, manifest = models_copy / "cache" / "mini_xception.tflite", models_copy / "manifest.json"
    model.write_bytes(b"no model")
    entries = json.loads(manifest.read_text())
    entries["mini_xception"]["sha256"] = hashlib.sha256(b"no model").hexdigest()
    manifest.write_text(json.dumps(entries))

    with pytest.raises(ModelFileError, match="not a TFLite model"):
        load_analyzer(models_copy, WITH_MINI_XCEPTION)


@pytest.mark.parametrize("text", ["", "[]", '{"landmarks": {}}'])
def test_a_broken_manifest_is_rejected(models_copy: Path, text: str):
    (models_copy / "manifest.json").write_text(text)

    with pytest.raises(ModelFileError, match=r"manifest\.json"):
        load_analyzer(models_copy, WITH_MINI_XCEPTION)
