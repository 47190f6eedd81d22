"""Writes malformed and unusual H264 headers bit by bit (ITU-T H.264, 7.3)."""

from collections.abc import Sequence
from typing import Self

START = b"\x00\x00\x00\x01"


class BitWriter:
    """Appends bit fields; MSB first."""

    def __init__(self) -> None:
        self._bits: list[str] = []

    def put(self, count: int, value: int) -> Self:
        self._bits.append(format(value, f"0{count}b"))
        return self

    def golomb(self, *values: int) -> Self:
        for value in values:
            digits = format(value + 1, "b")
            self._bits.append("0" * (len(digits) - 1) + digits)
        return self

    def signed_golomb(self, *values: int) -> Self:
        return self.golomb(*(2 * value - 1 if value > 0 else -2 * value for value in values))

    def nal_unit(self, header: int) -> bytes:
        """The NAL unit, with its stop bit and emulation prevention bytes."""
        bits = "".join(self._bits) + "1"
        bits += "0" * (-len(bits) % 8)
        payload, zeros = bytearray(), 0
        for byte in int(bits, 2).to_bytes(len(bits) // 8, "big"):
            if zeros >= 2 and byte <= 3:
                payload.append(3)
                zeros = 0
            payload.append(byte)
            zeros = zeros + 1 if byte == 0 else 0
        return bytes([header]) + bytes(payload)


def sps(
    width: int,
    height: int,
    *,
    profile: int = 77,
    references: int = 1,
    header: int = 0x67,
    set_id: int = 0,
    chroma: int = 1,
    sample_bits: int = 8,
    scaling: Sequence[int] = (),
    cycle: Sequence[int] = (),
    interlaced: int = 0,
    crop_right: int = 0,
    reordered: int | None = None,
) -> bytes:
    """An SPS. `scaling` fills each scaling list; `cycle` has the offsets of pic_order_cnt_type 1."""
    bits = BitWriter().put(8, profile).put(8, 0).put(8, 51).golomb(set_id)
    if profile in {100, 110, 122, 144, 244}:
        bits.golomb(chroma)
        if chroma == 3:
            bits.put(1, 0)
        bits.golomb(sample_bits - 8, sample_bits - 8).put(1, 0).put(1, bool(scaling))
        if scaling:
            for length in (16,) * 6 + (64,) * (6 if chroma == 3 else 2):
                bits.put(1, 1).signed_golomb(*scaling[:length])
    bits.golomb(0)
    if cycle:
        bits.golomb(1).put(1, 1).signed_golomb(0, 0).golomb(len(cycle)).signed_golomb(*cycle)
    else:
        bits.golomb(2)
    bits.golomb(references).put(1, 0).golomb(width // 16 - 1, height // (32 if interlaced else 16) - 1)
    bits.put(1, 1 - interlaced)
    if interlaced:
        bits.put(1, 0)
    bits.put(1, 1).put(1, bool(crop_right))
    if crop_right:
        bits.golomb(0, crop_right // 2, 0, 0)
    bits.put(1, reordered is not None)
    if reordered is not None:
        # No aspect ratio, overscan, signal type, chroma location, timing, two HRDs, pic_struct; then the restriction.
        bits.put(8, 0).put(1, 1).put(1, 1).golomb(0, 0, 10, 10, reordered, max(reordered, references))
    return bits.nal_unit(header)


def pps(set_id: int = 0, of_sps: int = 0) -> bytes:
    """A PPS with CAVLC."""
    bits = BitWriter().golomb(set_id, of_sps).put(2, 0).golomb(0, 0, 0).put(3, 0)
    return bits.signed_golomb(0, 0, 0).put(3, 0).nal_unit(0x68)


def idr_slice(macroblocks: int = 200) -> bytes:
    """An I slice whose first macroblocks are gray; the decoder conceals the rest."""
    bits = BitWriter().golomb(0, 7, 0).put(4, 0).golomb(0).put(2, 0).signed_golomb(0)
    for _ in range(macroblocks):
        bits.golomb(3, 0).signed_golomb(0).put(1, 1)
    return bits.nal_unit(0x65)


def annex_b(*units: bytes) -> bytes:
    """The NAL units as one frame in Annex B format."""
    return b"".join(START + unit for unit in units)
