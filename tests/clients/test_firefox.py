"""The page in Firefox: camera, clip, chart, recording, goodbye, and the compatibility mode."""

import re

import pytest

from facestream.analysis.faces import EMOTIONS
from tests.clients.conftest import Face
from tests.clients.firefox import NO_WEBRTC, Visit, frames_of, visit
from tests.clients.outcome import Meeting
from tests.conftest import ROOT
from tests.recorded_offers import check_offer

pytestmark = pytest.mark.clients

ALL_LINES = (*map(str, EMOTIONS), "fps")
LABELS = re.compile("|".join([*map(str, EMOTIONS), "unsure"]), re.IGNORECASE)
LEAST_PLAYED_S = 1.5
"""Of the two or more seconds between the first and the last observation."""
LEAST_RECORDED = 3
"""Frames; a busy machine records few."""
LEAST_SPREAD = 10.0


@pytest.fixture(scope="module")
def with_camera(meeting: Meeting, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """Firefox's own test camera, which shows changing colours and no face."""
    return visit(meeting, tmp_path_factory.mktemp("camera"), "camera", lines=("fps",))


@pytest.fixture(scope="module")
def with_clip(meeting: Meeting, face: Face, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    folder = tmp_path_factory.mktemp("clip")
    return visit(meeting, folder, "clip", clip=face.webm, leave="navigate", lines=ALL_LINES)


@pytest.fixture(scope="module")
def without_webrtc(meeting: Meeting, face: Face, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    folder = tmp_path_factory.mktemp("without")
    return visit(meeting, folder, "without_webrtc", clip=face.webm, lines=ALL_LINES, prefs=NO_WEBRTC)


def assert_plays(seen: Visit) -> None:
    assert not seen.late, seen
    assert seen.last.state == "connected", seen
    assert seen.last.time_s - seen.first.time_s > LEAST_PLAYED_S, seen
    assert not seen.errors
    assert not seen.rejected


def test_the_annotated_camera_plays_over_webrtc(with_camera: Visit):
    assert_plays(with_camera)

    assert not with_camera.last.compatibility
    assert (with_camera.last.width, with_camera.last.height) == (640, 480)
    assert with_camera.last.points["fps"] > with_camera.first.points["fps"]
    assert with_camera.last.verdict == "No face"


def test_an_annotated_clip_plays_and_the_chart_fills(with_clip: Visit):
    assert_plays(with_clip)

    assert not with_clip.last.compatibility
    assert re.search(LABELS, with_clip.last.verdict)
    assert with_clip.last.spread > LEAST_SPREAD
    assert set(with_clip.last.points) == set(ALL_LINES)


def test_the_displayed_frame_is_marked(with_clip: Visit):
    assert with_clip.last.mark


@pytest.mark.parametrize("fixture", ["with_camera", "with_clip", "without_webrtc"])
def test_a_recording_plays(request: pytest.FixtureRequest, fixture: str):
    seen: Visit = request.getfixturevalue(fixture)

    (recording,) = seen.saved
    assert frames_of(recording) >= LEAST_RECORDED


@pytest.mark.parametrize("fixture", ["with_camera", "without_webrtc"])
def test_closing_the_tab_ends_the_session(request: pytest.FixtureRequest, fixture: str):
    seen: Visit = request.getfixturevalue(fixture)

    assert seen.goodbye_ms is not None


def test_leaving_the_page_says_goodbye(with_clip: Visit, meeting: Meeting):
    assert with_clip.goodbye_ms is not None
    assert meeting.ending_of(with_clip.last.session_id) == "page_closed"


def test_without_webrtc_the_page_uses_the_compatibility_mode(without_webrtc: Visit, meeting: Meeting):
    assert_plays(without_webrtc)

    assert without_webrtc.last.compatibility
    assert re.search(LABELS, without_webrtc.last.verdict)
    assert without_webrtc.last.spread > LEAST_SPREAD
    assert not without_webrtc.offers


def test_its_version_is_in_the_table_of_clients(with_camera: Visit):
    major = with_camera.client.removeprefix("firefox/").partition(".")[0]

    assert f"| Firefox ESR (Debian) | {major} |" in (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")


def test_the_recorded_offer_matches_the_browser(with_camera: Visit, request: pytest.FixtureRequest):
    check_offer("firefox", with_camera.offers[0], request)
