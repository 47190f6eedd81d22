"""The result of one check, as a value that is printed as text or JSON."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Verdict(enum.StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARNING = "warning"  # works here, but may fail for others
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    check: str
    """What was checked, such as `http port`."""
    verdict: Verdict
    found: str
    remedy: str = ""
    """What to do; empty if nothing is to be done."""

    def as_text(self) -> str:
        """One line, and a second line with the remedy."""
        line = f"{self.verdict:<8} {self.check}: {self.found}"
        return f"{line}\n{'':<8} -> {self.remedy}" if self.remedy else line

    def as_json(self) -> dict[str, str]:
        return {"check": self.check, "verdict": self.verdict, "found": self.found, "remedy": self.remedy}


def ok(check: str, found: str) -> Finding:
    """A finding without a problem."""
    return Finding(check, Verdict.OK, found)


def warn(check: str, found: str, remedy: str) -> Finding:
    """A finding that may be a problem for some clients."""
    return Finding(check, Verdict.WARNING, found, remedy)


def fail(check: str, found: str, remedy: str) -> Finding:
    """A finding that prevents something from working."""
    return Finding(check, Verdict.ERROR, found, remedy)


def has_error(findings: Iterable[Finding]) -> bool:
    """Whether any finding is an error."""
    return any(finding.verdict is Verdict.ERROR for finding in findings)
