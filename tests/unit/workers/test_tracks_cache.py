"""What of a stream is kept between two frames: packed by one analysis process, unpacked by any."""

import numpy as np

from facestream.analysis.tracking.tracks import Track, Tracks
from facestream.workers.worker import KEPT_STREAMS, NEW_STREAM, TracksCache, forget_faces


def some_tracks(number: int) -> Tracks:
    return Tracks(followed=(Track(number, np.full((68, 2), number, np.float32), 1.0),), next_id=number + 1)


def test_a_new_stream_knows_no_face():
    assert TracksCache().unpack(NEW_STREAM) == Tracks()


def test_another_process_reads_what_one_has_packed():
    packed = TracksCache().pack(some_tracks(7))

    unpacked = TracksCache().unpack(packed)

    assert unpacked.followed[0].id == 7
    assert (unpacked.followed[0].landmarks_xy == 7).all()


def test_the_process_that_packed_them_takes_them_up_as_they_are():
    process, tracks = TracksCache(), some_tracks(7)

    assert process.unpack(process.pack(tracks)) is tracks


def test_tracks_nobody_asks_for_again_are_not_kept_for_ever():
    process = TracksCache()

    for number in range(1, 10 * KEPT_STREAMS):
        process.pack(some_tracks(number))

    assert len(process._packed_lately) == KEPT_STREAMS


def test_a_stream_that_starts_anew_gives_no_id_a_second_time():
    forgotten = TracksCache().unpack(forget_faces(TracksCache().pack(some_tracks(7))))

    assert forgotten == Tracks(next_id=8)


def test_tracks_that_cannot_be_read_are_forgotten_altogether():
    assert forget_faces(b"no pickle") == NEW_STREAM
