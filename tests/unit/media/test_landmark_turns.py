"""Whose landmarks a telemetry message has: each face every so often, at most one face in a message."""

from facestream.media.outbox import LandmarkTurns

FPS = 30


def sent(every_s: float, *frames: tuple[int, ...]) -> list[int | None]:
    """The face with landmarks in each frame, at 30 frames a second."""
    turns = LandmarkTurns()
    turns.every_s = every_s
    return [turns.next_id(ids, number / FPS) for number, ids in enumerate(frames)]


def test_by_default_no_landmarks_are_sent():
    assert sent(LandmarkTurns().every_s, *[(1,)] * 60) == [None] * 60


def test_a_face_has_its_landmarks_at_once_and_then_every_half_second():
    numbers = [number for number, face in enumerate(sent(0.5, *[(1,)] * 46)) if face]

    assert numbers == [0, 15, 30, 45]


def test_faces_take_turns_in_consecutive_frames():
    assert sent(0.5, *[(1, 2, 3)] * 18) == [1, 2, 3, *[None] * 12, 1, 2, 3]


def test_more_faces_than_frames_in_the_time_all_have_their_turn():
    ids = tuple(range(1, 6))

    assert sent(0.1, *[ids] * 10) == [*ids, *ids]


def test_a_face_that_returns_is_due_at_once():
    assert sent(60, (1,), (), (1,), (1,)) == [1, None, 1, None]
