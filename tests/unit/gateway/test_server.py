"""What a gateway does not load: it has no media, and many copies of it may run."""

import subprocess
import sys

from tests.conftest import ROOT
from tests.times import seconds


def test_a_gateway_loads_no_library_of_media_or_of_the_analysis():
    program = "import sys, facestream.gateway.server; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=seconds(60)
    )

    assert not {"aiortc", "av", "cv2", "dlib", "ray"} & set(loaded.stdout.split())
