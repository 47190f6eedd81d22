"""Format numbers, shares and times in the language of the report. Pure; the same rules as client/js/texts/format.js."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from facestream.analysis.drawing.words import WORDS, Language

MISSING = "\u2013"
"""Where there is no number."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The formats of one language."""

    language: Language

    def decimal(self, value: float, decimals: int = 0) -> str:
        """With thousands separated; MISSING if the value is not finite."""
        if not math.isfinite(value):
            return MISSING
        shown = f"{value:,.{decimals}f}"
        if float(shown.replace(",", "")) == 0:
            shown = shown.lstrip("-")
        if self.language is Language.GERMAN:
            shown = shown.translate({ord(","): ".", ord("."): ","})
        return shown.replace("-", "\u2212")

    def percent(self, whole: float) -> str:
        """A whole percentage, 0..100."""
        # The narrow space keeps number and sign in one line.
        return f"{whole:.0f}{WORDS[self.language].percent_sign}".replace(" ", "\u00a0")

    def part(self, share: float) -> str:
        """A share 0..1 on its own. A part is neither all nor nothing: below 1 % and above 99 % it says so."""
        if not math.isfinite(share):
            return MISSING
        if 0 < share < 0.01:
            return f"< {self.percent(1)}"
        if 0.99 < share < 1:
            return f"> {self.percent(99)}"
        return self.percent(100 * share)

    def parts(self, amounts: Sequence[float]) -> list[str]:
        """The shares of a whole as percentages that sum to 100; see `whole_percents`."""
        whole = whole_percents(amounts)
        total = sum(amounts)
        return [
            MISSING
            if total <= 0
            else f"< {self.percent(1)}"
            if percent == 0 < amount
            else f"> {self.percent(99)}"
            if percent == 100 and amount < total
            else self.percent(percent)
            for percent, amount in zip(whole, amounts, strict=True)
        ]

    def seconds(self, value: float) -> str:
        """A duration: one decimal below ten seconds, else as a clock."""
        return f"{self.decimal(value, 1)}\u00a0s" if value < 10 else clock_time(value)

    def significant(self, value: float) -> str:
        """A number of unknown size: four significant digits."""
        if not math.isfinite(value):
            return MISSING
        if value and not 1e-4 <= abs(value) < 1e9:
            return f"{value:.3g}".replace("-", "\u2212").replace(".", self.decimal(0.5, 1)[1])
        decimals = max(0, 3 - math.floor(math.log10(abs(value)))) if value else 0
        return self.decimal(value, decimals)

    def slice(self, value: float) -> str:
        """The length of a slice of time, 0.05 s or more."""
        return f"{self.decimal(value, 2 if value < 0.1 else 1)}\u00a0s"


def clock_time(time_s: float) -> str:
    """Minutes and seconds; hours from an hour on."""
    if not math.isfinite(time_s):
        return MISSING
    whole = max(0, round(time_s))
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def whole_percents(amounts: Sequence[float]) -> list[int]:
    """Whole percentages whose sum is 100: the largest remainders are rounded up; all 0 if the sum is 0.

    A part that is not everything does not become 100, if another one can take the percent.
    """
    total = sum(amounts)
    if not total > 0:
        return [0] * len(amounts)
    exact = [100 * amount / total for amount in amounts]
    whole = [math.floor(value) for value in exact]
    order = sorted(range(len(exact)), key=lambda i: (whole[i] - exact[i], -exact[i], i))
    for i in order[: 100 - sum(whole)]:
        whole[i] += 1
    return whole
