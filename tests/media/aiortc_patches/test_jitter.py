"""The frame assembler and the loss repair, packet by packet, without a network."""

import random
from typing import Any

import pytest
from aiortc.rtp import RtpPacket

from facestream.aiortc_patches.jitter import FrameAssembler, LossRepair
from facestream.token_bucket import TokenBucket


def packet(number: int, frame: int, *, last: bool = False, payload: bytes | None = None) -> RtpPacket:
    made: Any = RtpPacket(sequence_number=number % 65536, timestamp=frame * 3000, marker=int(last))
    made._data = payload if payload is not None else b"%d " % number
    return made  # type: ignore[no-any-return]


def frames_of(assembler: FrameAssembler, packets, now_s: float = 0.0) -> list[bytes]:
    return [frame.data for each in packets for frame in assembler.add(each, now_s).frames]


def test_a_frame_is_complete_with_its_last_packet():
    assembler = FrameAssembler()

    assert frames_of(assembler, [packet(1, 1), packet(2, 1, last=True)]) == [b"1 2 "]


def test_a_frame_without_a_marker_is_complete_with_the_first_packet_of_the_next():
    assembler = FrameAssembler()

    assert frames_of(assembler, [packet(1, 1), packet(2, 2)]) == [b"1 "]


def test_packets_out_of_order_are_put_in_order():
    assembler = FrameAssembler()
    packets = [packet(1, 1, last=True), packet(3, 2, last=True), packet(2, 2)]

    assert frames_of(assembler, packets) == [b"1 ", b"2 3 "]


def test_every_frame_after_a_repaired_gap_is_returned_at_once():
    assembler = FrameAssembler()
    frames_of(assembler, [packet(1, 1, last=True), packet(3, 3, last=True), packet(4, 4, last=True)])

    assert frames_of(assembler, [packet(2, 2, last=True)]) == [b"2 ", b"3 ", b"4 "]


def test_sequence_numbers_wrap():
    assembler = FrameAssembler()
    packets = [packet(65534 + index, index, last=True) for index in range(4)]

    assert len(frames_of(assembler, packets)) == 4


def test_a_lost_packet_is_missing_until_it_arrives():
    assembler = FrameAssembler()
    frames_of(assembler, [packet(1, 1, last=True), packet(4, 3, last=True)])
    missing = assembler.missing()
    frames_of(assembler, [packet(3, 2, last=True), packet(2, 2)])

    assert (missing, assembler.missing()) == ([2, 3], [])


def test_a_gap_is_given_up_after_200_ms_and_later_frames_are_returned():
    assembler = FrameAssembler()
    frames_of(assembler, [packet(1, 1, last=True), packet(3, 3, last=True)])

    early = assembler.give_up(0.19)
    late = assembler.give_up(0.21)

    assert (early.lost, late.lost) == (False, True)
    assert frames_of(assembler, [packet(4, 4), packet(5, 4, last=True)], 0.22) == [b"4 5 "]


def test_a_frame_whose_beginning_is_lost_is_never_returned():
    assembler = FrameAssembler()
    frames_of(assembler, [packet(1, 1, last=True), packet(3, 2)])
    assembler.give_up(0.3)

    assert frames_of(assembler, [packet(4, 2, last=True), packet(5, 3, last=True)], 0.3) == [b"5 "]


def test_an_outage_is_given_up_with_the_first_packet_after_it():
    assembler = FrameAssembler()
    frames_of(assembler, [packet(1, 1, last=True)])

    assembled = assembler.add(packet(200, 40), 1.0)

    assert assembled.lost
    assert assembler.missing() == []


def test_a_restarted_sequence_is_followed():
    assembler = FrameAssembler()
    frames_of(assembler, [packet(30_000 + index, index, last=True) for index in range(10)])
    packets = [packet(5 + index, 100 + index, last=True) for index in range(100)]

    assert len(frames_of(assembler, packets)) >= 45


def test_padding_is_not_a_frame():
    assembler = FrameAssembler()
    packets = [
        packet(1, 1, last=True),
        packet(2, 1, payload=b""),
        packet(3, 1, payload=b""),
        packet(4, 2, last=True),
    ]

    assert frames_of(assembler, packets) == [b"1 ", b"4 "]


def test_the_waiting_packets_are_bounded():
    assembler = FrameAssembler()
    frames_of(assembler, [packet(1, 1, last=True)])

    frames_of(assembler, [packet(number, number, last=True) for number in range(3, 5000)])

    assert len(assembler._packets) <= 512


@pytest.mark.parametrize("seed", range(20))
def test_the_short_way_of_most_packets_changes_no_frame(seed: int, monkeypatch: pytest.MonkeyPatch):
    chance = random.Random(seed)
    sent = [
        packet(65_000 + 5 * frame + part, frame, last=part == 4 and chance.random() < 0.9)
        for frame in range(400)
        for part in range(5)
    ]
    arriving = [each for each in sent for _ in range(chance.choices((0, 1, 2), (0.01, 0.98, 0.01))[0])]
    arriving.sort(key=lambda each: sent.index(each) + chance.choice((0, 0, 0, 0, 0, 0, 0, 1.5, 3.5)))
    times_s = [0.007 * number for number in range(len(arriving))]

    def frames() -> list[list[tuple[bytes, int, bool, list[int]]]]:
        assembler = FrameAssembler()
        found = []
        for each, now_s in zip(arriving, times_s, strict=True):
            result = assembler.add(each, now_s)
            found.append(
                [(frame.data, frame.timestamp, result.lost, assembler.missing()) for frame in result.frames]
            )
        return found

    short = frames()
    monkeypatch.setattr(FrameAssembler, "_continues_frame", lambda *_: False)

    assert short == frames()
    assert sum(map(len, short)) > 250


def test_a_missing_packet_is_requested_every_30_ms():
    repair = LossRepair()

    asked = [repair.due([7], at_ms / 1000) for at_ms in range(0, 100, 10)]

    assert asked == [[7], [], [], [7], [], [], [7], [], [], [7]]


def test_a_token_bucket_passes_a_burst_and_then_one_per_interval():
    bucket = TokenBucket(1.0, burst=2)

    passed = [at for at in range(100, 130) if bucket.wait_s(at / 10) == 0.0]

    assert passed == [100, 101, 110, 120]
