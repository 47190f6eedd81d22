"""Programs that listen to a stream: what each gets, and what a slow one loses."""

import asyncio
import json

import numpy as np
import pytest

from facestream.analysis.faces import EMOTIONS, BoundingBox, Face, FrameReport
from facestream.media.listeners import MAX_WAITING, MAX_WAITING_BYTES, Listener, Listeners
from facestream.messages.events import encode_event
from facestream.messages.telemetry import StageTimes, Telemetry, encode_telemetry, face_messages

REPORT = FrameReport(
    tuple(
        Face(number, BoundingBox(0, 0, 9, 9), np.zeros((68, 2), np.float32), (1.0, *[0.0] * 6), EMOTIONS[0])
        for number in (1, 2)
    )
)


def message(seq: int = 0, with_landmarks: int | None = None) -> Telemetry:
    return Telemetry(
        seq=seq,
        pts=seq / 10,
        fps_in=10,
        fps_out=10,
        dropped=0,
        ms=StageTimes(wait=0, detect=0, landmarks=0, emotion=0, draw=0),
        faces=face_messages(REPORT, with_landmarks),
    )


def publish(listeners: Listeners, frame: Telemetry) -> None:
    listeners.publish_frame(frame, encode_telemetry(frame), REPORT, (640, 360))


def events_of(taken: str) -> list[tuple[str, dict[str, object]]]:
    blocks = [block.split("\n") for block in taken.split("\n\n") if block]
    return [(name.removeprefix("event: "), json.loads(line.removeprefix("data: "))) for name, line in blocks]


async def test_a_listener_that_keeps_up_gets_everything_in_order():
    listeners, listener = Listeners(), Listener("a-session")
    listeners.add(listener)

    first = events_of(await listener.take())
    for seq in range(3):
        publish(listeners, message(seq))
    listeners.end("goodbye")
    rest = events_of(await listener.take())

    assert first == [("session", {"session_id": "a-session"})]
    assert [name for name, _ in rest] == ["telemetry"] * 3 + ["end"]
    assert [said["seq"] for _, said in rest[:3]] == [0, 1, 2]
    assert rest[-1][1] == {"ending": "goodbye"}
    assert listener.ended


async def test_a_slow_listener_keeps_the_newest_and_learns_how_many_it_lost():
    counted: list[int] = []
    listener = Listener("a-session", on_lost=lambda: counted.append(1))
    await listener.take()

    for seq in range(MAX_WAITING + 5):
        listener.put(encode_event(message(seq)))
    (name, lost), *kept = events_of(await listener.take())
    listener.put(encode_event(message(1000)))
    later = events_of(await listener.take())

    assert (name, lost) == ("lost", {"messages": 5})
    assert [said["seq"] for _, said in kept] == [*range(5, MAX_WAITING + 5)]
    assert [said for said, _ in later] == ["telemetry"]
    assert len(counted) == 5


async def test_what_waits_is_bounded_in_bytes_too():
    listener = Listener("a-session")

    for _ in range(20):
        listener.put("x" * (MAX_WAITING_BYTES // 8))

    assert len(await listener.take()) < MAX_WAITING_BYTES + 200


async def test_the_last_event_reaches_a_listener_that_has_lost_others():
    listener = Listener("a-session")
    listener.end("goodbye")
    for seq in range(2 * MAX_WAITING):
        listener.put(encode_event(message(seq)))

    assert events_of(await listener.take())[-1][0] == "end"


async def test_taking_waits_for_an_event():
    listener = Listener("a-session")
    await listener.take()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await listener.take()


async def test_a_listener_gets_the_landmarks_that_it_asks_for_and_no_others():
    listeners, without, with_landmarks = Listeners(), Listener("a-session"), Listener("a-session", 0.5)
    listeners.add(without)
    listeners.add(with_landmarks)

    for seq in range(6):
        # The peer has asked for the landmarks of face 2, every time.
        publish(listeners, message(seq, with_landmarks=2))

    def landmarks_in(taken: str) -> list[list[int]]:
        faces = [said["faces"] for name, said in events_of(taken) if name == "telemetry"]
        return [[face["id"] for face in each if "landmarks" in face] for each in faces]  # type: ignore[attr-defined]

    assert landmarks_in(await without.take()) == [[]] * 6
    # Both faces in turn, each every half second.
    assert landmarks_in(await with_landmarks.take()) == [[1], [2], [], [], [], [1]]


async def test_what_does_not_fit_into_a_portion_waits_and_may_be_dropped():
    listener = Listener("a-session")
    await listener.take()
    for seq in range(3):
        listener.put(encode_event(message(seq)))
    one = len(encode_event(message(0)))

    first = events_of(await listener.take(one + 1))
    for seq in range(3, MAX_WAITING + 4):
        listener.put(encode_event(message(seq)))
    listener.end("goodbye")
    rest = list[tuple[str, dict[str, object]]]()
    while not listener.ended:
        rest += events_of(await listener.take(10 * one))

    assert [said["seq"] for _, said in first] == [0]
    assert rest[0] == ("lost", {"messages": 3})
    assert [said["seq"] for _, said in rest[1:-1]] == [*range(4, MAX_WAITING + 4)]
    assert rest[-1] == ("end", {"ending": "goodbye"})


async def test_a_message_that_is_larger_than_a_portion_is_taken_alone():
    listener = Listener("a-session")
    await listener.take()
    listener.put(encode_event(message(0)))
    listener.put(encode_event(message(1)))

    assert [said["seq"] for _, said in events_of(await listener.take(1))] == [0]
    assert [said["seq"] for _, said in events_of(await listener.take(1))] == [1]
