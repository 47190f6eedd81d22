"""Measure what the visibility of the analysis are worth: on faces that are clean, covered, badly met, dark or blurred.

The faces are those of FER+ valid that no limit and no weight was fitted on (one half, by chance). Covers are drawn;
those named `new` are of kinds that the trust net was not trained with. In the same run: the reasons as they were
before the net (`before`), and the best probability alone in place of `trust`. Also: a second prediction of the
landmarks from another box, as another way to notice that they do not lie on the face. `--landmarks mesh` measures the
same with the other landmark model.
"""

import time
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import measured
from facestream.analysis.emotion.label import HIDDEN_FROM, MISPLACED_FROM
from facestream.analysis.emotion.reader import Look, OwnEmotionNet
from facestream.analysis.faces import BoundingBox
from facestream.analysis.following import predict_with_contrast
from facestream.analysis.geometry import eye_distance_px, head_pose, tilt_deg
from facestream.analysis.landmarks import LandmarkPredictor, box_of_landmarks
from facestream.analysis.model_files import checked_path
from facestream.analysis.options import LandmarkModelName
from facestream.analysis.trust.calibration import calibration_of
from facestream.analysis.trust.reader import TrustNet
from facestream.resources import MODELS_DIR
from models.training.dataset import CROP_PX
from models.training.trust_dataset import predictor_of
from models.training.trust_faces import FAILED_NME
from models.training.trust_judged import KINDS, Arrays, darkened, judged_faces
from models.training.trust_measured import FRAME_PX, Measured, measure

BINS = 10
MIXED = ("clean", "new_hand", "new_cloth", "new_cup", "new_mirrored", "far_off", "half")
"""A set with both: clean faces count as much as the others together."""
GAINS = (1.0, 0.5, 0.25, 0.15, 0.1, 0.07, 0.05, 0.03)
EYES_PX = (18.0, 14.0, 12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0)
MARGIN_PX = 16
"""Repeated edge around a face before it is shrunk."""
SIDEWAYS_DEG = 25.0
"""A face that is turned further has eyes that are near each other without being small."""

Mask = NDArray[np.bool_]


def main() -> None:
    parser = measured.parser(__doc__ or "")
    parser.add_argument("--data", type=Path, required=True, help="folder with valid.npz (FER+)")
    parser.add_argument("--landmarks", choices=get_args(LandmarkModelName), default="dlib")
    parser.add_argument(
        "--cache",
        type=Path,
        default=measured.ROOT / "build" / "bench",
        help="folder that keeps landmarks and drawn faces; drawing them takes about five minutes of two cores",
    )
    options = parser.parse_args()
    before = measured.circumstances()
    cv2.setNumThreads(1)
    arrays = judged_faces(options.data, MODELS_DIR, options.cache, options.landmarks)
    predictor = predictor_of(MODELS_DIR, options.landmarks)
    chosen = ~arrays["fit"].astype(bool)
    if options.quick:
        chosen[400:] = False
    kept: Arrays = {name: values[chosen] for name, values in arrays.items()}
    emotions = OwnEmotionNet(checked_path(MODELS_DIR, "emotion"))
    visibility = TrustNet(checked_path(MODELS_DIR, "trust"))
    faces = {}
    for kind in KINDS:
        measured.say(kind)
        faces[kind] = measure(kept, kind, emotions, visibility, calibration_of("emotion"))
    truth, found = kept["majority"], kept["found"].astype(bool)
    figures: dict[str, object] = {
        "faces": len(truth),
        "with known landmarks": int(found.sum()),
        "unsure": {kind: _unsure(each, truth) for kind, each in faces.items()},
        "goals": _goals(kept, faces, found),
        "named on a set with both": _named(faces, truth),
        "trust": _trust(faces, truth),
        "darkness": _darkness(kept, predictor, emotions, visibility, truth),
        "size": _sizes(kept, predictor, emotions, visibility),
        "agreement of two predictions": _agreement(kept, predictor, faces),
        "ms": _cost(kept, visibility),
    }
    measured.write("analysis_trust", options, before, figures)


def _unsure(faces: Measured, truth: NDArray[np.int64]) -> dict[str, object]:
    right = faces.word == truth
    reasons, counts = np.unique(faces.now[faces.now != ""], return_counts=True)
    return {
        "accuracy of all": _share(right),
        "unsure before": _share(faces.before != ""),
        "unsure now": _share(faces.now != ""),
        "accuracy of the named, before": _share(right[faces.before == ""]),
        "accuracy of the named, now": _share(right[faces.now == ""]),
        "reasons": {
            str(reason): round(count / len(truth), 3) for reason, count in zip(reasons, counts, strict=True)
        },
    }


def _goals(kept: Arrays, faces: dict[str, Measured], found: Mask) -> dict[str, object]:
    """Shares that are unsure, before and now."""

    def shares(kinds: tuple[str, ...], which: str) -> dict[str, float | int]:
        masks = []
        for kind in kinds:
            eyes, mouth, nme = kept[f"{kind}/visibility"].T
            masks.append(
                found
                & {
                    "failed": nme > FAILED_NME,
                    "mouth": np.nan_to_num(mouth) >= 0.5,
                    "eyes": np.nan_to_num(eyes) >= 0.5,
                    "any": np.ones(len(nme), bool),
                }[which]
            )
        return {
            "faces": int(sum(mask.sum() for mask in masks)),
            "before": _share(
                np.concatenate([faces[k].before[m] != "" for k, m in zip(kinds, masks, strict=True)])
            ),
            "now": _share(np.concatenate([faces[k].now[m] != "" for k, m in zip(kinds, masks, strict=True)])),
            "new reasons": _share(
                np.concatenate([_is_new(faces[k])[m] for k, m in zip(kinds, masks, strict=True)])
            ),
        }

    new = ("new_hand", "new_cloth", "new_cup", "new_mirrored")
    known = ("covered", "mask", "sunglasses")
    return {
        "failed meshes, from boxes far off": shares(("far_off",), "failed"),
        "failed meshes, moved": shares(("jittered",), "failed"),
        "failed meshes, half on background": shares(("half",), "failed"),
        "failed meshes, on covers of new kinds": shares(new, "failed"),
        "covered mouths, new kinds": shares(new, "mouth"),
        "covered mouths, known kinds": shares(known, "mouth"),
        "covered eyes, new kinds": shares(new, "eyes"),
        "covered eyes, known kinds": shares(known, "eyes"),
        "clean": shares(("clean",), "any"),
        "clean with glasses, beards, shadows": shares(("harmless",), "any"),
    }


def _named(faces: dict[str, Measured], truth: NDArray[np.int64]) -> dict[str, float]:
    """Accuracy of what is named where half of the faces are clean and half are not, and how many are named."""
    clean, others = faces["clean"], [faces[kind] for kind in MIXED if kind != "clean"]
    right = np.concatenate([clean.word == truth, *(each.word == truth for each in others)])
    weights = np.concatenate([np.full(len(truth), len(others)), np.ones(len(truth) * len(others))])
    figures = {"accuracy of all": float(np.average(right, weights=weights))}
    for when in ("before", "now"):
        named = np.concatenate([getattr(each, when) == "" for each in (clean, *others)])
        figures[f"named {when}"] = float(np.average(named, weights=weights))
        figures[f"accuracy of the named, {when}"] = float(np.average(right[named], weights=weights[named]))
    return {name: round(value, 4) for name, value in figures.items()}


def _trust(faces: dict[str, Measured], truth: NDArray[np.int64]) -> dict[str, object]:
    """How well each number says how probable it is that the word is right."""
    sets = {
        "clean": ("clean",),
        "covered, new kinds": tuple(kind for kind in KINDS if kind.startswith("new_")),
        "misplaced": ("far_off", "jittered", "half"),
        "dark": ("dark",),
        "blurred": ("blurred",),
        "both": MIXED,
    }
    figures: dict[str, object] = {}
    for name, kinds in sets.items():
        right = np.concatenate([faces[kind].word == truth for kind in kinds])
        numbers = {
            "best probability": np.concatenate([faces[kind].probabilities.max(axis=1) for kind in kinds]),
            "trust": np.concatenate([faces[kind].trust for kind in kinds]),
        }
        figures[name] = {
            said: {
                "mean": round(float(values.mean()), 3),
                "right": _share(right),
                "ece": round(_ece(values, right), 4),
                "auc": round(_auc(values, right), 4),
                "accuracy of the most trusted 90, 75, 50 %": _curve(values, right),
            }
            for said, values in numbers.items()
        }
    return figures


def _darkness(
    kept: Arrays,
    predictor: LandmarkPredictor,
    emotions: OwnEmotionNet,
    visibility: TrustNet,
    truth: NDArray[np.int64],
) -> dict[str, object]:
    """Clean faces in less and less light: luma as a camera gives it, with noise, in whole levels."""
    rng = np.random.default_rng(0)
    figures: dict[str, object] = {}
    count = min(800, len(truth))
    for gain in GAINS:
        images, points = [], []
        for image, clean in zip(kept["clean/images"][:count], kept["clean/landmarks"][:count], strict=True):
            dark = darkened(image, gain, rng)
            large = cv2.resize(dark, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
            start = np.asarray((clean + 0.5) * 4 - 0.5, np.float32)
            box, tilt = box_of_landmarks(start), tilt_deg(start)
            found, _ = predict_with_contrast(predictor, np.asarray(large, np.uint8), box, tilt)
            images.append(dark)
            points.append((found + 0.5) / 4 - 0.5)
        sample: Arrays = {
            "dark/images": np.stack(images),
            "dark/landmarks": np.stack(points).astype(np.float32),
        }
        each = measure(sample, "dark", emotions, visibility, calibration_of("emotion"))
        figures[str(gain)] = {
            "luma and contrast": [round(float(value), 1) for value in np.median(each.light, axis=0)],
            **{name: value for name, value in _unsure(each, truth[:count]).items() if name != "reasons"},
            "dark": _share(each.now == "dark"),
        }
    return figures


def _sizes(
    kept: Arrays, predictor: LandmarkPredictor, emotions: OwnEmotionNet, visibility: TrustNet
) -> dict[str, object]:
    """Clean faces, sharp and larger than 14 px from eye to eye, shrunk: how often the word is right."""
    landmarks = kept["clean/landmarks"]
    turned = np.array([_yaw_deg(points) for points in landmarks]) > SIDEWAYS_DEG
    large = np.array([eye_distance_px(points) for points in landmarks]) > max(EYES_PX[1:])
    chosen = np.flatnonzero(kept["found"].astype(bool) & large & ~turned)[:500]
    figures: dict[str, object] = {"faces": len(chosen)}
    for eyes_px in EYES_PX:
        right, hidden, misplaced = [], [], []
        for number in chosen:
            image, points = kept["clean/images"][number], landmarks[number]
            share = min(1.0, eyes_px / eye_distance_px(points))
            side = round(share * (image.shape[0] + 2 * MARGIN_PX))
            share = side / (image.shape[0] + 2 * MARGIN_PX)
            edge = MARGIN_PX
            framed = cv2.copyMakeBorder(image, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
            small = np.asarray(cv2.resize(framed, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
            start = np.asarray((points + MARGIN_PX + 0.5) * share - 0.5, np.float32)
            found, _ = predict_with_contrast(predictor, small, box_of_landmarks(start), tilt_deg(start))
            read = emotions.read(small, box_of_landmarks(found), found, Look.BOTH)
            right.append(int(read.argmax()) == kept["majority"][number])
            _, mouth, off = visibility.read(small, found)
            hidden.append(mouth > HIDDEN_FROM)
            misplaced.append(off > MISPLACED_FROM)
        figures[f"{eyes_px:.0f} px" if eyes_px < max(EYES_PX) else "as they are"] = {
            "accuracy": _share(np.array(right)),
            "mouth hidden": _share(np.array(hidden)),
            "misplaced": _share(np.array(misplaced)),
        }
    return figures


def _yaw_deg(points: NDArray[np.float32]) -> float:
    pose = head_pose(points + np.float32(FRAME_PX / 2 - CROP_PX / 2), (FRAME_PX, FRAME_PX))
    return abs(pose.yaw_deg) if pose else 90.0


def _agreement(kept: Arrays, predictor: LandmarkPredictor, faces: dict[str, Measured]) -> dict[str, object]:
    """Failed or not, by the net and by the distance of two predictions from boxes 8 % apart."""
    rng = np.random.default_rng(0)
    distances, failed, said, spent_ms = [], [], [], []
    for kind in ("clean", "far_off", "new_hand", "half"):
        for number in range(min(300, len(kept["majority"]))):
            image = cv2.resize(
                kept[f"{kind}/images"][number], None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC
            )
            points = np.asarray((kept[f"{kind}/landmarks"][number] + 0.5) * 4 - 0.5, np.float32)
            box = box_of_landmarks(points)
            x, y = rng.choice((-0.08, 0.08), 2) * box.width
            began_s = time.thread_time()
            moved = BoundingBox(box.left + x, box.top + y, box.width, box.height)
            again = predictor.predict(np.asarray(image, np.uint8), moved, tilt_deg(points))
            spent_ms.append(1000 * (time.thread_time() - began_s))
            distances.append(
                np.linalg.norm(again - points, axis=1).mean() / max(1.0, eye_distance_px(points))
            )
            failed.append(kept[f"{kind}/visibility"][number, 2] > FAILED_NME)
            said.append(faces[kind].visibility[number, 2])
    bad, apart, net = np.array(failed), np.array(distances), np.array(said)
    return {
        "auc of the net": round(_auc(net, bad), 4),
        "auc of the distance": round(_auc(apart, bad), 4),
        "auc of both": round(_auc(net + np.minimum(1, 2 * apart), bad), 4),
        "ms of the second prediction": round(float(np.median(spent_ms)), 3),
    }


def _cost(kept: Arrays, visibility: TrustNet) -> dict[str, float]:
    spent_ms = []
    for image, points in zip(kept["clean/images"][:300], kept["clean/landmarks"][:300], strict=True):
        began_s = time.thread_time()
        visibility.read(image, points)
        spent_ms.append(1000 * (time.thread_time() - began_s))
    return {"one reading, with its crop": round(float(np.median(spent_ms)), 3)}


def _is_new(faces: Measured) -> Mask:
    return np.isin(faces.now, ("hidden", "dark", "misplaced"))


def _share(values: NDArray[np.bool_]) -> float:
    return round(float(np.mean(values)), 4) if len(values) else float("nan")


def _ece(said: NDArray[np.float64], right: Mask) -> float:
    bins = np.minimum((said * BINS).astype(int), BINS - 1)
    return float(
        sum(
            (bins == i).mean() * abs(said[bins == i].mean() - right[bins == i].mean())
            for i in set(bins.tolist())
        )
    )


def _auc(values: NDArray[np.float64], positive: Mask) -> float:
    """How often a positive has the higher value than a negative."""
    order = np.argsort(np.argsort(values)) + 1
    count = int(positive.sum())
    others = len(positive) - count
    return float((order[positive].sum() - count * (count + 1) / 2) / max(1, count * others))


def _curve(values: NDArray[np.float64], right: Mask) -> list[float]:
    order = np.argsort(-values)
    return [_share(right[order[: int(share * len(order))]]) for share in (0.9, 0.75, 0.5)]


if __name__ == "__main__":
    main()
