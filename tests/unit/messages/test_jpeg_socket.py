import json

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
        "", "[]", '{"type": "ping"}', b"\xff\xd8", "{}",
    ],
)  # fmt: skip
def test_any_other_first_message_is_rejected_with_what_is_expected(text: str | bytes):
    with pytest.raises(ValueError, match=r'expected text like \{"type": "open"\}'):
        decode_open(text)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("type", "ping", "'open'"),
        ("token", 5, "string"),
        ("resume", "r" * 101, "at most 100 characters"),
        ("first_face_id", 0, "greater than or equal to 1"),
        ("first_face_id", 1_000_001, "less than or equal to 1000000"),
        ("first_face_id", "2", "integer"),
    ],
)
def test_a_wrong_field_of_the_first_message_is_named(field: str, value: object, said: str):
    with pytest.raises(ValueError, match=f"^{field}: .*{said}"):
        decode_open(json.dumps({"type": "open", field: value}))


def test_a_long_token_is_not_a_problem_of_the_message_so_that_it_is_rejected_as_a_token():
    assert len(decode_open(json.dumps({"type": "open", "token": "x" * 4500})).token) == 4500
