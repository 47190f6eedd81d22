import pytest

from facestream.errors import FrameError
from facestream.messages.jpeg_socket import (
    HEADER_BYTES,
    JpegFrame,
    decode_jpeg_message,
    decode_open,
    encode_jpeg_message,
)


@pytest.mark.parametrize("time_ms", [0, 33, 2**32 - 1])
def test_a_frame_is_decoded_to_what_was_encoded(time_ms: int):
    frame = JpegFrame(time_ms, b"\xff\xd8jpeg")

    assert decode_jpeg_message(encode_jpeg_message(frame)) == frame


def test_the_header_is_the_documented_one():
    assert encode_jpeg_message(JpegFrame(0x01020304, b"J")) == b"\x01\0\0\0\x01\x02\x03\x04J"


@pytest.mark.parametrize(
    ("message", "said"),
    [(b"", "0 bytes"), (bytes(HEADER_BYTES), "8 bytes"), (b"\x02" + bytes(20), "version 2")],
)
def test_an_invalid_frame_message_is_rejected(message: bytes, said: str):
    with pytest.raises(FrameError, match=said):
        decode_jpeg_message(message)


def test_unknown_fields_in_the_first_message_are_ignored():
    opening = decode_open('{"type": "open", "resume": "r", "later": 1}')

    assert (opening.token, opening.resume, opening.first_face_id) == ("", "r", 1)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", '{"type": "ping"}', b"\xff\xd8", '{"type": "open", "token": 5}',
        '{"type": "open", "first_face_id": 0}', '{"type": "open", "first_face_id": 1000001}',
        '{"type": "open", "first_face_id": "2"}',
    ],
)  # fmt: skip
def test_any_other_first_message_is_rejected_with_what_is_expected(text: str | bytes):
    with pytest.raises(ValueError, match='"type": "open"'):
        decode_open(text)
