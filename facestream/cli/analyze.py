"""`facestream analyze`: files in, tables out; or the faces in images as JSON lines."""

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from facestream.analysis.drawing.words import Language
from facestream.analysis.options import AnalysisOptions
from facestream.cli.arguments import add_settings, config_from, number_of, positive_number
from facestream.cli.streams import say
from facestream.config.cores import usable_cores
from facestream.errors import ConfigError
from facestream.resources import MODELS_DIR

if TYPE_CHECKING:
    from facestream.offline.journal import ResultFolder
    from facestream.offline.options import OfflineOptions
    from facestream.offline.run import Report, State
    from facestream.offline.sources import Source

FAILED_EXIT = 1
MAX_PROCESSES = 64
OFFLINE_OPTIONS = (
    "format", "every", "fps", "start", "end", "duration", "video", "no_landmarks", "processes", "combine",
    "language", "images", "neutral",
)  # fmt: skip
"""Options that need `--out`, by their names in the parsed arguments."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sources, the options of this command and the settings of the analysis."""
    parser.add_argument(
        "sources", nargs="+", metavar="SOURCE",
        help="video, photograph, folder (with all folders in it), pattern such as 'clips/*.mp4', camera such as "
        "/dev/video0, or address such as rtsp://HOST/PATH; without --out: photographs only",
    )  # fmt: skip
    tables = parser.add_argument_group("tables", "what is written for each source into DIR/NAME/")
    tables.add_argument(
        "--out", type=Path, metavar="DIR",
        help="write tables into this folder; the same command again skips what is done",
    )  # fmt: skip
    tables.add_argument(
        "--format",
        action="append",
        metavar="NAME",
        help="csv, parquet, pyfeat, openface, jsonl, or html for a report (repeatable, or with commas; default: csv)",
    )
    tables.add_argument("--no-landmarks", action="store_true", help="leave out the 68 landmarks of each face")
    tables.add_argument(
        "--video",
        action="store_true",
        help="write the annotated video too (annotated.mp4; of a photograph annotated.jpg)",
    )
    tables.add_argument(
        "--combine", action="store_true",
        help="also join the tables of all sources into one, such as DIR/faces.csv, with a first column `input`",
    )  # fmt: skip
    tables.add_argument("--every", type=_count, metavar="N", help="analyse every N-th frame (default: each)")
    tables.add_argument(
        "--fps", type=positive_number, metavar="F", help="analyse at most F frames per second of the video"
    )
    tables.add_argument(
        "--start", type=_clock, metavar="TIME", help="begin here: seconds, MM:SS or H:MM:SS of the video"
    )
    tables.add_argument("--end", type=_clock, metavar="TIME", help="end here")
    tables.add_argument(
        "--duration", type=positive_number, metavar="S",
        help="end after S seconds; needed for a camera and an address",
    )  # fmt: skip
    tables.add_argument(
        "--neutral", type=_span, metavar="START-END",
        help="faces look neutral here, such as 0:05-0:10: the tables get the difference of each face to its mean in it",
    )  # fmt: skip
    tables.add_argument(
        "--processes", type=_processes, metavar="N",
        help="analyse so many sources at the same time (default: one for each core)",
    )  # fmt: skip
    report = parser.add_argument_group("report", "with --format html: report.html, one file to look at")
    report.add_argument("--language", choices=[*Language], help="language of the report (default: en)")
    report.add_argument(
        "--images", action="store_true",
        help="show small images of the faces at moments of change (default: a report shows nobody)",
    )  # fmt: skip
    lines = parser.add_argument_group("JSON lines", "photographs, without --out")
    lines.add_argument(
        "--jsonl", metavar="FILE",
        help="write the reports here, one JSON object per line (default: stdout)",
    )  # fmt: skip
    lines.add_argument("--points", action="store_true", help="include the 68 landmarks of each face")
    # A file has all the time it needs: its results do not depend on the machine.
    names = [field.name for field in fields(AnalysisOptions) if field.name != "budget_ms"]
    add_settings(parser.add_argument_group("analysis"), names)


def run(args: argparse.Namespace) -> int:
    """Analyse every source; returns 1 if one could not be analysed. Raises ConfigError, ModelFileError."""
    if args.out is None:
        return _run_lines(args)
    for name in ("jsonl", "points"):
        if getattr(args, name):
            raise ConfigError(
                f"--{name}: not with --out, which writes tables; leave one of them out", f"--{name}"
            )
    return _run_tables(args)


def _run_lines(args: argparse.Namespace) -> int:
    for name in OFFLINE_OPTIONS:
        if getattr(args, name):
            option = f"--{name.replace('_', '-')}"
            raise ConfigError(f"{option}: needs --out DIR, the folder for the tables", option)
    _refuse_videos(args.sources)
    from facestream.analysis.models import load_analyzer
    from facestream.cli.photo_lines import checked_output, write_lines

    photos = [Path(source) for source in args.sources]
    output = checked_output(None if args.jsonl in {None, "-"} else Path(args.jsonl), photos)
    # Your own analysis may print while it is loaded, and standard output is for the lines.
    with contextlib.redirect_stdout(sys.stderr):
        analyzer = load_analyzer(MODELS_DIR, _analysis_options(args))
    failed = write_lines(analyzer, photos, output, landmarks=args.points)
    return FAILED_EXIT if failed else 0


def _run_tables(args: argparse.Namespace) -> int:
    from facestream.offline.journal import ResultFolder, check_place
    from facestream.offline.processes import JobProcesses
    from facestream.offline.run import analyze_sources, default_processes
    from facestream.offline.sources import find_sources

    options = _offline_options(args)
    found = find_sources(args.sources)
    live = next((source for source in found.sources if source.is_live), None)
    if live is not None and options.duration_s is None:
        raise ConfigError(f"{live.shown}: has no end of its own; add --duration SECONDS", "--duration")
    check_place(args.out, found)
    if options.neutral_s is not None:
        _refuse_photos(found.sources)
    if found.left_out:
        say(f"{found.left_out} files are neither videos nor photographs by their names, and are left out")
    count = args.processes or default_processes(usable_cores(), len(found.sources))
    with ResultFolder(args.out) as folder:
        with JobProcesses(MODELS_DIR, options, count) as processes, _progress_bar() as show:
            report = analyze_sources(found, folder, options, processes, show)
        return _conclude(report, folder, options, combine=args.combine)


def _conclude(report: "Report", folder: "ResultFolder", options: "OfflineOptions", *, combine: bool) -> int:
    """Write the tables of all sources, and say what became of them; returns the exit code."""
    from facestream.offline.combined import write_combined
    from facestream.offline.summary import as_problems, as_text, write_summary
    from facestream.results.formats import FORMATS

    write_summary(folder, report.outcomes)
    joined, unjoined = list[Path](), ""
    if report.interruption is None and combine:
        try:
            names = [FORMATS[name].file_name for name in options.formats]
            joined += write_combined(folder, report.outcomes, names)
        except ConfigError as error:
            unjoined = str(error)
    sys.stdout.write(
        as_text(report.outcomes, folder.path, report.state.video_s, report.state.elapsed_s) + "\n"
    )
    if problems := as_problems(report.outcomes):
        sys.stdout.flush()
        sys.stderr.write(problems + "\n")
    if unjoined:
        say(unjoined)
    _name_old_tables(folder, joined)
    if report.interruption is not None:
        if any(outcome.status == "not_reached" for outcome in report.outcomes):
            say("interrupted; run the same command again to analyse the rest")
        raise report.interruption
    return 0 if not unjoined and all(outcome.is_good for outcome in report.outcomes) else FAILED_EXIT


def _name_old_tables(folder: "ResultFolder", joined: Sequence[Path]) -> None:
    """Say which joined tables are not about this run."""
    from facestream.offline.journal import JOINED

    for path in (folder.path / name for name in JOINED):
        if path not in joined and path.is_file():
            say(f"{path} is of an earlier run; --combine writes it anew")


@contextlib.contextmanager
def _progress_bar() -> Iterator[Callable[["State"], None]]:
    from tqdm import tqdm

    # In a log file, a bar would be a thousand lines.
    hidden = not sys.stderr.isatty()
    layout = "{percentage:3.0f}%|{bar}| {desc} [{elapsed}<{remaining}]"
    with tqdm(total=1.0, bar_format=layout, smoothing=0.05, disable=hidden, file=sys.stderr) as bar:

        def show(state: "State") -> None:
            bar.set_description_str(
                f"{state.finished}/{state.of}, {state.frames} frames, {state.speed:.1f}x", refresh=False
            )
            bar.update(state.share - bar.n)

        yield show


def _offline_options(args: argparse.Namespace) -> "OfflineOptions":
    from facestream.offline.journal import JOINED
    from facestream.offline.options import OfflineOptions
    from facestream.results.formats import FORMATS, check_formats

    names = [name for given in args.format or ["csv"] for name in given.split(",")]
    check_formats(names)
    if args.combine and not any(FORMATS[name].file_name in JOINED for name in names):
        raise ConfigError(
            "--combine: joins tables only; add csv, parquet, pyfeat or openface to --format, or leave out --combine",
            "--combine",
        )
    for option in ("language", "images"):
        if getattr(args, option) and "html" not in names:
            raise ConfigError(f"--{option}: only for a report; add --format html", f"--{option}")
    if args.neutral and not any(FORMATS[name].has_changes or name == "html" for name in names):
        raise ConfigError(
            "--neutral: only csv, parquet and html have the differences; add one of them to --format, or leave out "
            "--neutral",
            "--neutral",
        )
    try:
        return OfflineOptions(
            formats=tuple(dict.fromkeys(names)),
            every=args.every or 1,
            fps=args.fps,
            start_s=args.start or 0.0,
            end_s=args.end,
            neutral_s=args.neutral,
            duration_s=args.duration,
            with_landmarks=not args.no_landmarks,
            with_video=args.video,
            language=Language(args.language or Language.ENGLISH),
            with_images=args.images,
            analysis=_analysis_options(args),
        )
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _analysis_options(args: argparse.Namespace) -> AnalysisOptions:
    """The options of the analysis; fetches the models that are missing."""
    from facestream.analysis.model_files import fetch_missing

    options = config_from(args).analysis_options()
    fetch_missing(MODELS_DIR, options)
    return options


def _refuse_videos(arguments: Sequence[str]) -> None:
    """Raise ConfigError for a source of which there is no JSON line."""
    from facestream.offline.sources import VIDEO_SUFFIXES, is_address

    for argument in arguments:
        path = Path(argument)
        if (
            is_address(argument)
            or path.is_dir()
            or path.is_char_device()
            or path.suffix.lower() in VIDEO_SUFFIXES - {".gif"}
        ):
            raise ConfigError(
                f"{argument}: a video, a folder, a camera or an address needs --out DIR, the folder for its tables",
                "--out",
            )


def _refuse_photos(sources: "Sequence[Source]") -> None:
    """Raise ConfigError for a photograph, by its name; the analysis refuses one with another name."""
    from facestream.offline.sources import PHOTO_SUFFIXES, SourceKind

    for source in sources:
        if source.kind is SourceKind.FILE and source.path.suffix.lower() in PHOTO_SUFFIXES:
            raise ConfigError(
                f"--neutral: {source.shown} is a photograph, which has no part in which its faces look neutral; name "
                "the videos only, for example 'videos/**/*.mp4'",
                "--neutral",
            )


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) >= 1:
        return int(text)
    raise argparse.ArgumentTypeError(f"got {text!r}; expected a whole number from 1")


def _processes(text: str) -> int:
    if (number := _count(text)) <= MAX_PROCESSES:
        return number
    raise argparse.ArgumentTypeError(f"got {text!r}; expected 1 to {MAX_PROCESSES} processes")


def _clock(text: str) -> float:
    """Seconds of `90`, `1:30` or `0:01:30.5`."""
    parts = text.split(":")
    numbers = [number_of(part) for part in parts]
    whole = all(part.isdigit() for part in parts[:-1])
    within = all(number < 60 for number in numbers[1:])
    if len(parts) <= 3 and whole and within and all(0 <= number < float("inf") for number in numbers):
        return sum(number * 60.0**power for power, number in enumerate(reversed(numbers)))
    raise argparse.ArgumentTypeError(f"got {text!r}; expected seconds, MM:SS or H:MM:SS")


def _span(text: str) -> tuple[float, float]:
    """Two times of `5-10` or `0:05-0:10.5`, in seconds."""
    # A word processor turns the hyphen into an en dash (U+2013), which looks the same in the error.
    start, dash, end = text.replace("\N{EN DASH}", "-").partition("-")
    with contextlib.suppress(argparse.ArgumentTypeError):
        if dash and (from_s := _clock(start)) < (to_s := _clock(end)):
            return from_s, to_s
    raise argparse.ArgumentTypeError(
        f"got {text!r}; expected START-END, with the start before the end, such as 5-10 or 0:05-0:10"
    )
