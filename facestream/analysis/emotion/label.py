"""Choose the label of a face: decide whether its emotion may be named.

`choose_label` says of one frame whether the emotion that `steadying.py` has picked may be shown. `hold_reason` keeps a
reason for a moment after it has ended. Pure: needs no model and no clock.
"""

from facestream.analysis.emotion.steadying import EmotionState
from facestream.analysis.faces import (
    UNSURE,
    HeadPose,
    UnsureReason,
)
from facestream.analysis.quality import Measures

SMALL_EYE_DISTANCE_PX = 10.0
"""Shrunk to this, faces of FER+ valid get the right word as often as before in one half, and 1.6 points less often in
the other; at 6 px, 7 to 8 points less often."""
TURNED_YAW_DEG = 40.0
TURNED_PITCH_DEG = 32.0
BLURRED_BELOW = 0.04
"""Limit of `sharpness`. In FER+ valid, 99 % of the faces are above 0.10. Blurred until half of them are below this
limit, the emotion net is right for 0.79 of them instead of 0.84; blurred twice as much, for 0.49."""
DARK_LUMA = 44.0
"""Of the inner face. A brighter face is not dark, however flat it is."""
DARK_CONTRAST = 3.0
"""Standard deviation of the luma of the inner face, in gray levels."""
HIDDEN_FROM = 0.4
"""How sure the trust net must be that the eyes or the mouth are covered."""
EYES_TRUSTED_FROM = 0.9
"""With covered eyes an emotion is named from this trust on: a laughing mouth says enough. Below it, the word of a face
with sunglasses is right less often than its trust says."""
MISPLACED_FROM = 0.6
"""How sure it must be that the landmarks do not lie on the face."""
POINTS_OFF_FROM = 0.2
"""How far the landmarks must be from eyes, nose and mouth as the detector sees them (`Check.points_off`)."""
HINTED_FROM = 0.1
"""How sure the trust net must be, too, for these points to count. Of 15 faces of FER+ that only the points called
misplaced, those below this had their landmarks in place."""
VISIBILITY_LEAVE_SHARE = 1.3
"""Of `HIDDEN` and `MISPLACED`, whose measures vary more than the others."""
LEAVE_SHARE = 1.1
"""Hysteresis: a reason ends only when the face is beyond the limit by this factor; the label does not flicker."""
HOLD = 10 / 3
"""In smoothing times, so that it is a second by default: how long a reason is shown after it last held. `close` has its
own memory (`steadying.py`)."""


def choose_label(
    emotion_state: EmotionState,
    detail: float,
    eyes_px: float,
    pose: HeadPose | None,
    measures: Measures | None,
    trust: float | None,
    previous: UnsureReason | None,
    *,
    points_off: float | None = None,
    shows_face: bool = True,
) -> tuple[str, UnsureReason | None]:
    """The label of a face, and why it is UNSURE where it is.

    `detail`: as in `Track`. `eyes_px`: the distance between the eyes. `points_off` is that of the last check by the
    detector (`Check.points_off`); None: not known. `shows_face`: as in `Track`. `previous` is the reason of the frame
    before: a reason that holds ends only well clear of its limit. Of several reasons, the first is the one that a
    person can change most easily; `MISPLACED` is what remains where nothing else explains it.
    """

    def limit_for(reason: UnsureReason, limit: float, share: float = LEAVE_SHARE) -> float:
        return limit * share if previous == reason else limit

    if eyes_px < limit_for(UnsureReason.SMALL, SMALL_EYE_DISTANCE_PX):
        return UNSURE, UnsureReason.SMALL
    dark_share = limit_for(UnsureReason.DARK, 1.0)
    if measures and measures.luma < DARK_LUMA * dark_share and measures.contrast < DARK_CONTRAST * dark_share:
        return UNSURE, UnsureReason.DARK
    turned_share = limit_for(UnsureReason.TURNED, 1.0)
    if (
        pose is None
        or abs(pose.yaw_deg) * turned_share > TURNED_YAW_DEG
        or abs(pose.pitch_deg) * turned_share > TURNED_PITCH_DEG
    ):
        return UNSURE, UnsureReason.TURNED
    hidden_share = limit_for(UnsureReason.HIDDEN, 1.0, VISIBILITY_LEAVE_SHARE)
    if measures and (
        measures.mouth_hidden * hidden_share > HIDDEN_FROM
        or (
            measures.eyes_hidden * hidden_share > HIDDEN_FROM
            and (1 - (trust or 0.0)) * hidden_share > 1 - EYES_TRUSTED_FROM
        )
    ):
        return UNSURE, UnsureReason.HIDDEN
    if detail < limit_for(UnsureReason.BLURRED, BLURRED_BELOW):
        return UNSURE, UnsureReason.BLURRED
    misplaced_share = limit_for(UnsureReason.MISPLACED, 1.0, VISIBILITY_LEAVE_SHARE)
    misplaced = measures.misplaced * misplaced_share if measures else 0.0
    off = (points_off or 0.0) * misplaced_share
    if not shows_face or misplaced > MISPLACED_FROM or (off > POINTS_OFF_FROM and misplaced > HINTED_FROM):
        return UNSURE, UnsureReason.MISPLACED
    if emotion_state.close:
        return UNSURE, UnsureReason.CLOSE
    return emotion_state.label, None


def hold_reason(
    reason: UnsureReason | None, previous: UnsureReason | None, until_s: float, time_s: float, hold_s: float
) -> tuple[UnsureReason | None, float]:
    """The reason to show in the frame at `time_s`, and until when one is shown, in seconds of the stream.

    `reason` is what `choose_label` says of this frame, `previous` and `until_s` are what this function returned before.
    A hand that moves in front of a mouth uncovers it for moments, and a word that shows for one of them helps nobody.
    """
    if reason is None:
        return (previous, until_s) if time_s < until_s else (None, until_s)
    return reason, until_s if reason == UnsureReason.CLOSE else time_s + hold_s
