"""Chromium as benchmarks, tests and screenshots start it: headless, with a file as its camera."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
# What Playwright disables: Chromium heeds only the last list of its command line (156), and this one replaces it.
PLAYWRIGHTS_FEATURES = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled",
    "PreconnectToSearch",
)  # fmt: skip
# With each window, Chromium renders two pages of its own address bar and starts a process for a page that may follow.
# Nobody sees them, and together they take a quarter of the CPU time of a visit.
COSTLY_FEATURES = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "SpareRendererForSitePerProcess")
FLAGS = (
    f"--disable-features={','.join((*PLAYWRIGHTS_FEATURES, *COSTLY_FEATURES))}",
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
