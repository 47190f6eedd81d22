"""Running sessions keep their rate; excess peers are rejected with a reason."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from facestream.errors import ServerUnreachableError
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from tests.conftest import ROOT, running_server
from tests.times import seconds

OFFERS = 200
MEASURED_S = 6.0
KEPT_SHARE = 0.8
SETUPS_OVER_S = seconds(12.0)


async def fps_of(peer: ReplayPeer, seconds: float) -> float:
    """Analysed frames per second, counted by this peer."""
    before = peer.tally.analysed
    await asyncio.sleep(seconds)
    return (peer.tally.analysed - before) / seconds


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def flood(url: str, address: str, offers: int) -> Counter[int]:
    """Send offers from one address at once; returns how often each status was returned."""
    sdp = (ROOT / "tests" / "data" / "chrome_offer.sdp").read_bytes().decode()
    body = json.dumps({"sdp": sdp, "type": "offer"})
    headers = {"Content-Type": "application/json", "X-Forwarded-For": address}
    connector = aiohttp.TCPConnector(limit=offers)
    async with aiohttp.ClientSession(connector=connector) as http:

        async def send() -> int:
            async with http.post(f"{url}/offer", data=body, headers=headers) as answer:
                if answer.status == 429:
                    assert int(answer.headers["Retry-After"]) >= 1
                return answer.status

        return Counter(await asyncio.gather(*(send() for _ in range(offers))))


async def test_a_running_peer_keeps_its_rate_during_200_offers_from_one_address(
    tmp_path: Path, media_dir: Path
):
    settings = "--auth", "none", "--setup-deadline-s", "3"
    with running_server(tmp_path / "server.log", *settings) as running:
        options = ReplayOptions(media_dir / "single_face.mp4", running.url, loop=True)
        async with ReplayPeer(options) as peer:
            await peer.receive_reports(30)
            calm = await fps_of(peer, MEASURED_S)
            files = open_files(running.process.pid)

            async with asyncio.TaskGroup() as tasks:
                measuring = tasks.create_task(fps_of(peer, MEASURED_S))
                flooding = tasks.create_task(flood(running.url, "203.0.113.9", OFFERS))
            answers, under_load = flooding.result(), measuring.result()
            # The admitted sessions never connect and end at their setup deadline.
            async with asyncio.timeout(SETUPS_OVER_S):
                while await sessions(running.url) > 1 or open_files(running.process.pid) > files + 3:  # noqa: ASYNC110 - of another process
                    await asyncio.sleep(0.2)

            assert answers[200] == 2  # an address has a quarter of `max_setups`
            assert answers[200] + answers[429] == OFFERS
            assert under_load > KEPT_SHARE * calm, f"{under_load:.1f} of {calm:.1f} FPS"
            assert await sessions(running.url) == 1
            assert open_files(running.process.pid) <= files + 3
        assert "Traceback" not in running.log.read_text()


async def sessions(url: str) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"{url}/healthz") as answer:
        return int((await answer.json())["sessions"])


async def test_a_peer_beyond_capacity_is_rejected_and_the_running_peer_keeps_its_rate(
    tmp_path: Path, media_dir: Path
):
    # No machine analyses 1,000 frames per second for each peer with one worker.
    settings = "--min-fps", "1000", "--analysis-processes", "1"
    with running_server(tmp_path / "server.log", *settings) as running:
        options = ReplayOptions(media_dir / "single_face.mp4", running.url, loop=True)
        async with ReplayPeer(options) as peer:
            await peer.receive_reports(60)
            calm = await fps_of(peer, 3)

            for _ in range(3):
                with pytest.raises(ServerUnreachableError, match="frames per second") as rejected:
                    async with ReplayPeer(options):
                        pass
                assert (rejected.value.status, rejected.value.problem_code) == (503, "server_full")

            assert await fps_of(peer, 3) > KEPT_SHARE * calm


async def test_a_session_ends_with_a_notice_when_its_time_is_over(tmp_path: Path, media_dir: Path):
    with running_server(tmp_path / "server.log", "--max-session-s", "2") as running:
        options = ReplayOptions(media_dir / "single_face.mp4", running.url, loop=True)
        async with ReplayPeer(options) as peer:
            await peer.wait_closed()

            assert any("limit of 2 s" in notice.detail for notice in peer.notices)


async def test_frames_above_the_rate_are_dropped_and_counted(tmp_path: Path, media_dir: Path):
    with running_server(tmp_path / "server.log", "--max-fps", "10") as running:
        options = ReplayOptions(media_dir / "single_face.mp4", running.url, loop=True)
        async with ReplayPeer(options) as peer:
            await peer.receive_reports(20)
            rate = await fps_of(peer, 3)
            reports = await peer.receive_reports(1)

    assert rate < 11
    assert reports[-1].fps_in > rate
    assert reports[-1].dropped > 10
