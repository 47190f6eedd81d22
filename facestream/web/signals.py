"""Map signals of a running server to callbacks: stop once, or reload its files. Stops nothing itself."""

import asyncio
import signal
from collections.abc import Callable

from facestream.web.terminal import Terminal

LOOK_EVERY_S = 1.0
"""How often to check the terminal, because the terminal may close without a signal, or shortly after a signal."""


def take_signals(stop: Callable[[], object], reload: Callable[[], None]) -> None:
    """Call `stop` at SIGINT, SIGTERM or a closed terminal, and `reload` at any other SIGHUP.

    A second signal does not call `stop` again: that would interrupt the shutdown.
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
