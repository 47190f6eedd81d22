"""Chromium as benchmarks, tests and screenshots start it: headless, with a file as its camera."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
)
ALLOW_CAMERA = "--use-fake-ui-for-media-stream"
MISSING = "Chromium is missing; run `make browser`"


def executable() -> str | None:
    """The path of Chromium; None: it is not installed."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)
