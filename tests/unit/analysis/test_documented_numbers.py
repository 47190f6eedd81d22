"""docs/analysis.md names the limits that the analysis uses."""

import pytest

from facestream.analysis.emotion import label
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracking import blinks
from tests.conftest import ROOT

PAGE = " ".join((ROOT / "docs" / "analysis.md").read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    "sentence",
    [
        f"the label changes when another emotion is more probable by {label.SWITCH_MARGIN:.2f} |",
        f"eyes less than {label.SMALL_EYE_DISTANCE_PX:.0f} px apart |",
        f"yaw above {label.TURNED_YAW_DEG:.0f} or pitch above {label.TURNED_PITCH_DEG:.0f} degrees |",
        f"detail of the inner face below {label.BLURRED_BELOW} (",
        f"gray levels, at {label.SHARPNESS_PX} px)",
        f"the two most probable emotions less than {label.CLOSE_ENTER:.2f} apart |",
        f"{label.LEAVE_SHARE - 1:.0%} clear of its limit (`close`: {label.CLOSE_LEAVE} apart)".replace(
            "%", " %"
        ),
        f"after `smoothing_s` ({AnalysisOptions().smoothing_s} s), 63 % of a change",
        f"below {blinks.CLOSES_BELOW:.2f} of its recent value, and back above {blinks.OPENS_ABOVE:.2f} within "
        f"{blinks.SHORTEST_S} to {blinks.LONGEST_S} s |",
        f"`budget_ms` ({AnalysisOptions().budget_ms:.0f} ms)",
    ],
)
def test_the_page_states_the_limit_that_the_code_uses(sentence: str):
    assert sentence in PAGE
