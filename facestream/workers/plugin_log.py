"""Log the faults of a plug-in: a bounded number of lines for a server, however many streams and kinds there are."""

import logging

from facestream.analysis.faces import PluginFault

logger = logging.getLogger(__name__)

PERIOD_S = 600.0
LOGGED_KINDS = 8
"""Tracebacks in one period."""
_LOST = " "
"""In place of the kind of a fault, which has no space: a lost process."""


class PluginLog:
    """Counts the faults of all streams, and logs each kind once in a period. One thread."""

    def __init__(self) -> None:
        self.frames = 0
        """Frames without extra values since the start, in all streams."""
        self._kinds = set[str]()
        self._period_ends_s = 0.0

    def failed(self, fault: PluginFault, now_s: float) -> None:
        """Count a frame without extra values."""
        self.frames += 1
        if fault.traceback and self._is_new(fault.kind, now_s):
            logger.error(
                "the plug-in that `analyzer` names has failed; %d frames of all streams have no extra values since the "
                "start (in %.0f s, each kind of fault is logged once, and at most %d kinds; "
                "facestream_plugin_faults_total counts all):\n%s",
                self.frames,
                PERIOD_S,
                LOGGED_KINDS,
                fault.traceback.rstrip(),
            )

    def process_lost(self, plugin: str, pause_s: float, now_s: float) -> None:
        """Say that a process died or hung while the plug-in was in use, which a stream goes on without for a while."""
        if self._is_new(_LOST, now_s):
            logger.warning(
                "an analysis process died or hung while the plug-in %s was in use; this stream goes on without the "
                "plug-in for %.0f s (of all streams, logged once in %.0f s)",
                plugin,
                pause_s,
                PERIOD_S,
            )

    def _is_new(self, kind: str, now_s: float) -> bool:
        """Whether this kind is to be logged."""
        if now_s >= self._period_ends_s:
            self._kinds.clear()
            self._period_ends_s = now_s + PERIOD_S
        # A lost process is said even if the plug-in makes up kinds.
        if kind in self._kinds or (kind != _LOST and len(self._kinds - {_LOST}) >= LOGGED_KINDS):
            return False
        self._kinds.add(kind)
        return True
