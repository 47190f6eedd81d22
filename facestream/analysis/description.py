"""Describe one followed face: steady its landmarks, read its emotion, measure pose, eyes, mouth and quality.

The label itself is chosen in `emotion/label.py`.
"""

from dataclasses import replace
from typing import NamedTuple

from facestream.analysis import geometry
from facestream.analysis.degradation import DegradationLevel
from facestream.analysis.emotion.label import HOLD, choose_label, hold_reason
from facestream.analysis.emotion.reader import EmotionReader, Look
from facestream.analysis.emotion.steadying import EmotionState, next_emotion_state
from facestream.analysis.faces import EMOTIONS, UNSURE, Emotion, Face, GrayImage
from facestream.analysis.gaze import NO_GAZE, next_gaze
from facestream.analysis.landmarks import box_at, box_of_landmarks
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.quality import Quality, next_quality, sharpness
from facestream.analysis.tracking.blinks import LID_DEPTH, next_eyes
from facestream.analysis.tracking.expression import next_brows, next_expression
from facestream.analysis.tracking.eye_spells import next_eye_spell
from facestream.analysis.tracking.lips import next_lips
from facestream.analysis.tracking.smoothing import Steady, steady_landmarks
from facestream.analysis.tracking.tracks import Track
from facestream.analysis.tracking.yawns import next_mouth
from facestream.analysis.trust.calibration import Calibration, calibration_of, trust_of
from facestream.analysis.trust.reader import VisibilityReader

READ_AFTER_SHARE = 0.15
"""An emotion is read again after this share of the smoothing time; reading it more often hardly changes the average."""
SETTLED_READ_AFTER_SHARE = 0.29
"""The same while nothing speaks against the label: every third frame at 24 to 30 FPS, not every second."""
BOTH_AFTER_SHARE = 0.5
"""Of the smoothing time: after so long a reading changes the average by 40 % or more."""
READ_RARELY_S = 0.09
"""Time between two readings of a face at level RARE_EMOTION."""
_NEUTRAL = EMOTIONS.index(Emotion.NEUTRAL)


class Reading(NamedTuple):
    """What the models and the filter say of a face, in this frame or the last time that they were asked."""

    steady: Steady | None
    emotion_state: EmotionState
    look: Look
    detail: float
    quality: Quality


def describe(
    gray: GrayImage,
    track: Track,
    time_s: float,
    emotions: EmotionReader,
    visibility: VisibilityReader,
    options: AnalysisOptions,
    level: DegradationLevel = DegradationLevel.NONE,
) -> tuple[Track, Face]:
    """The face of a track in the frame at `time_s`, and the track with what was learned from it."""
    placement = geometry.placement_of(track.landmarks_xy)
    box = box_at(placement)
    steady = track.steady
    if options.steady_landmarks:
        steady = steady_landmarks(steady, track.landmarks_xy, time_s, box.width)
    state, look, detail = track.emotion_state, track.look, track.detail
    if time_s - state.time_s >= _read_after_s(state, options.smoothing_s, level):
        look = _next_look(track, time_s, options.smoothing_s)
        read = emotions.read(gray, box, track.landmarks_xy, look)
        # The lips of the frame before: speech is a matter of a second.
        state = next_emotion_state(state, read.tolist(), time_s, options.smoothing_s, track.lips.speech)
        detail = sharpness(gray, box)
    quality = next_quality(track.quality, gray, box, track.landmarks_xy, time_s, visibility)
    return as_face(
        gray,
        track,
        Reading(steady, state, look, detail, quality),
        placement.eye_distance_px,
        level,
        calibration_of(options.emotion_model),
        LID_DEPTH[options.landmarks],
        HOLD * options.smoothing_s,
    )


def _read_after_s(state: EmotionState, smoothing_s: float, level: DegradationLevel) -> float:
    """How long after the last reading of a face it is read again."""
    after_s = smoothing_s * (SETTLED_READ_AFTER_SHARE if state.settled else READ_AFTER_SHARE)
    return max(READ_RARELY_S, after_s) if level >= DegradationLevel.RARE_EMOTION else after_s


def _next_look(track: Track, time_s: float, smoothing_s: float) -> Look:
    """The face and its mirror image in turn, so that the average over time is of both and costs one reading.

    Both at once where there is no average yet, as in a still, or readings are so rare that it would follow the turns.
    """
    state = track.emotion_state
    if not state.probabilities or time_s - state.time_s >= BOTH_AFTER_SHARE * smoothing_s:
        return Look.BOTH
    return Look.PLAIN if track.look == Look.MIRRORED else Look.MIRRORED


def as_face(
    gray: GrayImage,
    track: Track,
    reading: Reading,
    eyes_px: float,
    level: DegradationLevel = DegradationLevel.NONE,
    calibration: Calibration | None = None,
    lid_depth: float = 1.0,
    hold_s: float = 0.0,
) -> tuple[Track, Face]:
    """The face of a track, and the track with its reading, what is counted and its label.

    The face gets the box of the steadied landmarks. Without a calibration, or before the quality was measured, it has
    no trust. `eyes_px`: the distance between the eyes. `lid_depth`: as in `blinks.LID_DEPTH`. `hold_s`: as in
    `hold_reason`.
    """
    state, quality = reading.emotion_state, reading.quality
    points = reading.steady.points_xy if reading.steady else track.landmarks_xy
    # Eyelids and lips are faster than the filter, so their openings are measured on the predicted landmarks.
    opening = geometry.eye_opening(track.landmarks_xy)
    mouth_opening = geometry.mouth_opening(track.landmarks_xy)
    eyes = next_eyes(track.eyes, opening, track.seen_s, lid_depth)
    mouth = next_mouth(track.mouth, mouth_opening, track.seen_s)
    lips = next_lips(track.lips, mouth_opening, track.seen_s)
    size_wh = gray.shape[1], gray.shape[0]
    fit = geometry.head_fit(points, size_wh)
    pose = fit and geometry.pose_of(fit[0])
    spell = next_eye_spell(track.eye_spell, opening, eyes.usual_opening, pose, track.seen_s, lid_depth)
    neutral = state.probabilities[_NEUTRAL]
    rest, expression = next_expression(track.rest, points, fit, pose, size_wh, neutral, track.seen_s)
    brows = next_brows(track.brows, expression and expression[1], eyes.closed_since_s, track.seen_s)
    if level == DegradationLevel.NONE:
        open_share = opening / max(eyes.usual_opening, 1e-6)
        gaze = next_gaze(track.gaze, gray, track.landmarks_xy, pose, open_share, track.seen_s)
    else:
        gaze = NO_GAZE
    measures = quality.measures
    trust = trust_of(calibration, state, measures, pose) if calibration and measures else None
    label, unsure = choose_label(
        state,
        reading.detail,
        eyes_px,
        pose,
        measures,
        trust,
        track.unsure,
        points_off=track.points_off,
        shows_face=track.shows_face,
    )
    unsure, unsure_until_s = hold_reason(unsure, track.unsure, track.unsure_until_s, track.seen_s, hold_s)
    face = Face(
        id=track.id,
        box=box_of_landmarks(points),
        landmarks_xy=points,
        probabilities=state.probabilities,
        label=UNSURE if unsure else label,
        unsure=unsure,
        trust=trust,
        pose=pose,
        eye_opening=opening,
        blinks=eyes.blinks,
        mouth_opening=mouth_opening,
        eyes_closed_s=spell.length_s,
        eye_closures=spell.count,
        yawns=mouth.yawns,
        smile=expression and expression[0],
        brows=brows.value,
        gaze=gaze.word,
        hints=quality.hints,
        score=track.score,
    )
    track = replace(
        track,
        **reading._asdict(),
        eyes=eyes,
        eye_spell=spell,
        mouth=mouth,
        lips=lips,
        rest=rest,
        brows=brows,
        gaze=gaze,
        unsure=unsure,
        unsure_until_s=unsure_until_s,
    )
    return track, face
