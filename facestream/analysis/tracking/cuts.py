"""Notice a cut to another scene, a frame that shows nothing, and a change of the size of the frames. Pure."""

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.analysis.contrast import mean_and_deviation
from facestream.analysis.faces import NEVER_S, GrayImage
from facestream.analysis.tracking import matching
from facestream.analysis.tracking.tracks import Tracks

THUMBNAIL_WH = (16, 12)
SAME_SHAPE = 0.03
"""Largest difference of the ratios of width and height of two frames of one shape."""
LEAST_CHANGE = 2.0
"""Mean change of the thumbnail, in gray levels, below which nothing is compared: noise of a dark camera is less."""
UNLIKE_LIGHT = 0.55
"""1 - correlation of two thumbnails, above which their light and shade are unlike."""
UNLIKE_EDGES = 0.5
"""1 - correlation of the differences between neighbouring pixels. It stays low when a lamp, a flash or the sun changes
the light in a part of the scene, which makes light and shade unlike."""
BLANK_BELOW = 2.0
"""Standard deviation of the thumbnail, in gray levels, of a frame that shows nothing: black, white, a covered lens."""
BRIEF_S = 0.2
"""A flash, or a frame that a camera has dropped, is over after this time."""
_ROUNDING = 1.0
"""Variance, in gray levels squared, of what is no structure: a thumbnail of nearly one level resembles nothing."""


def notice_cut(gray: GrayImage, tracks: Tracks, time_s: float) -> Tracks:
    """Forget the positions of faces after a cut to another scene or a turn of the camera; ids are never reused.

    A frame of another size and the same shape is the same scene: browsers send smaller frames over a slow
    network. In a blank frame all faces are lost; the frame after it is compared with the one before it. A scene
    that has become so dark that little of it is left is not blank while that little resembles it.
    """
    thumbnail, last = thumbnail_of(gray), tracks.thumbnail
    ratio, blank = _ratio(tracks.size_wh, gray), False
    if last is not None and ratio and mean_and_deviation(thumbnail)[1] < BLANK_BELOW:
        blank, thumbnail = is_other_scene(last, thumbnail), last
    if blank and tracks.blank_since_s is None:
        tracks = matching.lose(replace(tracks, followed=(), blank_since_s=time_s), tracks.followed, time_s)
    elif not blank and tracks.blank_since_s is not None:
        tracks = _after_blank(tracks, time_s)
    tracks = replace(tracks, thumbnail=thumbnail)
    if not ratio or last is None or is_other_scene(last, thumbnail):
        return _unsearched(replace(tracks, followed=(), lost=(), aside=()))
    if ratio == 1:
        return tracks
    return _unsearched(
        replace(
            tracks,
            followed=tuple(matching.scaled(track, ratio) for track in tracks.followed),
            lost=tuple(matching.scaled(track, ratio) for track in tracks.lost),
            aside=tuple(matching.scaled(track, ratio) for track in tracks.aside),
        )
    )


def _unsearched(tracks: Tracks) -> Tracks:
    """The tracks of a scene, or of frames of a size, in which nothing has been searched."""
    return replace(tracks, hints=(), visits=(), steps_due=(), finer_step=0, searched=None)


def is_briefly_blank(tracks: Tracks, time_s: float) -> bool:
    """Whether the frame at `time_s` is blank, and the frames before it were seen a moment ago."""
    return tracks.blank_since_s is not None and time_s - tracks.blank_since_s <= BRIEF_S


def _after_blank(tracks: Tracks, time_s: float) -> Tracks:
    """After a flash, the faces are where they were, and the detector checks them; after longer, all is searched."""
    if not is_briefly_blank(tracks, time_s):
        return replace(tracks, blank_since_s=None, steps_due=(), searched=None)
    back = [track for track in tracks.lost if time_s - track.seen_s <= 2 * BRIEF_S]
    followed = sorted((replace(track, looked_s=NEVER_S) for track in back), key=lambda track: track.id)
    ids = {track.id for track in back}
    lost = tuple(track for track in tracks.lost if track.id not in ids)
    return replace(tracks, blank_since_s=None, followed=tuple(followed), lost=lost)


def is_other_scene(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> bool:
    """Whether two thumbnails, shape (12, 16), show different scenes.

    Correlations, because they ignore exposure and contrast: a cut in a dark film changes few gray levels, and a
    camera that adjusts its exposure changes many.
    """
    if cv2.norm(now, before, cv2.NORM_L1) < LEAST_CHANGE * now.size:
        return False
    one, other = before.astype(np.float32), now.astype(np.float32)
    return (
        _unlike(one - one.mean(), other - other.mean()) > UNLIKE_LIGHT
        and _unlike(_edges(one), _edges(other)) > UNLIKE_EDGES
    )


def thumbnail_of(gray: GrayImage) -> NDArray[np.uint8]:
    """The frame as it is compared with the next one, shape (12, 16)."""
    # Every eighth pixel is enough and takes a tenth of the time of all pixels.
    small = cv2.resize(np.ascontiguousarray(gray[::8, ::8]), THUMBNAIL_WH, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def _edges(thumbnail: NDArray[np.float32]) -> NDArray[np.float32]:
    """Differences between neighbours, down and across."""
    down, across = thumbnail[1:] - thumbnail[:-1], thumbnail[:, 1:] - thumbnail[:, :-1]
    return np.concatenate([down.ravel(), across.ravel()])


def _unlike(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """0: the same pattern, whatever its strength; 1: nothing in common; 2: the opposite."""
    count = one.size
    strength = (np.vdot(one, one) / count + _ROUNDING) * (np.vdot(other, other) / count + _ROUNDING)
    return 1 - float(np.vdot(one, other)) / count / math.sqrt(float(strength))


def _ratio(before_wh: tuple[int, int], gray: GrayImage) -> float:
    """The size of this frame in sizes of the frame before; 0 if their shapes differ."""
    if not all(before_wh):
        return 0.0
    x, y = gray.shape[1] / before_wh[0], gray.shape[0] / before_wh[1]
    # Encoders round sides to even numbers or to multiples of 16.
    return math.sqrt(x * y) if abs(x - y) < SAME_SHAPE * x else 0.0
