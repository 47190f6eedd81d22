import asyncio
import base64
import re
from fractions import Fraction
from typing import Any

import aiortc.rtcpeerconnection
import av
import pytest
from aiortc import RTCSessionDescription
from aiortc.codecs import CODECS
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpCodecParameters
from aiortc.rtp import RtpPacket, is_rtcp

from facestream.aiortc_patches.parameter_sets import PPS, SPS
from facestream.errors import FrameError
from facestream.signaling.offer import cheapest_first
from tests.media.aiortc_patches.bitstreams import pps, sps
from tests.media.aiortc_patches.peers import JpegTrack, Pair, numbered_frame

VP8 = RTCRtpCodecParameters("video/VP8", 90000, payloadType=96)


def h264(profile_level_id: str, number: int = 102, **parameters: Any) -> RTCRtpCodecParameters:
    given = {"level_asymmetry_allowed": "1", "packetization_mode": "1", **parameters}
    feedback = [RTCRtcpFeedback("nack"), RTCRtcpFeedback("transport-cc")]
    return RTCRtpCodecParameters(
        "video/H264",
        90000,
        payloadType=number,
        rtcpFeedback=feedback,
        parameters={
            "profile-level-id": profile_level_id,
            **{key.replace("_", "-"): given[key] for key in given},
        },
    )


def answered(*offered: RTCRtpCodecParameters) -> list[Any]:
    """The codecs that a session answers: those in common, in its order of preference."""
    module: Any = aiortc.rtcpeerconnection
    common = module.find_common_codecs(CODECS["video"], list(offered))
    return list(module.filter_preferred_codecs(common, cheapest_first()))


@pytest.mark.parametrize(
    "profile_level_id",
    ["42e01f", "42001f", "42c015", "4d0028", "4de01f", "640028", "640c1f", "64082a", "58c01f"],
)
def test_each_h264_profile_with_8_bits_and_420_is_answered_with_that_profile(profile_level_id: str):
    (answer,) = answered(h264(profile_level_id))

    assert answer.payloadType == 102
    assert answer.parameters["profile-level-id"][:4] == profile_level_id[:4]
    assert answer.rtcpFeedback == [RTCRtcpFeedback("nack")]


def test_h264_at_another_clock_rate_is_not_answered():
    odd = h264("42e01f")
    odd.clockRate = 92000

    assert answered(odd) == []


def test_the_answer_has_the_level_of_the_receiver_where_levels_may_differ():
    (answer,) = answered(h264("42e01f"))

    assert answer.parameters == {
        "level-asymmetry-allowed": "1", "packetization-mode": "1", "profile-level-id": "42e032",
    }  # fmt: skip


def test_the_answer_keeps_the_offered_level_where_levels_may_not_differ():
    (answer,) = answered(h264("42c015", level_asymmetry_allowed="0"))

    assert answer.parameters == {"packetization-mode": "1", "profile-level-id": "42c015"}


def test_constrained_baseline_h264_comes_first_then_vp8_then_the_rest():
    baseline, high, single = (
        h264("42e01f", 102),
        h264("640c1f", 104),
        h264("4d001f", 106, packetization_mode="0"),
    )

    assert [codec.payloadType for codec in answered(VP8, high, baseline)] == [102, 96]
    assert [codec.payloadType for codec in answered(high, VP8)] == [96, 104]
    assert [codec.payloadType for codec in answered(single, VP8)] == [96, 106]


@pytest.mark.parametrize("profile_level_id", ["6e0028", "7a0028", "f40028", "58001f", "2c0028", "zzzzzz", ""])
def test_vp8_is_chosen_if_the_offered_h264_is_not_supported(profile_level_id: str):
    assert [codec.payloadType for codec in answered(h264(profile_level_id), VP8)] == [96]


def test_spaces_between_parameters_are_ignored():
    codec = h264("42e01f")
    codec.parameters = {"packetization-mode": "1", " profile-level-id": "4D0028 "}

    (answer,) = answered(codec)

    assert answer.parameters["profile-level-id"] == "4d0028"


def test_rtx_is_answered_with_its_codec_only():
    rtx = RTCRtpCodecParameters("video/rtx", 90000, payloadType=105, parameters={"apt": 104})
    stray = RTCRtpCodecParameters("video/rtx", 90000, payloadType=106, parameters={"apt": 110})

    assert [codec.payloadType for codec in answered(h264("640c1f", 104), rtx, stray)] == [104, 105]


def sprop(*units: bytes) -> str:
    return ",".join(base64.b64encode(unit).decode() for unit in units)


@pytest.mark.parametrize(
    "sets", [sprop(sps(8192, 8192, cycle=[30000] * 255), pps()), "A" * 9000, "no base64!", sprop(b"\x67")]
)
def test_parameter_sets_in_the_sdp_are_checked_like_those_of_the_stream(sets: str):
    assert answered(h264("42e01f", sprop_parameter_sets=sets), VP8) == [VP8_ANSWER]


VP8_ANSWER = answered(VP8)[0]


class EncodedTrack(MediaStreamTrack):
    """Sends frames that x264 has encoded with a given profile."""

    kind = "video"

    def __init__(self, profile: str, *, left_out: frozenset[int] = frozenset()) -> None:
        super().__init__()
        encoder: Any = av.CodecContext.create("libx264", "w")
        encoder.width, encoder.height, encoder.pix_fmt = 640, 480, "yuv420p"
        encoder.framerate, encoder.time_base, encoder.gop_size = 30, Fraction(1, 90000), 15
        encoder.options = {"preset": "veryfast", "bf": "0", "refs": "2", "tune": "zerolatency"}
        encoder.profile = profile
        self._encoder, self._left_out, self._number = encoder, left_out, 0
        self.parameter_sets: list[bytes] = []

    async def recv(self) -> Any:
        while True:
            await asyncio.sleep(1 / 30)
            frame = numbered_frame(number=self._number)
            self._number += 1
            for packet in self._encoder.encode(frame):
                units = [unit.rstrip(b"\0") for unit in bytes(packet).split(b"\0\0\1") if unit.strip(b"\0")]
                kept = [unit for unit in units if unit[0] & 0x1F not in self._left_out]
                sent = av.Packet(b"".join(b"\0\0\0\1" + unit for unit in kept))
                sent.pts, sent.time_base = packet.pts, packet.time_base
                return sent


async def connect(pair: Pair, change: Any) -> str:
    """Connect with an offer that `change` has edited; returns the answer."""
    capabilities = pair.caller.getSenders()[0].getCapabilities("video").codecs
    pair.caller.getTransceivers()[0].setCodecPreferences(
        [each for each in capabilities if each.name == "H264"]
    )
    await pair.caller.setLocalDescription(await pair.caller.createOffer())
    sdp = change(pair.caller.localDescription.sdp)
    await pair.called.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
    await pair.called.setLocalDescription(await pair.called.createAnswer())
    await pair.caller.setRemoteDescription(pair.called.localDescription)
    return str(pair.called.localDescription.sdp)


def in_profile(profile_level_id: str) -> Any:
    return lambda sdp: re.sub(r"profile-level-id=\w+", f"profile-level-id={profile_level_id}", sdp)


@pytest.mark.media
@pytest.mark.parametrize(
    ("track", "profile_level_id"),
    [(EncodedTrack("Main"), "4d0028"), (EncodedTrack("High"), "640028")],
    ids=["main", "high"],
)
async def test_a_stream_in_another_profile_arrives(pair: Pair, track: EncodedTrack, profile_level_id: str):
    answer = await connect(pair, in_profile(profile_level_id))

    frame = await pair.receive()

    assert (frame.width, frame.height) == (640, 480)
    assert f"profile-level-id={profile_level_id[:4]}32" in answer


@pytest.mark.media
@pytest.mark.parametrize("track", [EncodedTrack("Main", left_out=frozenset({SPS, PPS}))])
async def test_a_stream_with_its_parameter_sets_only_in_the_sdp_arrives(pair: Pair, track: EncodedTrack):
    probe = EncodedTrack("Main")
    first = b"".join(bytes(packet) for packet in probe._encoder.encode(numbered_frame()))
    units = [
        unit.rstrip(b"\0") for unit in first.split(b"\0\0\1") if unit[:1] and unit[0] & 0x1F in {SPS, PPS}
    ]

    answer = await connect(
        pair,
        lambda sdp: in_profile("4d0028")(sdp).replace(
            "4d0028", f"4d0028;sprop-parameter-sets={sprop(*units)}"
        ),
    )
    frame = await pair.receive()

    assert (frame.width, frame.height) == (640, 480)
    assert "sprop" not in answer


@pytest.mark.media
@pytest.mark.parametrize("track", [JpegTrack(width=1280, height=720)])
async def test_in_packetization_mode_0_each_packet_has_one_nal_unit(pair: Pair, track: JpegTrack):
    sent: list[bytes] = []
    await connect(pair, lambda sdp: sdp.replace("packetization-mode=1", "packetization-mode=0"))
    send = pair.caller_dtls._send_rtp

    async def note(data: bytes) -> None:
        if not is_rtcp(data):
            sent.append(RtpPacket.parse(data).payload)
        await send(data)

    pair.caller_dtls._send_rtp = note
    frame = await pair.receive()

    assert (frame.width, frame.height) == (1280, 720)
    assert all(1 <= payload[0] & 0x1F <= 23 for payload in sent)
    assert max(map(len, sent)) <= 1300
    assert len(sent) > 5


class Reordered(EncodedTrack):
    """Announces 16 reordered frames in a parameter set before each frame."""

    async def recv(self) -> Any:
        packet = await super().recv()
        announced = b"\0\0\0\1" + sps(640, 480, reordered=16) + b"\0\0\0\1" + pps()
        sent = av.Packet(announced + bytes(packet))
        sent.pts, sent.time_base = packet.pts, packet.time_base
        return sent


@pytest.mark.media
@pytest.mark.parametrize("track", [Reordered("Baseline", left_out=frozenset({SPS, PPS}))])
async def test_a_stream_that_announces_many_reordered_frames_is_rejected(pair: Pair, track: Reordered):
    await connect(pair, lambda sdp: sdp)

    with pytest.raises(FrameError, match="16 reordered frames"):
        await pair.receive()
