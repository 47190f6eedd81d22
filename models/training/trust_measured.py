"""Measure the judged faces with the server's own code: features of the trust, the label, and whether it is unsure."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facestream.analysis.emotion.label import choose_label
from facestream.analysis.emotion.reader import EmotionReader, Look
from facestream.analysis.emotion.steadying import NO_EMOTION_STATE, EmotionState, next_emotion_state
from facestream.analysis.faces import BoundingBox, GrayImage, HeadPose, LandmarksXY, UnsureReason
from facestream.analysis.geometry import eye_distance_px, head_pose
from facestream.analysis.landmarks import box_of_landmarks
from facestream.analysis.quality import NO_QUALITY, next_quality, sharpness
from facestream.analysis.trust.calibration import Calibration, features_of, trust_of
from facestream.analysis.trust.reader import VisibilityReader
from models.training.trust_judged import Arrays

OLD_SMALL_EYE_DISTANCE_PX, OLD_CLOSE_BELOW = 12.0, 0.10
"""Limits of a still up to November 2026."""
FRAME_PX = 192
"""The faces are meant to be in the middle of frames of this size: the pose needs one."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The faces of one kind as the server would describe them."""

    probabilities: NDArray[np.float64]
    """Shape (N, 7)."""
    features: NDArray[np.float64]
    """Shape (N, number of FEATURES)."""
    visibility: NDArray[np.float64]
    """Shape (N, 3), of the trust net."""
    light: NDArray[np.float64]
    """Shape (N, 2): luma and contrast of the inner face."""
    trust: NDArray[np.float64]
    """Shape (N,)."""
    before: NDArray[np.str_]
    """Shape (N,): why the face is unsure by the rules before the trust net existed; empty: it is not."""
    now: NDArray[np.str_]
    """Shape (N,): the same by the present rules."""

    @property
    def word(self) -> NDArray[np.int64]:
        """Place of the most probable emotion in EMOTIONS, shape (N,)."""
        return np.asarray(self.probabilities.argmax(axis=1), np.int64)


def measure(
    arrays: Arrays, kind: str, emotions: EmotionReader, visibility: VisibilityReader, calibration: Calibration
) -> Measured:
    """Describe the faces of one kind, each as a photograph: nothing is averaged."""
    rows: list[tuple[object, ...]] = []
    for image, points in zip(arrays[f"{kind}/images"], arrays[f"{kind}/landmarks"], strict=True):
        box = box_of_landmarks(points)
        state = next_emotion_state(
            NO_EMOTION_STATE, emotions.read(image, box, points, Look.BOTH).tolist(), 0.0, 0.0
        )
        measures = next_quality(NO_QUALITY, image, box, points, 0.0, visibility).measures
        assert measures is not None
        middle = np.float32(FRAME_PX / 2 - image.shape[0] / 2)
        pose = head_pose(points + middle, (FRAME_PX, FRAME_PX))
        trust = trust_of(calibration, state, measures, pose)
        now = choose_label(
            state, sharpness(image, box), eye_distance_px(points), pose, measures, trust, None
        )[1]
        before = _before(state, image, box, points, pose)
        three = measures.eyes_hidden, measures.mouth_hidden, measures.misplaced
        rows.append(
            (
                state.probabilities,
                features_of(state, measures, pose),
                three,
                (measures.luma, measures.contrast),
                trust,
                before,
                now,
            )
        )
    columns = [*zip(*rows, strict=True)]
    probabilities, features, visibility_read, light, trust_of_each = (
        np.array(column, np.float64) for column in columns[:5]
    )
    before_of_each, now_of_each = (
        np.array([str(reason or "") for reason in column]) for column in columns[5:]
    )
    return Measured(
        probabilities, features, visibility_read, light, trust_of_each, before_of_each, now_of_each
    )


def _before(
    state: EmotionState,
    image: GrayImage,
    box: BoundingBox,
    points: LandmarksXY,
    pose: HeadPose | None,
) -> UnsureReason | None:
    if eye_distance_px(points) < OLD_SMALL_EYE_DISTANCE_PX:
        return UnsureReason.SMALL
    second, first = sorted(state.probabilities)[-2:]
    state = replace(state, close=first - second < OLD_CLOSE_BELOW)
    return choose_label(state, sharpness(image, box), eye_distance_px(points), pose, None, None, None)[1]
