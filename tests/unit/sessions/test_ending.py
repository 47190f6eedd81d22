"""The codes of the endings are stable for metrics, and each notice belongs to one ending."""

from collections import Counter

from facestream.errors import FrameError, FrameTooLargeError
from facestream.messages.control import NoticeCode
from facestream.sessions.ending import Ending

LABELS = {
    "goodbye", "page_closed", "deleted", "ended_by_admin", "resumed", "moved", "video_ended", "time_over",
    "connection_lost", "silence", "setup_timeout", "frame_refused", "server_stopping", "fault",
}  # fmt: skip


def test_the_labels_of_the_metric_do_not_change():
    assert {ending.label for ending in Ending} == LABELS


def test_every_notice_but_the_one_after_which_the_session_goes_on_has_one_ending():
    notices = Counter(ending.notice for ending in Ending if ending.notice is not None)

    assert notices == Counter(set(NoticeCode) - {NoticeCode.MOVE})


def test_every_error_of_a_frame_is_an_ending_with_the_same_code_in_its_notice():
    for error in (FrameError, FrameTooLargeError):
        assert Ending(error.code).notice == error.code
