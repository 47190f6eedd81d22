"""QR codes for requests: never two without a rest, and never more than a few that are waited for."""

import asyncio

import pytest

from facestream.sessions.admission import RateLimitedError
from facestream.web import qr_codes
from facestream.web.qr_codes import MAX_WAITING, REST_S, QrCodes
from tests.times import seconds

TEXT = "http://192.0.2.7:8080/"
SOON_S = seconds(20)


@pytest.fixture
def drawn_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When each code was drawn, by the clock of the event loop."""
    times: list[float] = []

    def draw(text: str) -> str:
        times.append(asyncio.get_running_loop().time())
        return text

    monkeypatch.setattr(qr_codes, "qr_svg", draw)
    return times


async def test_requests_at_the_same_time_are_drawn_with_a_rest_before_each(drawn_s: list[float]):
    codes = QrCodes()
    # A timer may end earlier by the resolution of the clock.
    shortest_s = REST_S - 0.01
    began_s = asyncio.get_running_loop().time()

    answers = tuple(await asyncio.gather(codes.draw("a"), codes.draw("b"), codes.draw("c")))

    assert answers == ("a", "b", "c")
    gaps_s = [later - sooner for sooner, later in zip([began_s, *drawn_s], drawn_s, strict=False)]
    assert all(gap >= shortest_s for gap in gaps_s), gaps_s


@pytest.mark.usefixtures("drawn_s")
async def test_more_than_a_few_at_a_time_are_rejected_until_there_is_room():
    codes = QrCodes()
    waiting = [asyncio.create_task(codes.draw(TEXT)) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0)

    with pytest.raises(RateLimitedError, match="8 QR codes") as caught:
        await codes.draw(TEXT)

    assert caught.value.retry_after_s > 0
    waiting.pop().cancel()  # its client is gone
    await asyncio.sleep(0)
    waiting.append(asyncio.create_task(codes.draw(TEXT)))
    async with asyncio.timeout(SOON_S):
        assert set(await asyncio.gather(*waiting)) == {TEXT}
        assert await codes.draw(TEXT) == TEXT


async def test_a_text_that_is_too_long_leaves_its_place(monkeypatch: pytest.MonkeyPatch):
    codes = QrCodes()
    monkeypatch.setattr(qr_codes, "REST_S", 0)

    for _ in range(MAX_WAITING + 1):
        with pytest.raises(ValueError, match="too large"):
            await codes.draw("x" * 5000)
