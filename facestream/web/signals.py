"""What signals mean to a running server: stop once, or read its files again. Stops nothing itself."""

import asyncio
import signal
from collections.abc import Callable

from facestream.terminal import Terminal

LOOK_EVERY_S = 1.0
"""After the terminal, because its end may come without a signal, or a moment after it."""


def take_signals(stop: Callable[[], object], read_again: Callable[[], None]) -> None:
    """Call `stop` at SIGINT, SIGTERM or the end of the terminal, and `read_again` at any other SIGHUP.

    A second signal does not call `stop` again: it would interrupt what the first one has begun.
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
            read_again()

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
