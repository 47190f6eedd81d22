"""Values of the analysis as plain tuples: exact, whatever they hold, and without a class in the bytes."""

import itertools
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.degradation import DegradationLevel
from facestream.analysis.faces import (
    UNSURE,
    BoundingBox,
    Face,
    FrameReport,
    Gaze,
    HeadPose,
    PluginFault,
    QualityHint,
    UnsureReason,
)
from facestream.analysis.shapes import Shape, ShapeKind
from facestream.analysis.tracking.tracks import Track, Tracks
from facestream.workers.packing import plain_form
from facestream.workers.worker import pack_tracks, unpack_tracks
from tests.unit.workers.test_tracks_json import TRACKS, landmarks, plain

FACE = Face(
    id=3,
    box=BoundingBox(1.5, -2.25, 100.0, 100.0),
    landmarks_xy=landmarks(),
    probabilities=(0.1, 0.2, 0.3, 0.1, 0.1, 0.1, 0.1),
    label=UNSURE,
    unsure=UnsureReason.HIDDEN,
    trust=1 / 3,
    pose=HeadPose(-3.0, 0.125, 7.5),
    eye_opening=0.3,
    blinks=4,
    gaze=Gaze.LEFT,
    hints=(QualityHint.FAR, QualityHint.CUT),
    score=0.75,
)
REPORTS = [
    FrameReport(()),
    FrameReport((FACE, Face(4, FACE.box, landmarks(), FACE.probabilities, "happy"))),
    FrameReport(
        (FACE,),
        1.5,
        2.5,
        3.5,
        DegradationLevel.FEWER_FACES,
        not_followed=2,
        extra={"nested": [1, {"deep": None}], "text": "ü"},
        drawing=(Shape(ShapeKind.TEXT, ((1.0, 2.0),), "here", (1, 2, 3)),),
        extra_fault=PluginFault("KeyError", "KeyError: 'a'", "Traceback"),
    ),
]


def through_bytes(report: FrameReport) -> FrameReport:
    form = plain_form(FrameReport)
    after: FrameReport = form.from_plain(pickle.loads(pickle.dumps(form.to_plain(report))))
    return after


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_is_the_same_afterwards(report: FrameReport):
    assert plain(through_bytes(report)) == plain(report)


@pytest.mark.parametrize(
    "tracks",
    [
        Tracks(),
        TRACKS,
        replace(TRACKS, thumbnail=None, hints=(), visits=(), lost=(), degradation=Tracks().degradation),
        Tracks(followed=(Track(1, landmarks(), 2.0),)),
    ],
)
def test_tracks_are_the_same_afterwards(tracks: Tracks):
    assert plain(unpack_tracks(pack_tracks(tracks))) == plain(tracks)


def test_what_an_analysis_returns_is_the_same_afterwards(analyzer: Analyzer, clip_frames: Any):
    tracks = Tracks()
    for gray, time_s in itertools.islice(clip_frames("single_face.mp4"), 12):
        report, tracks = analyzer.analyze(gray, tracks, time_s)

        assert plain(through_bytes(report)) == plain(report)
        assert plain(unpack_tracks(pack_tracks(tracks))) == plain(tracks)


def test_arrays_can_be_changed_afterwards_and_belong_to_no_other_value():
    first, second = (unpack_tracks(pack_tracks(TRACKS)).followed[0].landmarks_xy for _ in range(2))

    first += 1

    assert np.allclose(first, second + 1)


def test_landmarks_in_another_order_of_memory_are_the_same_afterwards():
    turned = np.asfortranarray(FACE.landmarks_xy)

    (face,) = through_bytes(FrameReport((replace(FACE, landmarks_xy=turned),))).faces

    assert (face.landmarks_xy == turned).all()


def test_the_bytes_name_no_class():
    """Writing and finding these names takes longer than all the numbers."""
    assert b"facestream" not in pack_tracks(TRACKS)
    assert b"facestream" not in pickle.dumps(plain_form(FrameReport).to_plain(REPORTS[-1]))
