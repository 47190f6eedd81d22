"""Count the analysis faults of one stream: decide when to log a fault, reset the tracks, or pause the analysis."""

import logging

from facestream.analysis.faces import PluginFault
from facestream.errors import AnalysisFaultError, AnalysisUnavailableError, WorkerLostError
from facestream.workers.plugin_log import PluginLog

logger = logging.getLogger(__name__)

FORGET_AFTER = 2
"""Faults in a row after which the tracks are reset, because the tracks may be the cause."""
PAUSE_AFTER = 4
"""Processes in a row that died or hung while analysing one stream; each loss delays the other streams."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0

FIRST_PLUGIN_PAUSE_S, LONGEST_PLUGIN_PAUSE_S = 10.0, 600.0
WITHOUT_PLUGIN = PluginFault("WorkerLost", "your own analysis is paused after the loss of its process", "")
"""Why a frame has no extra values while the plug-in is paused."""


class PluginFaults:
    """Counts the frames of one stream in which a plug-in has failed, and pauses it if it may have cost a process."""

    def __init__(self, log: PluginLog) -> None:
        self.count = 0
        self._log = log
        self._pause_s = FIRST_PLUGIN_PAUSE_S
        self._paused_until_s = 0.0

    def pauses(self, now_s: float) -> bool:
        """Whether the frames of the stream are analysed without the plug-in."""
        return now_s < self._paused_until_s

    def failed(self, fault: PluginFault, now_s: float) -> None:
        """Record a frame without extra values."""
        self.count += 1
        self._log.failed(fault, now_s)

    def process_lost(self, plugin: str, now_s: float) -> None:
        """Record that a process died or hung with a frame of this stream: the plug-in may be the cause, so pause it."""
        self._log.process_lost(plugin, self._pause_s, now_s)
        self._paused_until_s = now_s + self._pause_s
        self._pause_s = min(4 * self._pause_s, LONGEST_PLUGIN_PAUSE_S)


class StreamFaults:
    """Counts faults in a row; the pipeline reports the outcome of each frame."""

    def __init__(self) -> None:
        self._in_a_row = self._lost_in_a_row = 0
        self._logged = False
        self._pause_s = FIRST_PAUSE_S
        self._paused_until_s = 0.0

    def pauses(self, now_s: float) -> bool:
        """Whether the analysis of the stream is paused, because too many processes died or hung while analysing it."""
        return now_s < self._paused_until_s

    def analysed(self) -> None:
        """Record a frame that was analysed."""
        self._in_a_row = self._lost_in_a_row = 0

    def failed(self, error: AnalysisUnavailableError, now_s: float) -> bool:
        """Record a frame that was not analysed, and log the first fault; returns whether to reset the tracks."""
        if not isinstance(error, AnalysisFaultError | WorkerLostError):
            return False  # a problem of the server, not of the stream
        self._in_a_row += 1
        if isinstance(error, AnalysisFaultError):
            self._lost_in_a_row = 0
            self._log(error)
        else:
            self._lost_in_a_row += 1
            if self._lost_in_a_row >= PAUSE_AFTER:
                self._pause(now_s)
        return self._in_a_row % FORGET_AFTER == 0

    def _log(self, error: AnalysisFaultError) -> None:
        if not self._logged:
            self._logged = True
            logger.error(
                "a frame was not analysed because of a fault in facestream (logged once per stream): %s\n%s",
                error,
                error.traceback,
            )

    def _pause(self, now_s: float) -> None:
        logger.warning(
            "%d analysis processes in a row died or hung while analysing one stream; its analysis is paused for %.0f s",
            self._lost_in_a_row,
            self._pause_s,
        )
        self._paused_until_s = now_s + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self._lost_in_a_row = 0
