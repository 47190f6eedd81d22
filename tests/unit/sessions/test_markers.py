"""The markers of a session: their numbers, their notes and their limits."""

import pytest

from facestream.messages.events import Marker, MarkerNote
from facestream.sessions.markers import (
    MARKERS_AT_ONCE,
    MOST_WAITING,
    NoFrameYetError,
    NoSuchMarkerError,
    SessionMarkers,
    TooManyMarkersError,
)


def unlimited(monkeypatch: pytest.MonkeyPatch) -> SessionMarkers:
    markers = SessionMarkers()
    monkeypatch.setattr(markers, "check_rate", lambda: None)
    return markers


def test_a_note_has_the_name_the_time_and_the_number_of_its_marker():
    markers = SessionMarkers()
    markers.set("program", "", 0.5, 0)
    marker = markers.set("stimulus-start", "", 1.5, 7)

    noted = markers.add_note(7, "left")

    assert marker == Marker(name="stimulus-start", pts=1.5, id=2)
    assert noted == MarkerNote(id=2, name="stimulus-start", note="left", pts=1.5)


def test_a_marker_gets_one_note():
    markers = SessionMarkers()
    markers.set("marker", "", 1.5, 7)
    markers.add_note(7, "left")

    for peer_id in (7, 8):
        with pytest.raises(NoSuchMarkerError, match=f"got a note for marker {peer_id}"):
            markers.add_note(peer_id, "right")


def test_only_the_newest_markers_wait_for_a_note(monkeypatch: pytest.MonkeyPatch):
    markers = unlimited(monkeypatch)
    for number in range(1, MOST_WAITING + 2):
        markers.set("marker", "", 1.5, number)

    assert markers.add_note(2, "kept").id == 2
    with pytest.raises(NoSuchMarkerError):
        markers.add_note(1, "too old")


def test_an_id_that_is_used_again_names_the_newer_marker():
    markers = SessionMarkers()
    markers.set("marker", "", 1.5, 7)
    markers.set("marker", "", 2.5, 7)

    assert markers.add_note(7, "left").pts == 2.5


def test_notes_count_against_the_limit_of_markers():
    markers = SessionMarkers()
    for number in range(1, MARKERS_AT_ONCE):
        markers.set("marker", "", 1.5, number)
    markers.add_note(1, "left")

    with pytest.raises(TooManyMarkersError):
        markers.add_note(2, "right")
    with pytest.raises(TooManyMarkersError):
        markers.set("marker", "", 1.5, 0)


def test_before_the_first_frame_there_is_no_marker():
    with pytest.raises(NoFrameYetError):
        SessionMarkers().set("marker", "", None, 1)
