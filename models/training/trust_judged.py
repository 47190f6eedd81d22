"""Make the faces that the trust is fitted and judged with from FER+ valid, and keep them in a file.

Each face comes clean, with covers of the kinds that the net was trained with and of others, with landmarks that do not
lie on it, in the dark, blurred and small. One half of the faces is for fitting, the other for figures.
"""

import multiprocessing
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.analysis.model_files import read_manifest
from facestream.analysis.options import LandmarkModelName
from models.training.dataset import load_faces
from models.training.trust_covers import COVERS, HARMLESS, HELD_OUT, Cover
from models.training.trust_dataset import predictor_of
from models.training.trust_faces import UNSTABLE_NME, FaceMaker, Sample

SEED = 20261129
VERSION = 2
"""Of the faces in the cache. Change it when the server predicts landmarks otherwise."""
_CHUNK = 120
_PROCESSES = 2

Gray = NDArray[np.uint8]
Make = Callable[[FaceMaker, Gray, NDArray[np.float32], Gray], Sample]
Arrays = dict[str, NDArray[Any]]


def _any_of(covers: Mapping[str, Cover]) -> Make:
    every = list(covers.values())
    return lambda maker, image, points, donor: maker.covered(
        image, points, donor, every[maker.rng.integers(len(every))]
    )


def _this(cover: Cover) -> Make:
    return lambda maker, image, points, donor: maker.covered(image, points, donor, cover)


def darkened(image: Gray, gain: float, rng: np.random.Generator) -> Gray:
    """As a camera shows the face in less light: luma from 16, some noise, whole levels."""
    luma = 16 + 219 / 255 * gain * image.astype(np.float32) + rng.normal(0, 1.5, image.shape)
    return np.asarray(np.clip(np.rint(luma), 0, 255), np.uint8)


def _dark(low: float, high: float) -> Make:
    def make(maker: FaceMaker, image: Gray, points: NDArray[np.float32], _donor: Gray) -> Sample:
        gain = float(np.exp(maker.rng.uniform(np.log(low), np.log(high))))
        return maker.clean(darkened(image, gain, maker.rng), points)

    return make


def _blurred(maker: FaceMaker, image: Gray, points: NDArray[np.float32], _donor: Gray) -> Sample:
    soft = cv2.GaussianBlur(image, (0, 0), float(maker.rng.uniform(0.7, 4.0)))
    return maker.clean(np.asarray(soft, np.uint8), points)


KINDS: dict[str, Make] = {
    "clean": lambda maker, image, points, _donor: maker.clean(image, points),
    "harmless": _any_of(HARMLESS),
    "covered": _any_of(COVERS),
    "mask": _this(COVERS["surgical"]),
    "sunglasses": _this(COVERS["sunglasses"]),
    **{f"new_{name}": _this(cover) for name, cover in HELD_OUT.items()},
    "far_off": lambda maker, image, points, _donor: maker.far_off(image, points),
    "jittered": lambda maker, image, points, _donor: maker.jittered(image, points),
    "half": lambda maker, image, points, donor: maker.half_on_background(image, points, donor),
    "dark": _dark(0.02, 0.6),
    "blurred": _blurred,
}
"""By name; those with `new_` are covers that the net was not trained with."""


def judged_faces(
    data_dir: Path, models_dir: Path, cache_dir: Path, landmarks: LandmarkModelName = "dlib"
) -> Arrays:
    """The faces with the landmarks of this model, as the server predicts them.

    By kind: `KIND/images` (N, 48, 48), `KIND/landmarks` (N, 68, 2) and `KIND/visibility` (N, 3).

    The last are shares of the eyes and the mouth that are hidden (NaN: not known), and the NME. Also `majority` (N,),
    `votes` (N, 7), `found`: whether dlib found the clean face and its landmarks are stable, and `fit`: whether the face
    is for fitting.
    """
    cache = cache_dir / f"trust_judged_{VERSION}_{landmarks}.npz"
    if not cache.exists():
        predictor = models_dir / "cache" / read_manifest(models_dir)["landmarks"].file
        faces = load_faces(data_dir / "valid.npz", predictor, cache_dir)
        parts = np.array_split(np.arange(len(faces.images)), len(faces.images) // _CHUNK)
        jobs = [(number, faces.images[part], faces.landmarks_xy[part]) for number, part in enumerate(parts)]
        with multiprocessing.get_context("spawn").Pool(_PROCESSES) as pool:
            made = pool.map(partial(_judged_chunk, models_dir=models_dir, model=landmarks), jobs, chunksize=1)
        arrays: Arrays = {name: np.concatenate([each[name] for each in made]) for name in made[0]}
        arrays["found"] = (arrays["moved"] <= UNSTABLE_NME) & (faces.boxes[:, 4] > 0)
        arrays |= {"majority": faces.majority, "votes": faces.soft_labels}
        arrays["fit"] = np.random.default_rng(SEED).random(len(faces.images)) < 0.5
        np.savez(cache, allow_pickle=False, **arrays)
    with np.load(cache) as stored:
        return dict(stored)


def _judged_chunk(
    job: tuple[int, Gray, NDArray[np.float32]], models_dir: Path, model: LandmarkModelName
) -> Arrays:
    cv2.setNumThreads(1)
    number, images, landmarks = job
    maker = FaceMaker(predictor_of(models_dir, model), np.random.default_rng((SEED, number)))
    rows: dict[str, list[Sample]] = {kind: [] for kind in KINDS}
    moved = []
    for image, cached in zip(images, landmarks, strict=True):
        # The cached landmarks are dlib's: another model's points are stable when they stay where it put them itself.
        first = cached if model == "dlib" else maker.true_landmarks(image, cached)[0]
        points, by = maker.true_landmarks(image, first)
        moved.append(by)
        donor = images[maker.rng.integers(len(images))]
        for kind, make in KINDS.items():
            rows[kind].append(make(maker, image, points, donor))
    arrays: Arrays = {"moved": np.array(moved)}
    for kind, samples in rows.items():
        arrays[f"{kind}/images"] = np.stack([sample.image for sample in samples])
        arrays[f"{kind}/landmarks"] = np.stack([sample.landmarks_xy for sample in samples])
        arrays[f"{kind}/visibility"] = np.array([(s.hidden_eyes, s.hidden_mouth, s.nme) for s in samples])
    return arrays
