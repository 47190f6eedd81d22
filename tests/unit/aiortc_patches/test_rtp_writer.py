from aiortc.clock import current_ntp_time
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap, RtpPacket

from facestream.aiortc_patches.rtp_writer import RtpWriter

ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"


def extensions(*uris: str) -> HeaderExtensionsMap:
    known = HeaderExtensionsMap()
    numbered = [
        RTCRtpHeaderExtensionParameters(id=number, uri=uri) for number, uri in enumerate(uris, start=1)
    ]
    known.configure(RTCRtpParameters(headerExtensions=numbered))
    return known


def written(writer: RtpWriter, known: HeaderExtensionsMap, frames: int, packets: int = 3) -> list[RtpPacket]:
    return [
        RtpPacket.parse(packet, known)
        for frame in range(frames)
        for packet in writer.packets([b"%d.%d" % (frame, part) for part in range(packets)], 3000 * frame)
    ]


def test_packets_are_numbered_and_those_of_a_frame_share_its_time_and_end_with_a_marker():
    known = extensions(ABS_SEND_TIME, MID)

    packets = written(RtpWriter(97, 1234, "0", known), known, frames=2)

    first = packets[0].sequence_number
    assert [packet.sequence_number - first for packet in packets] == [0, 1, 2, 3, 4, 5]
    assert [packet.timestamp - packets[0].timestamp for packet in packets] == [0, 0, 0, 3000, 3000, 3000]
    assert [packet.marker for packet in packets] == [0, 0, 1, 0, 0, 1]
    assert [packet.payload for packet in packets[:3]] == [b"0.0", b"0.1", b"0.2"]
    assert {(packet.payload_type, packet.ssrc) for packet in packets} == {(97, 1234)}


def test_each_packet_says_when_it_was_sent_and_to_which_section_it_belongs():
    known = extensions(ABS_SEND_TIME, MID)
    began = current_ntp_time() >> 14

    packets = written(RtpWriter(97, 1, "video0", known), known, frames=1)

    for packet in packets:
        assert packet.extensions.mid == "video0"
        assert packet.extensions.abs_send_time is not None
        assert (packet.extensions.abs_send_time - began) % (1 << 24) < 60 << 18  # within a minute


def test_a_packet_is_what_aiortc_would_have_written():
    known = extensions(MID)
    (packet,) = RtpWriter(97, 7, "0", known).packets([b"payload"], 0)

    assert RtpPacket.parse(packet, known).serialize(known) == packet


def test_a_peer_without_header_extensions_gets_none():
    known = extensions()

    packets = written(RtpWriter(97, 1, "0", known), known, frames=1)

    assert [packet.payload for packet in packets] == [b"0.0", b"0.1", b"0.2"]


def test_sequence_numbers_and_times_wrap():
    known = extensions(MID)
    writer = RtpWriter(97, 1, "0", known)
    writer._next_number, writer._origin = 65535, (1 << 32) - 1000

    packets = written(writer, known, frames=2, packets=1)

    assert [packet.sequence_number for packet in packets] == [65535, 0]
    assert packets[1].timestamp == 2000


def test_the_last_128_packets_are_kept():
    known = extensions(MID)
    writer = RtpWriter(97, 1, "0", known)
    packets = written(writer, known, frames=100)
    numbers = [packet.sequence_number for packet in packets]

    assert [writer.sent(number) is not None for number in numbers] == [False] * 172 + [True] * 128
    last = writer.sent(numbers[-1])
    assert last is not None
    assert (last.payload, last.marker, last.timestamp) == (b"99.2", 1, packets[-1].timestamp)
