"""What signals mean to a running server: stop once, or read its files again. Stops nothing itself."""

import asyncio
import signal
from collections.abc import Callable

from facestream.terminal import Terminal

LOOK_AGAIN_S = 1.0
"""Some shells and terminals send SIGHUP a moment before they close the terminal."""


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

    def stop_without_terminal() -> None:
        if terminal.gone:
            stop_once()

    def on_hangup() -> None:
        if terminal.gone:
            stop_once()
            return
        read_again()
        loop.call_later(LOOK_AGAIN_S, stop_without_terminal)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop_once)
    loop.add_signal_handler(signal.SIGHUP, on_hangup)
