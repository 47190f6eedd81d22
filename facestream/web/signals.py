"""Map signals of a running server to callbacks: stop once, or reload its files. Stops nothing itself."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable

from facestream.errors import ConfigError
from facestream.web.terminal import Terminal

LOOK_EVERY_S = 1.0
"""How often to check the terminal, because the terminal may close without a signal, or shortly after a signal."""
READ_BYTES = 4096
"""What somebody writes to standard input is read and ignored."""


def take_signals(
    stop: Callable[[], object], reload: Callable[[], None], *, stop_at_eof: bool = False
) -> None:
    """Call `stop` at SIGINT, SIGTERM or a closed terminal, and `reload` at any other SIGHUP.

    `stop_at_eof`: call `stop` also at the end of standard input; raises ConfigError if that is no pipe. A second
    signal does not call `stop` again: that would interrupt the shutdown.
    """
    loop = asyncio.get_running_loop()
    terminal = Terminal()
    stopping = False

    def stop_once() -> None:
        nonlocal stopping
        if not stopping:
            stopping = True
            stop()

    def on_hangup() -> None:
        if terminal.gone:
            stop_once()
        else:
            reload()

    def look() -> None:
        if terminal.closed_in_foreground():
            stop_once()
        else:
            loop.call_later(LOOK_EVERY_S, look)

    if terminal.ends_program:
        look()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop_once)
    loop.add_signal_handler(signal.SIGHUP, on_hangup)
    if stop_at_eof:
        _watch_input(loop, stop_once)


def _watch_input(loop: asyncio.AbstractEventLoop, on_end: Callable[[], object]) -> None:
    """Call `on_end` when the other end of standard input is closed, as by the kernel when its program is killed."""
    expected = ConfigError(
        "stop-at-eof: standard input is closed or a file, so its end says nothing; expected a pipe, which the program "
        "that starts the server holds open",
        "stop-at-eof",
    )
    if sys.stdin is None:
        raise expected
    descriptor = sys.stdin.fileno()

    def read() -> None:
        try:
            ended = not os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            ended = True
        if ended:
            loop.remove_reader(descriptor)
            on_end()

    try:
        loop.add_reader(descriptor, read)
    except OSError as error:
        # A file or /dev/null, which is always at its end.
        raise expected from error
