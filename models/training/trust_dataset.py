"""Make the crops that the trust net is trained with from FER+ train, and keep them in a file; trains nothing."""

import multiprocessing
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.analysis.dlib_landmarks import DlibLandmarks
from facestream.analysis.emotion.alignment import align_face
from facestream.analysis.landmarks import LandmarkPredictor
from facestream.analysis.mesh_landmarks import MeshLandmarks
from facestream.analysis.model_files import checked_path, read_manifest
from facestream.analysis.options import LandmarkModelName
from models.training.dataset import CROP_PX, load_faces
from models.training.trust_covers import COVERS, HARMLESS
from models.training.trust_faces import UNSTABLE_NME, FaceMaker, Sample, hidden_target, misplaced_target

_CHUNK = 400
_PROCESSES = 2

Arrays = dict[str, NDArray[Any]]


def training_crops(data_dir: Path, models_dir: Path, cache_dir: Path, seed: int) -> Arrays:
    """`crops` uint8 (N, 48, 48) and `targets` float32 (N, 3): eyes hidden, mouth hidden, misplaced; NaN: not known.

    Three crops of each face: as it is or with something harmless, with a cover, with landmarks that do not lie on it.
    """
    cache = cache_dir / f"trust_crops_{seed}.npz"
    if not cache.exists():
        predictor = models_dir / "cache" / read_manifest(models_dir)["landmarks"].file
        faces = load_faces(data_dir / "train.npz", predictor, cache_dir)
        known = np.flatnonzero(faces.boxes[:, 4] > 0)  # elsewhere the place of the face was assumed
        chunks = [
            (faces.images[part], faces.landmarks_xy[part])
            for part in np.array_split(known, len(known) // _CHUNK)
        ]
        jobs = [(number, *chunk) for number, chunk in enumerate(chunks)]
        with multiprocessing.get_context("spawn").Pool(_PROCESSES) as pool:
            made = pool.map(partial(_crops_of_chunk, models_dir=models_dir, seed=seed), jobs, chunksize=1)
        np.savez(
            cache, crops=np.concatenate([m[0] for m in made]), targets=np.concatenate([m[1] for m in made])
        )
    with np.load(cache) as stored:
        return dict(stored)


def predictor_of(models_dir: Path, landmarks: LandmarkModelName = "dlib") -> LandmarkPredictor:
    """The server's own predictor."""
    if landmarks == "mesh":
        return MeshLandmarks(checked_path(models_dir, "mesh"))
    entry = read_manifest(models_dir)["landmarks"]
    return DlibLandmarks(models_dir / "cache" / entry.file, entry.sha256)


def misplaced(
    maker: FaceMaker, image: NDArray[np.uint8], points: NDArray[np.float32], donor: NDArray[np.uint8]
) -> Sample:
    """The face with landmarks that, in most cases, do not lie on it."""
    draw = maker.rng.random()
    if draw < 0.4:
        return maker.far_off(image, points)
    if draw < 0.65:
        return maker.jittered(image, points)
    if draw < 0.85:
        return maker.half_on_background(image, points, donor)
    return maker.no_face(image, points)


def _crops_of_chunk(
    job: tuple[int, NDArray[np.uint8], NDArray[np.float32]], models_dir: Path, seed: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    cv2.setNumThreads(1)
    number, images, landmarks = job
    rng = np.random.default_rng((seed, number))
    maker = FaceMaker(predictor_of(models_dir), rng)
    covers, harmless = list(COVERS.values()), list(HARMLESS.values())
    samples = []
    for image, cached in zip(images, landmarks, strict=True):
        points, moved = maker.true_landmarks(image, cached)
        if moved > UNSTABLE_NME:
            continue
        donor, other = images[rng.integers(len(images), size=2)]
        samples.append(
            maker.clean(image, points)
            if rng.random() < 0.6
            else maker.covered(image, points, donor, harmless[rng.integers(len(harmless))])
        )
        samples.append(maker.covered(image, points, donor, covers[rng.integers(len(covers))]))
        samples.append(misplaced(maker, image, points, other))
    crops = np.stack([align_face(sample.image, sample.landmarks_xy, CROP_PX) for sample in samples])
    hidden = np.array([(sample.hidden_eyes, sample.hidden_mouth) for sample in samples])
    nme = np.array([sample.nme for sample in samples])
    return crops, np.column_stack([hidden_target(hidden), misplaced_target(nme)]).astype(np.float32)
