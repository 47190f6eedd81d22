"""`facestream replay`: send a clip to a server, with a progress bar and a summary; Ctrl-C ends it in order."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from facestream.cli.arguments import add_server_access, token_of
from facestream.cli.gate import LANDMARKS_EVERY_S, Gate, write
from facestream.cli.gate import add_arguments as add_gate_arguments
from facestream.cli.streams import say
from facestream.errors import FacestreamError, ServerLostError
from facestream.ice.servers import CredentialSource, IceUrl, parse_ice_url
from facestream.replay.options import DEFAULT_URL, MAX_PEERS, Codec, ReplayOptions
from facestream.replay.summary import Tally
from facestream.results.outputs import Output, check_outputs

if TYPE_CHECKING:
    from facestream.replay.load import Load
    from facestream.replay.peer import ReplayPeer

INTERRUPTED_EXIT = 130
FAILED_EXIT = 1
INTERRUPTED = "interrupted"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the clip and the options of this command; `options_from` reads them."""
    parser.add_argument("clip", type=Path, metavar="CLIP", help="video or image file that PyAV can read")
    parser.add_argument("--url", default=DEFAULT_URL, help="address of the server (default: %(default)s)")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write the annotated video here (.mp4, .mkv, .mov)"
    )
    parser.add_argument(
        "--telemetry", type=Path, metavar="FILE", help="write the telemetry here (JSON lines)"
    )
    parser.add_argument("--summary", type=Path, metavar="FILE", help="write the summary here (JSON)")
    parser.add_argument("--loop", action="store_true", help="start the clip again when it ends")
    parser.add_argument(
        "--duration", type=_seconds, metavar="S", dest="duration_s",
        help="end after this many seconds (default: at the end of the clip; an image is sent for 5)",
    )  # fmt: skip
    parser.add_argument("--codec", choices=("vp8", "h264"), help="offer only this codec (default: both)")
    parser.add_argument(
        "--peers", type=_peers, default=1, metavar="N",
        help="load test: this many peers send the clip, encoded once (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--ice-server", type=_ice_server, action="append", default=[], metavar="URL", dest="ice_servers",
        help="STUN or TURN server of this peer (repeatable; default: those that the server gives its page)",
    )  # fmt: skip
    parser.add_argument("--ice-username", default="", metavar="NAME", help="user name at those TURN servers")
    parser.add_argument("--ice-credential", default="", metavar="WORD", help="password at those TURN servers")
    parser.add_argument(
        "--ice-policy", choices=("all", "relay"), default="all",
        help="relay: send media only through a TURN server (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--no-record", action="store_false", dest="record",
        help="ask a server that records sessions not to record this one",
    )  # fmt: skip
    add_server_access(parser)
    add_gate_arguments(parser)


def options_from(args: argparse.Namespace) -> ReplayOptions:
    """The options of the parsed arguments; raises ConfigError if the token file cannot be read."""
    return ReplayOptions(
        clip=args.clip,
        url=args.url,
        out=args.out,
        telemetry=args.telemetry,
        summary=args.summary,
        loop=args.loop,
        duration_s=args.duration_s,
        codec=cast(Codec | None, args.codec),
        peers=args.peers,
        ice_servers=tuple(args.ice_servers),
        ice_credentials=CredentialSource(args.ice_username, args.ice_credential),
        ice_policy=args.ice_policy,
        record=args.record,
        token=token_of(args),
        cafile=args.cafile,
    )


def run(args: argparse.Namespace) -> int:
    """Replay, print the summary and judge it; raises ClipError, ConfigError, ServerUnreachableError."""
    from facestream.replay.connection import prepare_libraries

    options = options_from(args)
    check_outputs(
        {
            "--out": options.out,
            "--telemetry": options.telemetry,
            "--summary": options.summary,
            "--junit": args.junit,
        },
        [path for path in (options.clip, args.token_file, options.cafile, args.compare) if path is not None],
        binary={"--out"},
    )
    gate = Gate(args)
    if gate.comparison is not None:
        options = replace(options, landmarks_every_s=LANDMARKS_EVERY_S)
    prepare_libraries()
    summary = Output(options.summary, "--summary") if options.summary is not None else None
    try:
        return _run_one(options, summary, gate) if options.peers == 1 else _run_load(options, summary, gate)
    finally:
        gate.close()
        if summary is not None:
            summary.discard()  # nothing, if it is written


def _run_one(options: ReplayOptions, out: Output | None, gate: Gate) -> int:
    from facestream.clips.clip import open_clip
    from facestream.config.limits import MAX_FRAME_PX
    from facestream.replay.peer import ReplayPeer
    from facestream.replay.stamp import MIN_FRAME_HEIGHT_PX, MIN_FRAME_WIDTH_PX, fits

    clip = open_clip(options.clip)
    peer = ReplayPeer(options)
    peer.on_report = gate.comparison.add if gate.comparison is not None else None
    width_px, height_px = clip.size_wh
    if not fits(width_px, height_px):
        say(
            f"{width_px}x{height_px} is too small for a frame number (at least "
            f"{MIN_FRAME_WIDTH_PX}x{MIN_FRAME_HEIGHT_PX}), so no latency is measured"
        )
    if max(clip.size_wh) > MAX_FRAME_PX:
        say(
            f"{width_px}x{height_px} is scaled down to {MAX_FRAME_PX} pixels, what a server accepts by default"
        )
    cut_off, ended_early, failure = "", "", None
    try:
        asyncio.run(_replay(peer, clip.expected_frames(loop=options.loop, duration_s=options.duration_s)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        # Ctrl-C or SIGTERM: the session has ended in order, and the summary of what was sent is valid.
        if peer.tally.connected_s is None:
            return INTERRUPTED_EXIT
        ended_early = INTERRUPTED
    except FacestreamError as error:
        ended_early, failure = str(error), error
    else:
        cut_off = "; ".join(problem.sentence for problem in peer.clip_problems if problem.incomplete)
        ended_early = cut_off
    passed = True
    if gate.judges or peer.tally.connected_s is not None:
        summary = peer.summary()
        passed = _report(out, gate, [peer.tally], summary.as_text(), summary.as_json(), ended_early)
        _complain(peer)
    if isinstance(failure, ServerLostError):
        say(str(failure))
    elif failure is not None:
        raise failure
    if gate.judges and ended_early == INTERRUPTED:
        return INTERRUPTED_EXIT
    whole = failure is None and not cut_off and not peer.files.lack_something
    return 0 if whole and passed else FAILED_EXIT


async def _replay(peer: "ReplayPeer", expected_frames: int | None) -> None:
    _end_on_signals()
    with _progress_bar(expected_frames) as show:
        async with peer:
            await peer.finish(lambda tally: show(tally.sent))


def _complain(peer: "ReplayPeer") -> None:
    if peer.kept:
        say(peer.kept)
    for sentence in dict.fromkeys([*(notice.detail for notice in peer.notices), *peer.unreadable]):
        say(f"server notice: {sentence}")
    if peer.tally.skipped:
        say(
            f"{peer.tally.skipped} frames were skipped, because this machine encodes more slowly than the clip plays"
        )
    for problem in peer.clip_problems:
        say(problem.sentence)
    for sentence in peer.files.complaints():
        say(sentence)


def _run_load(options: ReplayOptions, out: Output | None, gate: Gate) -> int:
    from facestream.replay.load import Load

    load = Load(options)
    if gate.comparison is not None:
        load.watch_reports(gate.comparison.add)
    ended_early = ""
    try:
        asyncio.run(_send_load(load))
    except (KeyboardInterrupt, asyncio.CancelledError):
        # As above.
        if not load.sent_frames:
            return INTERRUPTED_EXIT
        ended_early = INTERRUPTED
    total = load.total()
    if load.failed and not ended_early:
        ended_early = f"{load.failed} of {options.peers} peers failed: {next(iter(total.failures))}"
    cut_off = [problem.sentence for problem in load.clip.problems if problem.incomplete]
    ended_early = ended_early or "; ".join(cut_off)
    passed = _report(out, gate, load.tallies, total.as_text(), load.summary_json(), ended_early)
    kept = [load.kept] if load.kept else []
    for sentence in [*kept, *(problem.sentence for problem in load.clip.problems), *load.files.complaints()]:
        say(sentence)
    if gate.judges and ended_early == INTERRUPTED:
        return INTERRUPTED_EXIT
    return FAILED_EXIT if load.failed or not passed or cut_off or load.files.lack_something else 0


async def _send_load(load: "Load") -> None:
    _end_on_signals()
    with _progress_bar(load.expected_frames) as show:
        await load.run(lambda: show(load.sent_frames))


def _end_on_signals() -> None:
    """Make SIGTERM and SIGHUP cancel the replay, as asyncio makes SIGINT."""
    task = asyncio.current_task()
    if task is None:
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        # `nohup` ignores SIGHUP, so that the command goes on.
        if signal.getsignal(number) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)


@contextlib.contextmanager
def _progress_bar(expected_frames: int | None) -> Iterator[Callable[[int], None]]:
    from tqdm import tqdm

    # In a log file, a bar would be a thousand lines.
    hidden = not sys.stderr.isatty()
    with tqdm(total=expected_frames, unit=" frames", desc="sent", disable=hidden, file=sys.stderr) as bar:

        def show(sent: int) -> None:
            bar.update(sent - bar.n)

        yield show


def _report(
    out: Output | None,
    gate: Gate,
    tallies: Sequence[Tally],
    text: str,
    values: dict[str, object],
    ended_early: str,
) -> bool:
    """Write and print the summary and the verdict; returns whether all criteria are met."""
    judged, more, passed = gate.conclude(tallies, text, ended_early)
    json_text = json.dumps(values | more, indent=2) + "\n"
    # First the file: after a hang-up, nothing can be printed.
    if out is not None and out.is_regular:
        write(out, json_text)
    sys.stdout.write(f"{text}\n{judged}")
    if out is not None and not out.is_regular:
        write(out, json_text)
    return passed


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"got {text!r}; expected seconds above 0")
    return seconds


def _ice_server(text: str) -> IceUrl:
    try:
        return parse_ice_url(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _peers(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= MAX_PEERS:
        raise argparse.ArgumentTypeError(f"got {text!r}; expected 1 to {MAX_PEERS} peers")
    return number
