"""Faults of one stream: logged once; the tracks are reset after two; analysis pauses if workers are lost."""

import pytest

from facestream.analysis.faces import PluginFault
from facestream.errors import AnalysisFaultError, AnalysisUnavailableError, WorkerLostError
from facestream.media.stream_faults import (
    FIRST_PAUSE_S,
    FIRST_PLUGIN_PAUSE_S,
    LONGEST_PLUGIN_PAUSE_S,
    PAUSE_AFTER,
    PluginFaults,
    StreamFaults,
)
from facestream.workers.plugin_log import LOGGED_KINDS, PERIOD_S, PluginLog

FAULT = AnalysisFaultError("ValueError in the analysis", "Traceback ...\nValueError: odd")
LOST = WorkerLostError("gone")


def test_a_fault_is_logged_once_with_the_traceback_of_the_worker(caplog: pytest.LogCaptureFixture):
    faults = StreamFaults()

    for _ in range(30):
        faults.failed(FAULT, 0.0)

    assert len(caplog.records) == 1
    assert "ValueError: odd" in caplog.text


@pytest.mark.parametrize("error", [FAULT, LOST])
def test_tracks_are_reset_after_two_faults_in_a_row(error: AnalysisUnavailableError):
    faults = StreamFaults()

    forget = [faults.failed(error, 0.0), faults.failed(error, 0.0)]

    assert forget == [False, True]


def test_an_analysed_frame_ends_a_row_of_faults():
    faults = StreamFaults()
    faults.failed(FAULT, 0.0)
    faults.analysed()

    assert not faults.failed(FAULT, 0.0)


def test_a_server_without_workers_is_not_a_fault_of_a_stream(caplog: pytest.LogCaptureFixture):
    faults = StreamFaults()

    forget = {faults.failed(AnalysisUnavailableError("none runs"), 0.0) for _ in range(10)}

    assert forget == {False}
    assert not faults.pauses(0.0)
    assert caplog.records == []


def test_a_stream_that_keeps_losing_workers_pauses_longer_each_time():
    faults, now_s, ends_s = StreamFaults(), 100.0, []

    for _ in range(2):
        for _ in range(PAUSE_AFTER):
            assert not faults.pauses(now_s)
            faults.failed(LOST, now_s)
        began_s = now_s
        while faults.pauses(now_s):
            now_s += 0.5
        ends_s.append(now_s - began_s)

    assert ends_s == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S]


def test_faults_of_a_plugin_are_counted_and_each_kind_is_logged_once(caplog: pytest.LogCaptureFixture):
    faults = PluginFaults(PluginLog())

    for kind in ("KeyError", "ValueError", "KeyError", "ValueError"):
        faults.failed(PluginFault(kind, kind, f"Traceback ...\n{kind}"), 0.0)

    assert faults.count == 4
    assert [record.getMessage().splitlines()[-1] for record in caplog.records] == ["KeyError", "ValueError"]


def test_a_plugin_that_makes_up_kinds_of_faults_does_not_fill_the_log(caplog: pytest.LogCaptureFixture):
    faults = PluginFaults(PluginLog())

    for number in range(100):
        faults.failed(PluginFault(f"Error{number}", "", "Traceback"), 0.0)

    assert faults.count == 100
    assert len(caplog.records) == LOGGED_KINDS


def test_however_many_streams_a_fault_is_logged_once_in_ten_minutes_and_all_are_counted(
    caplog: pytest.LogCaptureFixture,
):
    log = PluginLog()
    streams = [PluginFaults(log) for _ in range(50)]

    for now_s in (0.0, PERIOD_S - 1, PERIOD_S + 1):
        for stream in streams:
            stream.failed(PluginFault("KeyError", "", "Traceback"), now_s)
            stream.process_lost("own:plugin", now_s)

    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 4, "two kinds in two periods"
    assert "101 frames of all streams" in said[2]
    assert log.frames == sum(stream.count for stream in streams) == 150


def test_a_new_kind_of_fault_is_logged_in_the_next_period(caplog: pytest.LogCaptureFixture):
    faults = PluginFaults(PluginLog())
    for number in range(LOGGED_KINDS + 1):
        faults.failed(PluginFault(f"Error{number}", "", "Traceback"), 0.0)

    faults.failed(PluginFault(f"Error{LOGGED_KINDS}", "", "Traceback of the last"), PERIOD_S)

    assert caplog.records[-1].getMessage().endswith("Traceback of the last")


def test_a_plugin_is_paused_longer_each_time_that_a_process_is_lost():
    faults, now_s, pauses_s = PluginFaults(PluginLog()), 0.0, []

    for _ in range(5):
        faults.process_lost("own:plugin", now_s)
        began_s = now_s
        while faults.pauses(now_s):
            now_s += 1
        pauses_s.append(now_s - began_s)

    assert pauses_s[0] == FIRST_PLUGIN_PAUSE_S
    assert pauses_s == sorted(pauses_s)
    assert pauses_s[-1] == LONGEST_PLUGIN_PAUSE_S
