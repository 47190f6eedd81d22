"""Which lost packets to ask for again, and when: at once, then every 30 ms until they come or are given up.

aiortc 1.16 asks once (F7). Pure: no clock, no event loop.
"""

from collections.abc import Iterable

REPEAT_S = 0.03  # a round trip on a good path; on a slow one a packet comes twice, which does no harm
MAX_ASKED_AT_ONCE = 128  # the sender remembers no more than that (aiortc's RTP_HISTORY_SIZE)


class LossRepair:
    """When each missing packet was asked for last."""

    def __init__(self) -> None:
        self._asked_s: dict[int, float] = {}

    def due(self, missing: Iterable[int], now_s: float) -> list[int]:
        """The packets to ask for now, of those that are missing now."""
        awaited = list(missing)[-MAX_ASKED_AT_ONCE:]
        self._asked_s = {number: self._asked_s[number] for number in awaited if number in self._asked_s}
        due = [number for number in awaited if now_s - self._asked_s.get(number, -REPEAT_S) >= REPEAT_S]
        self._asked_s.update(dict.fromkeys(due, now_s))
        return due
