"""Readiness, metrics and logs, as the operator sees them."""

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from facestream.metrics import STAGES
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from tests.conftest import RunningServer, running_server
from tests.media.sockets import socket_peer
from tests.media.test_server import analysis_pids, health_of, run_server
from tests.times import seconds

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def fetch(url: str, **headers: str) -> tuple[int, str]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession() as http, http.get(url, headers=names) as answer:
        return answer.status, await answer.text()


async def metrics_of(url: str) -> Samples:
    status, text = await fetch(f"{url}/metrics")
    assert status == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


async def test_a_running_server_is_ready(server_url: str):
    status, text = await fetch(f"{server_url}/readyz")

    assert status == 200
    assert json.loads(text) == {"ready": True, "missing": [], "impaired": []}


async def test_a_server_without_a_worker_is_not_ready_and_says_so(tmp_path: Path):
    with running_server(tmp_path / "server.log", "--analysis-processes", "1") as running:
        # A spare worker would replace it at once.
        for pid in analysis_pids(running):
            os.kill(pid, signal.SIGKILL)
        statuses = set()

        while (await health_of(running.url))["restarts"] == 0:
            statuses.add(await fetch(f"{running.url}/readyz"))

    refused = [json.loads(text) for status, text in statuses if status == 503]
    assert refused
    assert "analysis: none of 1 processes runs" in refused[0]["missing"][0]


@asynccontextmanager
async def streaming(url: str, clip: Path) -> AsyncIterator[ReplayPeer]:
    async with ReplayPeer(ReplayOptions(clip=clip, url=url, loop=True)) as peer:
        await peer.receive_reports(10)
        yield peer


async def test_frames_and_stages_of_a_running_session_are_counted(server_url: str, media_dir: Path):
    before = await metrics_of(server_url)

    async with streaming(server_url, media_dir / "single_face.mp4"):
        during = await metrics_of(server_url)

    assert during[key("facestream_sessions", kind="webrtc")] == 1
    for name in ("facestream_frames_in_total", "facestream_frames_analysed_total"):
        assert during[key(name)] - before[key(name)] >= 10
    for stage in STAGES:
        assert during[key("facestream_stage_ms_count", stage=stage)] >= 10


async def test_an_ended_session_is_counted_with_its_reason(server_url: str, media_dir: Path):
    before = await metrics_of(server_url)

    async with streaming(server_url, media_dir / "single_face.mp4") as peer:
        during = await metrics_of(server_url)
    await until_no_session(server_url)

    after = await metrics_of(server_url)
    closed = key("facestream_sessions_closed_total", kind="webrtc", reason="goodbye")
    assert any(name == "facestream_ice_total" and "host-" in str(labels) for name, labels in after)
    assert peer.session_id
    assert after[closed] == before.get(closed, 0) + 1
    assert after[key("facestream_sessions", kind="webrtc")] == 0
    assert after[key("facestream_frames_in_total")] >= during[key("facestream_frames_in_total")]


async def until_no_session(url: str) -> None:
    async with asyncio.timeout(seconds(10)):
        while (await health_of(url))["sessions"]:  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.05)


async def test_a_rejection_is_counted_by_its_reason(server_url: str):
    refused = key("facestream_refused_total", reason="offer")
    before = await metrics_of(server_url)

    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{server_url}/offer", json={"sdp": "hello", "type": "offer"}) as answer,
    ):
        assert answer.status == 400

    assert (await metrics_of(server_url))[refused] == before.get(refused, 0) + 1


async def test_a_bad_first_message_of_a_socket_is_counted(server_url: str):
    rejected = key("facestream_refused_total", reason="http_400")
    before = await metrics_of(server_url)

    async with socket_peer(server_url) as peer:
        await peer.socket.send_str("{")
        await peer.wait_closed()

    assert (await metrics_of(server_url))[rejected] == before.get(rejected, 0) + 1


async def test_jpeg_sessions_and_their_rejections_are_counted(tmp_path: Path):
    with running_server(
        tmp_path / "server.log", "--analysis-processes", "0", "--max-sessions", "1"
    ) as running:
        async with socket_peer(running.url) as served, socket_peer(running.url) as refused:
            await served.open()
            await refused.open()

            metrics = await metrics_of(running.url)

    assert metrics[key("facestream_sessions", kind="pictures")] == 1
    assert metrics[key("facestream_sessions_opened_total", kind="pictures")] == 1
    assert metrics[key("facestream_refused_total", reason="server_full")] == 1


async def test_memory_and_event_loop_lag_are_measured(server_url: str):
    metrics = await metrics_of(server_url)
    async with asyncio.timeout(seconds(10)):  # it is measured every half second
        while metrics[key("facestream_loop_lag_ms_count")] < 2:
            await asyncio.sleep(0.2)
            metrics = await metrics_of(server_url)

    assert metrics[key("process_resident_memory_bytes")] > 50e6
    assert metrics[key("facestream_analysis_resident_memory_bytes")] > 50e6
    assert metrics[key("facestream_loop_lag_ms_count")] >= 2


@pytest.mark.parametrize(
    "headers",
    [{"X_Forwarded_For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}, {"Host": "faces.example.org"}],
)
async def test_clients_behind_a_proxy_get_no_metrics(server_url: str, headers: dict[str, str]):
    status, _ = await fetch(f"{server_url}/metrics", **headers)

    assert status in {401, 403, 404}


async def test_with_an_admin_token_the_metrics_are_readable_from_anywhere(tmp_path: Path):
    (tmp_path / "admins.txt").write_text("a-token-of-an-admin\n")
    admins = ("--admin-tokens-file", str(tmp_path / "admins.txt"))
    with running_server(tmp_path / "server.log", "--analysis-processes", "0", *admins) as running:
        url, elsewhere = f"{running.url}/metrics", {"X_Forwarded_For": "203.0.113.9"}

        without, _ = await fetch(url, **elsewhere)
        wrong, _ = await fetch(url, **elsewhere, Authorization="Bearer another-token-of-nobody")
        right, _ = await fetch(url, **elsewhere, Authorization="Bearer a-token-of-an-admin")

    assert (without, wrong, right) == (401, 401, 200)


def test_a_tunnel_without_its_extra_is_reported_with_what_to_install():
    ended = run_server("--tunnel", "ngrok")

    assert ended.returncode == 2
    assert "requirements-tunnel.txt" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(("readers", "status"), [("everyone", 200), ("off", 404)])
async def test_the_metrics_setting_decides_who_reads_the_metrics(tmp_path: Path, readers: str, status: int):
    with running_server(
        tmp_path / "server.log", "--analysis-processes", "0", "--metrics", readers
    ) as running:
        answered, _ = await fetch(f"{running.url}/metrics", X_Forwarded_For="203.0.113.9")

    assert answered == status


@pytest.mark.parametrize("form", ["text", "json"])
async def test_sessions_and_rejections_leave_no_address_no_sdp_and_no_secret_in_the_log(
    tmp_path: Path, media_dir: Path, form: str
):
    with running_server(
        tmp_path / "server.log", "--analysis-processes", "1", "--log-format", form
    ) as running:
        async with streaming(running.url, media_dir / "single_face.mp4") as peer:
            session_id, token = peer.session_id, peer.resume_token
        await refuse_an_offer(running)
        await until_no_session(running.url)
        running.stop()

    log = running.log.read_text()
    assert session_id in log
    assert "closed (goodbye: " in log
    assert token not in log
    assert not re.search(r"127\.0\.0\.1|::1|candidate|a=|v=0|fingerprint|Traceback", log)


async def refuse_an_offer(running: RunningServer) -> None:
    sdp = "v=0\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{running.url}/offer", json={"sdp": sdp, "type": "offer"}) as answer,
    ):
        assert answer.status == 400


async def test_invalid_http_is_answered_and_not_logged(tmp_path: Path):
    with running_server(tmp_path / "server.log", "--analysis-processes", "0") as running:
        address = urlsplit(running.url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nOdd: \0\r\n\r\n")

        answer = await reader.read(100)

        writer.close()
        await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.0 400")
    assert running.log.read_text() == ""


async def test_every_line_of_a_json_log_is_an_object_with_the_session_id(tmp_path: Path, media_dir: Path):
    with running_server(
        tmp_path / "server.log", "--analysis-processes", "1", "--log-format", "json"
    ) as running:
        async with streaming(running.url, media_dir / "single_face.mp4") as peer:
            session_id = peer.session_id
        await until_no_session(running.url)
        running.stop()

    # TensorFlow Lite logs one line before logging can be configured.
    lines = [line for line in running.log.read_text().splitlines() if "TensorFlow" not in line]
    assert [json.loads(line)["session"] for line in lines] == [session_id, session_id]
    assert json.loads(lines[-1])["ending"] == "goodbye"
