import numpy as np
import pytest

from facestream.clips.hdr import Transfer, to_bt709

PAPER_WHITE = {Transfer.HLG: 0.75, Transfer.PQ: 0.58, Transfer.SDR: 1.0}


def shown(transfer: Transfer, *rgb: float) -> np.ndarray:
    colour: np.ndarray = to_bt709(np.array([rgb], np.float64), transfer)[0]
    return colour


@pytest.mark.parametrize("transfer", Transfer)
def test_the_white_of_paper_is_nearly_white(transfer: Transfer):
    white = PAPER_WHITE[transfer]

    assert 0.9 < shown(transfer, white, white, white).min() <= 1


@pytest.mark.parametrize("transfer", Transfer)
def test_grays_stay_gray_and_in_order(transfer: Transfer):
    grays = np.repeat(np.linspace(0, 1, 30)[:, None], 3, axis=1)

    colours = to_bt709(grays, transfer)

    assert np.ptp(colours, axis=1).max() < 0.01
    assert np.diff(colours[:, 0]).min() >= 0
    assert colours[0, 0] == pytest.approx(0, abs=0.01)
    assert colours[-1, 0] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("transfer", Transfer)
def test_a_colour_becomes_more_saturated_because_the_primaries_are_nearer(transfer: Transfer):
    pale = np.array([1.0, 0.8, 0.7]) * PAPER_WHITE[transfer]

    colour = shown(transfer, *pale)

    assert colour[0] - colour[2] > pale[0] - pale[2]
    assert colour.max() <= 1
