"""Accessibility and memory use."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import SOON_MS, OpenPage, chart_points, close_settings, open_settings, start
from tests.conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AXE = ROOT / "client" / "node_modules" / "axe-core" / "axe.min.js"


async def violations(page: Page) -> list[str]:
    """The findings of axe, with their elements."""
    await page.evaluate(AXE.read_text())
    found: list[str] = await page.evaluate(
        """async () => (await axe.run()).violations
          .flatMap((v) => v.nodes.map((node) => `${v.id}: ${node.target} ${node.any[0]?.message ?? ''}`))"""
    )
    return found


@pytest.mark.parametrize("width", [1280, 360])
async def test_axe_finds_nothing(server_url: str, open_page: OpenPage, width: int):
    async with open_page(server_url, width=width, motion="reduce") as page:
        assert await violations(page) == []
        await page.get_by_role("button", name="Start").click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        assert await violations(page) == []
        await page.get_by_role("button", name="I agree").click()
        await chart_points(page, 2)
        await page.get_by_role("button", name="Pause").click()
        await open_settings(page)
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            assert await violations(page) == []
        await close_settings(page)
        await page.locator("#figures summary").click()
        assert await violations(page) == []


async def test_the_page_can_be_used_by_keyboard_alone(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        start_button = page.get_by_role("button", name="Start")
        for _ in range(8):
            await page.keyboard.press("Tab")
            if await start_button.evaluate("(button) => button === document.activeElement"):
                break
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.keyboard.press("Enter")
        await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)
        await expect(page.locator("#stop")).to_be_focused()

        await page.locator("#open-settings").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("320")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_label("320")).to_be_hidden()
        await expect(page.locator("#open-settings")).to_be_focused()


async def test_the_heading_of_the_chart_says_what_follows(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await expect(page.get_by_role("heading", name="Chart of 30 s")).to_be_visible()
        await expect(page.get_by_role("region", name="Chart of 30 s")).to_be_visible()


async def test_reduced_motion_shows_no_animation(server_url: str, open_page: OpenPage):
    async with open_page(server_url, motion="reduce") as page:
        await page.evaluate("document.documentElement.dataset.state = 'connecting'")

        moving = await page.evaluate("document.getAnimations().length")

        assert moving == 0


async def used_heap_bytes(page: Page) -> int:
    session = await page.context.new_cdp_session(page)
    await session.send("HeapProfiler.collectGarbage")
    return int((await session.send("Runtime.getHeapUsage"))["usedSize"])


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_the_heap_does_not_grow_between_two_and_ten_minutes(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await start(page)
        await page.wait_for_timeout(2 * 60_000)
        early = await used_heap_bytes(page)

        await page.wait_for_timeout(8 * 60_000)

        late = await used_heap_bytes(page)
        assert late < 1.1 * early, f"{early / 1e6:.2f} MB after 2 minutes, {late / 1e6:.2f} MB after 10"


async def test_menus_close_when_the_focus_leaves_them(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        # Before that, there is nothing to save, and its menu is disabled.
        await start(page)
        await chart_points(page, 2)
        menus = page.locator("details.menu")
        for index in range(await menus.count()):
            menu = menus.nth(index)
            if not await menu.is_visible():
                continue
            await menu.locator("> summary").click()
            await expect(menu).to_have_attribute("open", "")
            # A press on a text inside leaves the focus nowhere, and the menu open.
            await menu.evaluate("(menu) => menu.querySelector('summary').blur()")
            await expect(menu).to_have_attribute("open", "")

            await menu.locator("> summary").focus()
            await page.get_by_role("button", name="Stop").focus()

            await expect(menu).not_to_have_attribute("open", "")
