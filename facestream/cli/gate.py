"""The options that make `facestream replay` a gate, and what is printed and written of its verdict."""

import argparse
import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from facestream.cli.arguments import number_of, positive_number
from facestream.errors import ConfigError
from facestream.remedies import remedy_of
from facestream.replay.gate import LABELS, Criteria, Measured, as_table, judge
from facestream.replay.summary import Tally
from facestream.results.outputs import Output

if TYPE_CHECKING:
    from facestream.replay.agreement import Comparison

LANDMARKS_EVERY_S = 0.1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the criteria, `--junit` and `--compare`; `Gate` reads them."""
    group = parser.add_argument_group(
        "gate", "with one of these, the exit code is 1 if a criterion is not met or could not be measured"
    )
    group.add_argument(
        "--min-fps", type=positive_number, metavar="F", help="analysed frames per second, of the slowest peer"
    )
    group.add_argument(
        "--max-p95-ms", type=positive_number, metavar="M", help="95th percentile of the latency"
    )
    group.add_argument(
        "--max-drop-percent", type=_percent, metavar="D", help="share of sent frames that do not return"
    )
    group.add_argument(
        "--min-faces-percent", type=_percent, metavar="P", help="share of analysed frames with a face"
    )
    group.add_argument(
        "--expect-label", type=_expected_label, action="append", default=[], metavar="LABEL:SHARE",
        dest="expect_labels",
        help="least share of a label among all faces of all frames, such as happy:0.4 or happy:40%% (repeatable)",
    )  # fmt: skip
    group.add_argument(
        "--min-agreement", type=_percent, metavar="P", dest="min_agreement_percent",
        help="with --compare: faces found live and offline with the same label, of all faces of both",
    )  # fmt: skip
    group.add_argument(
        "--max-landmarks-percent", type=_percent, metavar="D",
        help="with --compare: mean distance of the landmarks, in percent of the width of the face",
    )  # fmt: skip
    group.add_argument("--junit", type=Path, metavar="FILE", help="write the verdict here (JUnit XML)")
    group.add_argument(
        "--compare", type=Path, metavar="FILE",
        help="say how far the results agree with the faces.csv or frames.jsonl of `analyze` for the same clip",
    )  # fmt: skip


class Gate:
    """What a replay is judged by, and the verdict when it has ended."""

    def __init__(self, args: argparse.Namespace) -> None:
        """Read the options and the file of `--compare`; raises ConfigError."""
        self.criteria = Criteria(
            min_fps=args.min_fps,
            max_p95_ms=args.max_p95_ms,
            max_drop_percent=args.max_drop_percent,
            min_faces_percent=args.min_faces_percent,
            expect_labels=tuple(args.expect_labels),
            min_agreement_percent=args.min_agreement_percent,
            max_landmarks_percent=args.max_landmarks_percent,
        )
        for option, wanted in (
            ("--min-agreement", self.criteria.min_agreement_percent),
            ("--max-landmarks-percent", self.criteria.max_landmarks_percent),
        ):
            if wanted is not None and args.compare is None:
                raise ConfigError(
                    f"{option}: needs --compare FILE, what `facestream analyze` found in the clip", option
                )
        self.comparison = None if args.compare is None else _comparison(args.compare)
        self._junit = Output(args.junit, "--junit") if args.junit is not None else None
        self._clip = str(args.clip)
        self._started, self._started_s = datetime.now(UTC), time.monotonic()

    @property
    def judges(self) -> bool:
        """Whether there is a verdict, with which the exit code is 0 only if it is good."""
        return bool(self.criteria) or self._junit is not None

    def close(self) -> None:
        """Leave what was not written as it was."""
        if self._junit is not None:
            self._junit.discard()

    def conclude(
        self, tallies: Sequence[Tally], text: str, ended_early: str = ""
    ) -> tuple[str, dict[str, object], bool]:
        """The text to print after the summary `text`, the keys for its JSON, and whether all criteria are met.

        Writes the file of `--junit`; raises ConfigError. `ended_early` says why the replay was not whole.
        """
        texts: list[str] = []
        values: dict[str, object] = {}
        passed = True
        agreement = None
        if self.comparison is not None:
            agreement = self.comparison.agreement()
            texts.append(agreement.as_text())
            values["compare"] = agreement.as_json()
        if self.judges:
            checks = judge(self.criteria, Measured.of(tallies), agreement, ended_early=ended_early)
            passed = all(check.passed for check in checks)
            texts.append("\n" + as_table(checks))
            values["verdict"] = [check.as_json() for check in checks]
            if self._junit is not None:
                from facestream.replay.junit import Ran, junit_xml

                seconds = time.monotonic() - self._started_s
                ran = Ran(self._clip, self._started, seconds, socket.gethostname())
                xml = junit_xml(ran, checks, "\n".join([text, *texts]))
                write(self._junit, xml)
        return "".join(f"{part}\n" for part in texts), values, passed


def write(output: Output, text: str) -> None:
    """Write a whole text file; raises ConfigError."""
    try:
        output.open_text().write(text)
        output.commit()
    except OSError as error:
        raise ConfigError(
            f"{output.option}: {output.path} cannot be written ({error.strerror}); "
            f"{remedy_of(error, 'choose another file')}",
            output.option,
        ) from error


def _comparison(path: Path) -> "Comparison":
    from facestream.replay.agreement import Comparison

    return Comparison(path)


def _percent(text: str) -> float:
    value = number_of(text.strip().removesuffix("%"))
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"got {text!r}; expected 0 to 100 percent")
    return abs(value)  # -0


def _expected_label(text: str) -> tuple[str, float]:
    label, _, share = text.rpartition(":")
    value = number_of(share.removesuffix("%")) / (100 if share.endswith("%") else 1)
    if label not in LABELS or not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(
            f"got {text!r}; expected LABEL:SHARE with a share of 0 to 1 and a label of {', '.join(LABELS)}"
        )
    return label, value
