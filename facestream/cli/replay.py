"""`facestream replay`: a replay with a progress bar and a summary at its end; Ctrl-C ends it in order."""

import asyncio
import contextlib
import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator

from tqdm import tqdm

from facestream import aiortc_patches
from facestream.replay.clip import open_clip
from facestream.replay.load import Load
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from facestream.replay.recording import check_writable
from facestream.replay.stamp import MIN_FRAME_HEIGHT_PX, MIN_FRAME_WIDTH_PX, fits

INTERRUPTED_EXIT = 130
INCOMPLETE_EXIT = 1


def run_replay(options: ReplayOptions) -> int:
    """Replay as told; returns the exit code. Raises ClipError, ConfigError, ServerUnreachableError."""
    # aiortc and aioice warn of every packet that is lost, and tell addresses.
    for name in ("aiortc", "aioice"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # The peer's half of the path as the server's: cheap encoders, and no frame waits for the one after it.
    aiortc_patches.apply()
    if options.summary is not None:
        check_writable(options.summary, "--summary")
    return _run_one(options) if options.peers == 1 else _run_load(options)


def _run_one(options: ReplayOptions) -> int:
    clip = open_clip(options.clip)
    peer = ReplayPeer(options)
    width_px, height_px = clip.size_wh
    if not fits(width_px, height_px):
        _say(
            f"{width_px}x{height_px} is too small for a frame number "
            f"(from {MIN_FRAME_WIDTH_PX}x{MIN_FRAME_HEIGHT_PX}): no latency is measured"
        )
    try:
        asyncio.run(_replay(peer, clip.expected_frames(loop=options.loop, duration_s=options.duration_s)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        # Ctrl-C or SIGTERM: the session has been ended in order, and what was counted counts.
        if peer.tally.connected_s is None:
            return INTERRUPTED_EXIT
    finally:
        if peer.tally.connected_s is not None:
            _conclude(peer)
    return INCOMPLETE_EXIT if peer.recording_failure else 0


async def _replay(peer: ReplayPeer, expected_frames: int | None) -> None:
    _end_on_sigterm()
    with _progress_bar(expected_frames) as show:
        async with peer:
            await peer.finish(lambda tally: show(tally.sent))


def _conclude(peer: ReplayPeer) -> None:
    summary = peer.summary()
    _report(peer.options, summary.as_text(), summary.as_json())
    for notice in dict.fromkeys(peer.notices):
        _say(f"the server says: {notice}")
    if peer.tally.skipped:
        _say(f"{peer.tally.skipped} frames were left out: this machine encodes slower than the clip runs")
    if peer.recording_failure is not None:
        _say(f"--out: {peer.options.out} is incomplete ({peer.recording_failure})")


def _run_load(options: ReplayOptions) -> int:
    load = Load(options)
    try:
        asyncio.run(_send_load(load))
    except (KeyboardInterrupt, asyncio.CancelledError):
        # As above; a load that was cut short still has its figures.
        if not load.sent_frames:
            return INTERRUPTED_EXIT
    _report(options, load.total().as_text(), load.summary_json())
    return INCOMPLETE_EXIT if load.failed else 0


async def _send_load(load: Load) -> None:
    _end_on_sigterm()
    with _progress_bar(load.expected_frames) as show:
        await load.run(lambda: show(load.sent_frames))


def _end_on_sigterm() -> None:
    """Make SIGTERM do what SIGINT does by itself."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


@contextlib.contextmanager
def _progress_bar(expected_frames: int | None) -> Iterator[Callable[[int], None]]:
    # A bar in a log file would be a thousand lines.
    hidden = not sys.stderr.isatty()
    with tqdm(total=expected_frames, unit=" frames", desc="sent", disable=hidden, file=sys.stderr) as bar:

        def show(sent: int) -> None:
            bar.update(sent - bar.n)

        yield show


def _report(options: ReplayOptions, text: str, values: dict[str, object]) -> None:
    sys.stdout.write(text + "\n")
    if options.summary is not None:
        options.summary.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def _say(sentence: str) -> None:
    sys.stderr.write(f"facestream: {sentence}\n")
