"""The page through a gateway with two nodes: one is drained under it, and one is killed under it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from facestream.session_ids import node_of
from tests.browser.cameras import JPEG, expect_state, states_since
from tests.browser.clips import assert_every_frame_once, expect_end, saved_lines, saved_reports, use_clip
from tests.browser.conftest import SCREENSHOTS, SOON_MS, OpenPage, chart_points, more_frames_shown, start
from tests.browser.test_move import MOVED, STATES, moves_in
from tests.conftest import RunningServer
from tests.media.clusters import RunningCluster, drain, running_cluster
from tests.media.gateways import Gateway

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Ids of sessions, as the page gets them.
ANSWERS = """
window.sessions = [];
const fetched = window.fetch;
window.fetch = async (url, given) => {
  const response = await fetched(url, given);
  if (/offer$/.test(url) && response.ok) window.sessions.push((await response.clone().json()).session_id);
  return response;
};
"""


async def owner_of(page: Page, cluster: RunningCluster) -> RunningServer:
    """The node that serves the page."""
    ids: list[str] = await page.evaluate("window.sessions")
    return cluster.nodes[node_of(ids[-1])]


def ids_in(lines: list[dict[str, Any]]) -> set[int]:
    return {face["id"] for line in lines if "seq" in line for face in line["faces"]}


async def test_a_page_whose_node_is_drained_goes_on_at_another(tmp_path: Path, open_page: OpenPage):
    with running_cluster(tmp_path) as cluster:
        async with open_page(cluster.url, script=STATES + ANSWERS) as page:
            await start(page)
            points = (await chart_points(page, 20))["happy"]
            before = await owner_of(page, cluster)
            seen = len(await states_since(page, 0))

            await drain(before)

            await expect(page.locator("#notice")).to_contain_text(MOVED, timeout=SOON_MS)
            await page.screenshot(path=SCREENSHOTS / "cluster_drained.png")
            await more_frames_shown(page, 30)
            assert await owner_of(page, cluster) is not before
            assert set(await states_since(page, seen)) <= {"connected"}
            assert (await chart_points(page, points))["happy"] >= points
            await page.get_by_role("button", name="Stop").click()

            lines = await saved_lines(page)
            (moved,) = moves_in(lines)
            assert moved["event"] == "moved"
            assert float(moved["detail"]) < 5
            assert ids_in(lines) == {1}
            assert not [line for line in lines if line.get("event") in {"lost", "back"}]


async def test_a_page_whose_node_is_killed_says_so_and_comes_back_at_another(
    tmp_path: Path, open_page: OpenPage
):
    with running_cluster(tmp_path) as cluster:
        async with open_page(cluster.url, script=STATES + ANSWERS, expect_errors="50[0-9]") as page:
            await start(page)
            points = (await chart_points(page, 20))["happy"]
            before = await owner_of(page, cluster)

            before.process.kill()
            await asyncio.to_thread(before.process.wait)

            await expect_state(page, "reconnecting")
            await page.screenshot(path=SCREENSHOTS / "cluster_killed.png")
            await expect_state(page, "connected")
            await expect(page.locator("#notice")).to_contain_text("faces have new numbers", timeout=SOON_MS)
            await page.screenshot(path=SCREENSHOTS / "cluster_back.png")
            await more_frames_shown(page, 30)
            assert await owner_of(page, cluster) is not before
            assert (await chart_points(page, points))["happy"] >= points
            await page.get_by_role("button", name="Stop").click()

            lines = await saved_lines(page)
            assert ids_in(lines) == {1, 2}
            assert [line["event"] for line in lines if line.get("event") in {"lost", "backAnew"}] == [
                "lost",
                "backAnew",
            ]


async def test_a_file_that_is_analysed_once_loses_no_frame_when_its_node_is_drained(
    tmp_path: Path, open_page: OpenPage, media_dir: Path
):
    clip = media_dir / "single_face.mp4"
    with running_cluster(tmp_path) as cluster:
        async with open_page(cluster.url, script=JPEG) as page:
            await use_clip(page, clip)
            await page.wait_for_function(
                "() => parseInt(document.querySelector('.clip-count').textContent) > 5", timeout=SOON_MS
            )
            for node in cluster.nodes.values():
                if int((await Gateway(node.url).ask("GET", "/node")).json["sessions"]):
                    await drain(node)
                    break

            await expect_end(page)

            reports = await saved_reports(page)
            assert_every_frame_once(reports, clip)
            assert len(moves_in(await saved_lines(page))) == 1
            assert ids_in(reports) == {1}
