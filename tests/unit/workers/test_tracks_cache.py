"""The tracks of a stream between two frames: packed by one worker, unpacked by any."""

import numpy as np

from facestream.analysis.tracking.tracks import Track, Tracks
from facestream.workers.worker import KEPT_STREAMS, NEW_STREAM, TracksCache, forget_faces, new_stream


def some_tracks(number: int) -> Tracks:
    return Tracks(followed=(Track(number, np.full((68, 2), number, np.float32), 1.0),), next_id=number + 1)


def test_a_new_stream_knows_no_face():
    assert TracksCache().unpack(NEW_STREAM) == Tracks()


def test_a_new_stream_gives_its_first_face_the_wanted_id():
    assert TracksCache().unpack(new_stream(8)) == Tracks(next_id=8)


def test_tracks_packed_by_one_worker_are_read_by_another():
    packed = TracksCache().pack(some_tracks(7))

    unpacked = TracksCache().unpack(packed)

    assert unpacked.followed[0].id == 7
    assert (unpacked.followed[0].landmarks_xy == 7).all()


def test_the_worker_that_packed_tracks_reuses_them_without_unpacking():
    process, tracks = TracksCache(), some_tracks(7)

    assert process.unpack(process.pack(tracks)) is tracks


def test_unused_tracks_are_discarded():
    process = TracksCache()

    for number in range(1, 10 * KEPT_STREAMS):
        process.pack(some_tracks(number))

    assert len(process._packed_lately) == KEPT_STREAMS


def test_a_restarted_stream_reuses_no_id():
    forgotten = TracksCache().unpack(forget_faces(TracksCache().pack(some_tracks(7))))

    assert forgotten == Tracks(next_id=8)


def test_unreadable_tracks_are_discarded():
    assert forget_faces(b"no pickle") == NEW_STREAM
