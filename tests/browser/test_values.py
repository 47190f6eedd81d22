"""The values of a server's own plug-in on the page: below the chart, in the table, in every file, after a reload."""

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import (
    SCREENSHOTS,
    SOON_MS,
    OpenPage,
    chart_points,
    downloaded,
    expect_no_sideways_scroll,
    start,
)
from tests.browser.test_for_everyone import violations
from tests.browser.test_sessions import open_past, stop
from tests.conftest import RunningServer, running_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Values of every kind; it fails in every fourth frame.
PLUGIN = """
count = 0


def on_faces(frame_luma, report):
    global count
    count += 1
    if count % 4 == 3:
        raise RuntimeError("out of values")
    return {"faces": len(report.faces), "is_bright": bool(frame_luma.mean() > 20), "share": 0.25, "nothing": None,
            "word": "<img src=x onerror=alert(1)>", "formula": "=1+1", "list": [1, {"a": None}]}
"""
NAMES = ["faces", "is_bright", "share", "nothing", "word", "formula", "list"]


@pytest.fixture(scope="module")
def with_plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "some_values.py").write_text(PLUGIN)
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    arguments = ("--analyzer", "some_values:on_faces", "--analysis-processes", "1")
    with running_server(folder / "server.log", *arguments, environment=environment) as running:
        yield running


async def file_of(page: Page, kind: str, folder: Path) -> str:
    await page.locator("#save summary").click()
    return (await downloaded(page, page.locator(f"#save-{kind}"), folder)).read_text()


async def saved_files(page: Page, folder: Path) -> tuple[list[dict[str, str]], list[dict[str, Any]], str]:
    """The table, the JSON lines and the report that the page saves."""
    table = list(csv.DictReader((await file_of(page, "csv", folder)).splitlines()))
    lines = [json.loads(line) for line in (await file_of(page, "jsonl", folder)).splitlines()]
    return table, lines, await file_of(page, "report", folder)


async def expect_to_fit_both_windows(page: Page, name: str) -> None:
    """On a laptop and on a phone: nothing beyond the side, nothing inaccessible; a screenshot of each."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for width, height in [(1280, 800), (360, 740)]:
        await page.set_viewport_size({"width": width, "height": height})
        await expect_no_sideways_scroll(page)
        assert await violations(page) == []
        await page.screenshot(path=SCREENSHOTS / f"{name}_{width}.png", full_page=True)


@pytest.mark.timeout(150)
async def test_values_of_a_plug_in_are_below_the_chart_and_in_every_file(
    with_plugin: RunningServer, open_page: OpenPage, tmp_path: Path
):
    async with open_page(with_plugin.url, width=1280, height=800) as page:
        await expect(page.locator("#values ul")).to_be_hidden()
        await start(page)
        await chart_points(page, 4)
        rows = page.locator(".value-row")
        await expect(rows).to_have_count(len(NAMES), timeout=SOON_MS)
        assert await rows.locator(".value-name").all_inner_texts() == NAMES
        texts = await rows.locator(".value-now").all_inner_texts()
        assert texts[4:6] == ["<img src=x onerror=alert(1)>", "=1+1"]
        assert await rows.first.get_attribute("data-points") != "0"
        fault = page.locator(".values-fault")
        await expect(fault).to_contain_text("plug-in", timeout=SOON_MS)
        await expect_to_fit_both_windows(page, "values")

        await stop(page)
        await page.locator("#chart-view summary").click()
        await page.get_by_role("button", name="As a table").click()
        head = await page.locator("#table-dialog thead th").all_inner_texts()
        assert head[-len(NAMES) :] == NAMES
        await page.keyboard.press("Escape")
        table, lines, report = await saved_files(page, tmp_path)

        await page.reload()
        await page.wait_for_function("document.documentElement.dataset.state !== 'loading'")
        await open_past(page, 0)
        await expect(rows).to_have_count(len(NAMES), timeout=SOON_MS)
        await expect(fault).to_contain_text("plug-in")
        again = list(csv.DictReader((await file_of(page, "csv", tmp_path)).splitlines()))

    with_values = [row for row in table if row["extra_faces"]]
    assert 0 < len(with_values) < len(table)
    first = with_values[0]
    assert [first[f"extra_{name}"] for name in NAMES[1:]] == [
        "true",
        "0.25",
        "",
        "<img src=x onerror=alert(1)>",
        "'=1+1",
        '[1, {"a": null}]',
    ]
    assert again == table
    assert next(line["extra"]["list"] for line in lines if "extra" in line) == [1, {"a": None}]
    assert [line["event"] for line in lines if line.get("event") == "extra-fault"] == ["extra-fault"]
    assert "<bdi>share</bdi>" in report
    assert "<img" not in report
