"""docs/analysis.md names the limits that the analysis uses."""

import pytest

from facestream.analysis import quality
from facestream.analysis.emotion import label, steadying
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracking import blinks
from tests.conftest import ROOT

PAGE = " ".join((ROOT / "docs" / "analysis.md").read_text(encoding="utf-8").split())

SMOOTHING_S = AnalysisOptions().smoothing_s
SPEECH = steadying.SPEECH_FACTOR
SWITCH_S, CLOSE_S, CLOSE_ENDS_S = (
    share * SMOOTHING_S
    for share in (steadying.SWITCH_AFTER, steadying.CLOSE_AFTER, steadying.CLOSE_ENDS_AFTER)
)


@pytest.mark.parametrize(
    "sentence",
    [
        f"after a full lead of {SWITCH_S:.1f} s, after {SPEECH * SWITCH_S:.1f} s while somebody speaks",
        f"(their difference as a share of both, less {steadying.SWITCH_MARGIN})",
        f"When {SWITCH_S:.1f} s of a full lead have come together",
        f"eyes less than {label.SMALL_EYE_DISTANCE_PX:.0f} px apart |",
        f"yaw above {label.TURNED_YAW_DEG:.0f} or pitch above {label.TURNED_PITCH_DEG:.0f} degrees |",
        f"detail of the inner face below {label.BLURRED_BELOW} (",
        f"gray levels, at {quality.SHARPNESS_PX} px)",
        f"below {label.DARK_CONTRAST:.0f} gray levels, and its luma below {label.DARK_LUMA:.0f} |",
        f"over the mouth (above {label.HIDDEN_FROM}), or over the eyes while the trust is below "
        f"{label.EYES_TRUSTED_FROM} |",
        f"do not lie on the face (above {label.MISPLACED_FROM}), or it may be so (above {label.HINTED_FROM}) "
        f"and they are off by more than {label.POINTS_OFF_FROM} from eyes, nose and mouth as BlazeFace sees them",
        f"the two most probable emotions less than {steadying.CLOSE_ENTER:.2f} apart for {CLOSE_S:.1f} s, "
        f"for {SPEECH * CLOSE_S:.1f} s while somebody speaks; in a still, less than {steadying.CLOSE_AT_ONCE} apart |",
        f"{100 * (label.LEAVE_SHARE - 1):.0f} % clear of its limit (`hidden` and `misplaced`: "
        f"{100 * (label.VISIBILITY_LEAVE_SHARE - 1):.0f} %; `close`: {steadying.CLOSE_LEAVE} apart "
        f"for {CLOSE_ENDS_S:.1f} s, or {SPEECH * CLOSE_ENDS_S:.1f} s while somebody speaks). "
        f"It is then shown for another {'second' if round(label.HOLD * SMOOTHING_S, 6) == 1 else label.HOLD}:",
        f"after `smoothing_s` ({AnalysisOptions().smoothing_s} s), 63 % of a change",
        f"below {blinks.CLOSES_BELOW:.2f} of its recent value, and back above {blinks.OPENS_ABOVE:.2f} within "
        f"{blinks.SHORTEST_S} to {blinks.LONGEST_S} s |",
        f"`budget_ms` ({AnalysisOptions().budget_ms:.0f} ms)",
    ],
)
def test_the_page_states_the_limit_that_the_code_uses(sentence: str):
    assert sentence in PAGE
