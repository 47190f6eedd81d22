"""How soon the page shows a live face after Start, what blocks its main thread, and whether its memory grows.

Headless Chromium, driven by Playwright, at a server on this machine; its camera is a file with one face.
"""

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import chromium, measured, servers
from benchmarks.baselines.websocket_jpeg import as_jpegs
from benchmarks.clips import face_clip, frames_of
from benchmarks.measured import median, percentile, say
from benchmarks.servers import Server

if TYPE_CHECKING:
    from playwright.async_api import Browser, CDPSession, Page

SOON_MS = 60_000
# The time of the first frame that is shown after a press on Start, and every task of the main thread over 50 ms.
WATCH = """
  window.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) window.longTasks.push({ startTime, duration });
  }).observe({ type: 'longtask' });
  addEventListener('DOMContentLoaded', () => {
    const video = document.getElementById('video');
    document.getElementById('start').addEventListener('click', ({ timeStamp }) => {
      window.firstFrameMs = null;
      video.requestVideoFrameCallback((nowMs) => { window.firstFrameMs = nowMs - timeStamp; });
    }, { capture: true });
  });
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """How often and how long to measure."""

    starts: int
    heap_at_s: tuple[float, float]
    """Times since the video is live, the last of which ends the measurement."""


def camera_file(folder: Path) -> Path:
    """The clip as concatenated JPEGs, which Chromium plays as a camera."""
    path = folder / "face.mjpeg"
    path.write_bytes(b"".join(as_jpegs(frames_of(face_clip()))))
    return path


async def opened_page(browser: "Browser", server: Server) -> "Page":
    """The page in a new profile, in which its notice was agreed to."""
    page = await (await browser.new_context(viewport={"width": 1280, "height": 800})).new_page()
    await page.add_init_script(WATCH)
    await page.goto(server.url)
    await page.wait_for_function(
        "() => document.documentElement.dataset.state !== 'loading'", timeout=SOON_MS
    )
    await page.locator("#start").click()
    await page.get_by_role("button", name="I agree").click()
    await until_live(page)
    return page


async def until_live(page: "Page") -> float:
    """Wait for the first frame; returns its time since the press on Start, in ms."""
    await page.wait_for_function(
        "() => document.documentElement.dataset.state === 'connected' && window.firstFrameMs", timeout=SOON_MS
    )
    return float(await page.evaluate("window.firstFrameMs"))


async def stop(page: "Page") -> None:
    """End the session; the camera closes too."""
    await page.locator("#stop").click()
    await page.wait_for_function(
        "() => document.documentElement.dataset.state === 'stopped'", timeout=SOON_MS
    )


async def start_times_ms(page: "Page", count: int) -> list[float]:
    """Start this many times on one page, and stop each time."""
    times_ms = []
    for _ in range(count):
        await stop(page)
        await page.locator("#start").click()
        times_ms.append(await until_live(page))
    return times_ms


async def heap_mb(devtools: "CDPSession") -> float:
    """What the page's scripts hold after a garbage collection."""
    await devtools.send("HeapProfiler.collectGarbage")
    metrics = (await devtools.send("Performance.getMetrics"))["metrics"]
    used_bytes = next(float(metric["value"]) for metric in metrics if metric["name"] == "JSHeapUsedSize")
    return round(used_bytes / 1e6, 2)


async def while_live(page: "Page", heap_at_s: tuple[float, float]) -> dict[str, object]:
    """Long tasks and memory of a session that continues."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Performance.enable")
    await page.evaluate("window.longTasks.length = 0")
    began_s = time.monotonic()
    heaps_mb: dict[str, float] = {}
    tasks_ms: list[float] = []
    live_s = 0.0
    for at_s in heap_at_s:
        await asyncio.sleep(max(0.0, began_s + at_s - time.monotonic()))
        live_s = time.monotonic() - began_s
        # Before the garbage collection, which is a long task itself.
        tasks_ms += await page.evaluate("window.longTasks.splice(0).map(({ duration }) => duration)")
        heaps_mb[f"after_{at_s:g}_s"] = await heap_mb(devtools)
        await page.evaluate("window.longTasks.length = 0")
    state = await page.evaluate("document.documentElement.dataset.state")
    return {
        "live_s": round(live_s, 1),
        "state_at_end": state,
        "long_tasks_per_minute": round(60 * len(tasks_ms) / live_s, 2),
        "long_task_ms": {"p50": percentile(tasks_ms, 50), "max": percentile(tasks_ms, 100)},
        "js_heap_mb": heaps_mb,
    }


async def measure(plan: Plan) -> dict[str, object]:
    """Measure the starts, then a session that continues, each in its own page."""
    try:
        from playwright.async_api import async_playwright
    except ImportError as error:
        raise SystemExit(
            "Playwright is missing; run `make setup`, which installs requirements-dev.txt"
        ) from error
    executable = chromium.executable()
    if executable is None:
        raise SystemExit(chromium.MISSING)
    with tempfile.TemporaryDirectory() as folder, servers.running(servers.OURS) as server:
        camera = await asyncio.to_thread(camera_file, Path(folder))
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=executable,
                args=[*chromium.FLAGS, chromium.ALLOW_CAMERA, f"--use-file-for-fake-video-capture={camera}"],
            )
            say(f"page: {plan.starts} starts")
            page = await opened_page(browser, server)
            times_ms = await start_times_ms(page, plan.starts)
            await page.context.close()
            say(f"page: live for {plan.heap_at_s[-1]:g} s")
            page = await opened_page(browser, server)
            live = await while_live(page, plan.heap_at_s)
            version = browser.version
            await browser.close()
    return {
        "chromium": version,
        "start_to_first_frame_ms": {
            "median": median(times_ms),
            "max": percentile(times_ms, 100),
            "all": [round(time_ms) for time_ms in times_ms],
        },
        **live,
    }


def main() -> None:
    """Measure and write the JSON."""
    args = measured.parser(__doc__ or "").parse_args()
    plan = Plan(3, (20.0, 60.0)) if args.quick else Plan(10, (120.0, 600.0))
    measured.run("page", args, measure(plan))


if __name__ == "__main__":
    main()
