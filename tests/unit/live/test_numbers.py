"""The numbers of a face as LSL and OSC get them."""

import math
from typing import Any

import pytest

from facestream.live.lsl import CHANNELS, samples_of
from facestream.live.osc import packets_of
from facestream.messages.telemetry import Telemetry
from tests.conftest import ROOT

GOLDEN = Telemetry.model_validate_json((ROOT / "tests" / "data" / "telemetry_v1.json").read_bytes())


def with_trust(trust: float | None) -> Telemetry:
    faces = [face.model_copy(update={"trust": trust}) for face in GOLDEN.faces]
    return GOLDEN.model_copy(update={"faces": faces})


def channels_of(message: Telemetry) -> list[dict[str, float]]:
    names = [name for name, _ in CHANNELS]
    return [dict(zip(names, sample, strict=True)) for sample in samples_of(message)]


def sent_of(message: Telemetry) -> dict[str, tuple[Any, ...]]:
    return {address: arguments for packet in packets_of(message) for address, arguments in packet}


def test_both_have_the_trust_of_each_face_also_of_one_without_a_word():
    sure, unsure = channels_of(GOLDEN)

    assert (sure["trust"], unsure["trust"]) == (0.93, 0.31)
    assert unsure["label"] == -1
    assert sent_of(GOLDEN)["face/1/trust"] == (pytest.approx(0.93),)
    assert sent_of(GOLDEN)["face/2/trust"] == (pytest.approx(0.31),)


def test_an_unknown_trust_is_nan_in_lsl_and_not_sent_by_osc():
    unknown = with_trust(None)

    assert all(math.isnan(channels["trust"]) for channels in channels_of(unknown))
    assert not [address for address in sent_of(unknown) if address.endswith("trust")]


def test_a_frame_without_a_face_has_a_sample_of_all_channels():
    (sample,) = channels_of(GOLDEN.model_copy(update={"faces": []}))

    assert sample["face_id"] == 0
    assert math.isnan(sample["trust"])
