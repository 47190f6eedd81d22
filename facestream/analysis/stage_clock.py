"""Measure how long each stage of the analysis of one frame takes."""

import time


class StageClock:
    """Milliseconds of each stage; `stop` adds the time since the last stop to a stage."""

    def __init__(self) -> None:
        self.ms = {"detect": 0.0, "landmarks": 0.0, "emotion": 0.0}
        self._last_s = time.perf_counter()

    def stop(self, stage: str) -> None:
        now_s = time.perf_counter()
        self.ms[stage] += (now_s - self._last_s) * 1000
        self._last_s = now_s

    @property
    def total_ms(self) -> float:
        return sum(self.ms.values())
