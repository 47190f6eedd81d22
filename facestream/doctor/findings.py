"""What one check found, as a value that reads as text and as JSON."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Verdict(enum.StrEnum):
    """How bad a finding is."""

    RIGHT = "right"
    DOUBTFUL = "doubtful"  # works here, may not for others
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    check: str
    verdict: Verdict
    found: str
    remedy: str = ""
    """What to do; empty where nothing is to be done."""

    def as_text(self) -> str:
        """A line for people, and a second one with what to do."""
        line = f"{self.verdict:<9} {self.check}: {self.found}"
        return f"{line}\n{'':<9} -> {self.remedy}" if self.remedy else line

    def as_json(self) -> dict[str, str]:
        return {"check": self.check, "verdict": self.verdict, "found": self.found, "remedy": self.remedy}


def right(check: str, found: str) -> Finding:
    """It is as it should be."""
    return Finding(check, Verdict.RIGHT, found)


def doubtful(check: str, found: str, remedy: str) -> Finding:
    """It works for some."""
    return Finding(check, Verdict.DOUBTFUL, found, remedy)


def wrong(check: str, found: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(check, Verdict.WRONG, found, remedy)


def anything_wrong(findings: Iterable[Finding]) -> bool:
    """Whether something must be done."""
    return any(finding.verdict is Verdict.WRONG for finding in findings)
