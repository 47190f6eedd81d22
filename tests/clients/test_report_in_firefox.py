"""The report that is written without a server, in Firefox: drawn as in Chromium, without a network."""

import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.browser.conftest import SCREENSHOTS
from tests.clients.firefox import firefox
from tests.reports import report_of_clip
from tests.times import seconds

pytestmark = pytest.mark.clients

HAPPY_BGR, SAD_BGR = (0x05, 0x76, 0xBC), (0xC1, 0x83, 0x1A)
# No proxy is there, so every request to another machine fails.
OFFLINE = """user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
"""


def test_firefox_draws_the_summary_and_the_timeline(media_dir: Path, tmp_path: Path):
    report, profile, image = (
        tmp_path / "report.html",
        tmp_path / "profile",
        SCREENSHOTS / "report-firefox.png",
    )
    report_of_clip(media_dir / "WolfgangLanger_Pexels.mp4", report, every=3)
    profile.mkdir()
    (profile / "user.js").write_text(OFFLINE)
    image.parent.mkdir(parents=True, exist_ok=True)
    image.unlink(missing_ok=True)

    subprocess.run(
        [
            *(firefox(), "--headless", "--no-remote", "--profile", str(profile)),
            *("--window-size=1280,1000", "--screenshot", str(image), report.as_uri()),
        ],
        check=True,
        capture_output=True,
        timeout=seconds(60),
    )

    drawn = cv2.imread(str(image))
    assert drawn is not None
    assert drawn.shape[1] == 1280
    for colour in (HAPPY_BGR, SAD_BGR):
        rows, columns = np.nonzero((drawn == colour).all(axis=2))
        # The bar of the summary, the ribbon and a line: wide surfaces, at several heights.
        assert len(rows) > 4_000
        assert np.ptp(rows) > 200
        assert np.ptp(columns) > 300
