"""The messages on `control`: valid requests, the format of replies, and the codes of rejections."""

import json

import pytest

from facestream.analysis.faces import EMOTIONS
from facestream.messages.control import (
    MAX_CONTROL_CHARS,
    REQUEST_TYPES,
    Bye,
    ChooseLanguage,
    ControlError,
    ControlReply,
    ErrorCode,
    Layers,
    Mark,
    Mirror,
    NameFace,
    NoteMarker,
    Ping,
    SendLandmarks,
    SetNeutral,
    decode_control,
    decode_reply,
    encode_control,
)

AT_REST = {str(emotion): 0.0 for emotion in EMOTIONS} | {"neutral": 1.0}


@pytest.mark.parametrize(
    ("text", "request_read"),
    [
        ('{"type": "ping", "id": 3}', Ping(type="ping", id=3)),
        ('{"type": "layers", "layers": ["box"]}', Layers(type="layers", layers=frozenset({"box"}))),
        ('{"type": "layers", "layers": []}', Layers(type="layers", layers=frozenset())),
        ('{"type": "mirror", "mirror": true}', Mirror(type="mirror", mirror=True)),
        ('{"type": "language", "language": "de"}', ChooseLanguage(type="language", language="de")),
        ('{"type": "landmarks", "every_s": 0.5}', SendLandmarks(type="landmarks", every_s=0.5)),
        ('{"type": "landmarks", "every_s": 2}', SendLandmarks(type="landmarks", every_s=2.0)),
        ('{"type": "landmarks", "every_s": 0}', SendLandmarks(type="landmarks", every_s=0)),
        ('{"type": "marker", "name": "cat 7"}', Mark(type="marker", name="cat 7")),
        ('{"type": "marker", "name": "a", "note": "b"}', Mark(type="marker", name="a", note="b")),
        ('{"type": "marker", "name": "a", "id": 3}', Mark(type="marker", name="a", id=3)),
        (
            '{"type": "marker_note", "id": 3, "note": "b"}',
            NoteMarker(type="marker_note", id=3, note="b"),
        ),
        ('{"type": "face_name", "face": 3, "name": "Ada"}', NameFace(type="face_name", face=3, name="Ada")),
        ('{"type": "face_name", "face": 3, "name": null}', NameFace(type="face_name", face=3, name=None)),
        (
            '{"type": "neutral", "face": 3, "emotions": null}',
            SetNeutral(type="neutral", face=3, emotions=None),
        ),
        (
            json.dumps({"type": "neutral", "face": 3, "emotions": AT_REST}),
            SetNeutral(type="neutral", face=3, emotions=AT_REST),
        ),
        ('{"type": "bye"}', Bye(type="bye")),
    ],
)
def test_a_control_request_is_read(
    text: str,
    request_read: Ping
    | Layers
    | Mirror
    | ChooseLanguage
    | SendLandmarks
    | Mark
    | NameFace
    | SetNeutral
    | Bye,
):
    assert decode_control(text) == request_read


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "7", "{}", '{"type": "dance"}', '{"type": "layers"}', '{"type": "layers", "layers": ["hat"]}',
        '{"type": "mirror"}', '{"type": "mirror", "mirror": "yes"}', '{"type": "mirror", "mirror": 1}',
        '{"type": "language"}', '{"type": "language", "language": "fr"}', '{"type": "language", "language": "DE"}',
        '{"type": "language", "language": ["de"]}',
        '{"type": "landmarks", "every_s": "0.5"}', '{"type": "landmarks", "every_s": true}',
        '{"type": "ping", "id": "3"}', '{"type": "landmarks", "every_s": 0.05}', '{"type": "landmarks", "every_s": -1}',
        '{"type": "landmarks", "every_s": 1e9}', '{"type": "landmarks", "every_s": NaN}',
        '{"type": "marker", "name": "a", "id": -1}', '{"type": "marker", "name": "a", "id": "3"}',
        '{"type": "marker_note", "id": 0, "note": "b"}', '{"type": "marker_note", "id": 3, "note": " "}',
        '{"type": "marker_note", "id": 3}', '{"type": "marker_note", "id": 3, "note": "a\\nb"}',
        '{"type": "marker_note", "id": 3, "note": "' + "x" * 501 + '"}',
        '{"type": "marker"}', '{"type": "marker", "name": ""}', '{"type": "marker", "name": "  "}',
        '{"type": "marker", "name": "a\\nb"}', '{"type": "marker", "name": "\\ud800"}',
        '{"type": "face_name", "face": 3}', '{"type": "face_name", "face": 0, "name": "Ada"}',
        '{"type": "face_name", "face": "3", "name": "Ada"}', '{"type": "face_name", "face": 3, "name": " "}',
        '{"type": "face_name", "face": 3, "name": "a\\nb"}',
        '{"type": "marker", "name": "a\\u001bb"}', '{"type": "marker", "name": "a", "note": "b\\u0000"}',
        '{"type": "face_name", "face": 3, "name": "a\\u0007b"}',
        json.dumps({"type": "face_name", "face": 3, "name": 65 * "a"}),
        '{"type": "neutral", "face": 3}', '{"type": "neutral", "face": 3, "emotions": {}}',
        json.dumps({"type": "neutral", "face": 3, "emotions": AT_REST | {"neutral": 1.1}}),
        json.dumps({"type": "neutral", "face": 3, "emotions": AT_REST | {"neutral": "1"}}),
        json.dumps({"type": "neutral", "face": 3, "emotions": AT_REST | {"bored": 0.1}}),
        json.dumps({"type": "neutral", "face": 3, "emotions": AT_REST | {"neutral": float("nan")}}),
        json.dumps({"type": "neutral", "face": 3, "emotions": AT_REST | {"neutral": 0.0}}),
        json.dumps({"type": "neutral", "face": 3, "emotions": AT_REST | {"happy": 0.02}}),
        '{"type": "bye", "now": true}', '{"type": ["ping"]}', b"\x00\xff",
    ],
)  # fmt: skip
def test_a_bad_control_message_is_answered_with_what_was_expected(text: str | bytes):
    with pytest.raises(
        ControlError,
        match="expected ping, layers, view, mirror, language, landmarks, marker, marker_note, face_name, neutral "
        "or bye",
    ) as rejected:
        decode_control(text)

    assert rejected.value.code == ErrorCode.NOT_A_CONTROL_MESSAGE


def test_a_baseline_whose_numbers_are_no_probabilities_is_refused_with_their_sum():
    message = {"type": "neutral", "face": 3, "emotions": AT_REST | {"neutral": 0.0}}

    with pytest.raises(ControlError, match=r"the seven sum to 0; expected 1, off by 0\.01 at most"):
        decode_control(json.dumps(message))


@pytest.mark.parametrize("neutral", [0.993, 1.0])
def test_a_baseline_of_rounded_means_is_taken(neutral: float):
    emotions = AT_REST | {"happy": 0.002, "neutral": neutral}

    request = decode_control(json.dumps({"type": "neutral", "face": 3, "emotions": emotions}))

    assert request == SetNeutral(type="neutral", face=3, emotions=emotions)


def test_the_error_names_the_type_of_every_request():
    with pytest.raises(ControlError) as rejected:
        decode_control("{}")

    assert [name for name in REQUEST_TYPES if name not in str(rejected.value).partition("expected")[2]] == []


@pytest.mark.parametrize("text", ['{"type": "NAME"}', '{"type": "bye", "NAME": 1}'])
def test_an_unknown_name_is_repeated_cut_short(text: str):
    with pytest.raises(ControlError) as rejected:
        decode_control(text.replace("NAME", "x" * 3000))

    assert "xxx..." in str(rejected.value)
    assert len(str(rejected.value)) < 400


def test_a_reply_leaves_out_default_values():
    assert json.loads(encode_control(ControlReply(type="pong", id=3))) == {"type": "pong", "id": 3}


def test_a_message_that_is_too_long_has_a_code_of_its_own():
    with pytest.raises(ControlError, match=f"at most {MAX_CONTROL_CHARS}") as rejected:
        decode_control('{"type": "ping"}'.ljust(MAX_CONTROL_CHARS + 1))

    assert rejected.value.code == ErrorCode.MESSAGE_TOO_LONG


def test_a_reader_ignores_unknown_fields():
    reply = decode_reply('{"type": "notice", "code": "stopping", "of_a_later_release": 1}')

    assert reply == ControlReply(type="notice", code="stopping")
