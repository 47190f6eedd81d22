"""Video files for the page: written here, used, and what the page measured of them."""

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import SOON_MS

SIZE_WH = 320, 240
RATE_HZ = 48_000
SOUND_FRAME = 960
"""Samples, of 20 ms."""
TICKS_HZ = 90_000


def write_clip(
    path: Path, codec: str, times_s: Sequence[float], sound: str = "", *, sound_s: float = 2.0
) -> Path:
    """Gray frames that differ, at these times; with an audio codec, also a tone."""
    with av.open(str(path), "w") as target:
        video = target.add_stream(codec, rate=30)
        assert isinstance(video, av.VideoStream)
        video.width, video.height = SIZE_WH
        video.pix_fmt = "yuv420p"
        video.codec_context.time_base = Fraction(1, TICKS_HZ)
        audio = target.add_stream(sound, rate=RATE_HZ, layout="mono") if sound else None
        for index, time_s in enumerate(times_s):
            image = np.full((SIZE_WH[1], SIZE_WH[0], 3), 40 + index % 8 * 20, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = round(time_s * TICKS_HZ), Fraction(1, TICKS_HZ)
            target.mux(video.encode(frame))
        target.mux(video.encode())
        if audio is not None:
            _add_tone(target, audio, sound_s)
    return path


def write_sound(path: Path, codec: str) -> Path:
    """A tone of two seconds and no video."""
    with av.open(str(path), "w") as target:
        _add_tone(target, target.add_stream(codec, rate=RATE_HZ, layout="mono"), 2.0)
    return path


def _add_tone(target: av.container.OutputContainer, stream: object, duration_s: float) -> None:
    assert isinstance(stream, av.AudioStream)
    for index in range(round(duration_s * RATE_HZ / SOUND_FRAME)):
        samples = (8000 * np.sin(np.arange(SOUND_FRAME) * 0.06)).astype(np.int16)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, SOUND_FRAME * index
        target.mux(stream.encode(frame))
    target.mux(stream.encode())


def times_of(clip: Path) -> list[float]:
    with av.open(str(clip)) as opened:
        return sorted(float(frame.time or 0) for frame in opened.decode(video=0))


async def use_clip(page: Page, clip: Path) -> None:
    """Choose a file on a page that has not asked for consent yet."""
    await page.get_by_label("Use a video file").set_input_files(clip)
    await page.get_by_role("button", name="I agree").click()


async def expect_end(page: Page) -> None:
    """Wait until the file was analysed to its end."""
    await expect(page.locator("html")).to_have_attribute("data-state", "finished", timeout=4 * SOON_MS)


async def saved_reports(page: Page) -> list[dict[str, Any]]:
    """The messages of the server about frames, as the page saves them."""
    return [line for line in await saved_lines(page) if "seq" in line]


async def saved_lines(page: Page) -> list[dict[str, Any]]:
    """Messages and events, as the page saves them."""
    await page.locator("#save summary").click()
    async with page.expect_download() as download:
        await page.locator("#save-jsonl").click()
    path = await (await download.value).path()
    return [json.loads(line) for line in path.read_text().splitlines()]


def assert_every_frame_once(reports: list[dict[str, Any]], clip: Path) -> None:
    times_s = times_of(clip)
    found = {round(report["time_s"], 3) for report in reports}
    assert [time_s for time_s in times_s if not {round(time_s, 3)} & found] == []
    assert [report["time_s"] for report in reports] == pytest.approx(times_s, abs=0.0015)
    assert [report["seq"] for report in reports] == list(range(len(times_s)))
    assert all(report["analysed"] for report in reports)


async def whole_file_analysed(page: Page, clip: Path) -> list[dict[str, Any]]:
    """Use the file and wait for its end; returns its reports, one for each frame."""
    await use_clip(page, clip)
    await expect_end(page)
    count = len(times_of(clip))
    await expect(page.locator(".clip-result")).to_have_text(
        f"The whole file was analysed: {count} of {count} frames."
    )
    reports = await saved_reports(page)
    assert_every_frame_once(reports, clip)
    return reports
