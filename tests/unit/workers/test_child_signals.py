import subprocess
import sys

FIRST_CHILD = """
import signal
from multiprocessing import resource_tracker

from facestream.workers.child_signals import without_signals

with without_signals():
    resource_tracker.getfd()  # as the start of every child does
    print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))
"""


def test_the_first_child_gets_no_signal_either():
    told = subprocess.run([sys.executable, "-c", FIRST_CHILD], capture_output=True, text=True, check=True)

    assert told.stdout == "True\n"
