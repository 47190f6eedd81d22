"""Access control of the real server: tokens, session secrets, origins and admins."""

import asyncio
import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import aiohttp
import pytest

from facestream import __version__
from facestream.credentials.tokens import Purpose, issue
from facestream.errors import ServerUnreachableError
from facestream.ice.addresses import machine_addresses
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from facestream.web import reach
from tests.conftest import ROOT, running_server
from tests.guarded import Guarded, guarded_server
from tests.times import seconds

LISTED = "a token of nobody but us".replace(" ", "-")
ADMIN = "an admin token of our own".replace(" ", "-")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "tokens").write_text(f"# of the museum\n{LISTED}\n")
    (folder / "admins").write_text(ADMIN)
    settings = (
        "--auth", "token", "--tokens-file", str(folder / "tokens"), "--admin-tokens-file", str(folder / "admins"),
        "--allowed-origins", "https://friend.example",
    )  # fmt: skip
    with guarded_server(folder, *settings) as running:
        yield running


async def ask(
    url: str, method: str = "POST", path: str = "/offer", body: bytes = b"{", **headers: str
) -> tuple[int, Mapping[str, str], str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, url + path, data=body, headers={"Content-Type": "application/json", **named}) as answer,
    ):  # fmt: skip
        return answer.status, answer.headers, await answer.text()


def signed(key: str, hours: float = 1, purpose: Purpose = Purpose.PEER) -> str:
    return issue(key, purpose, "test", hours)


def code_of(problem: str) -> str:
    return str(json.loads(problem)["code"])


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("", "token_required"),
        ("Bearer wrong", "token_wrong"),
        ("Basic " + base64.b64encode(b"a:b").decode(), "token_required"),
    ],
)
async def test_without_a_valid_token_the_body_is_not_read(guarded: Guarded, authorization: str, code: str):
    status, headers, said = await ask(guarded.url, body=b"\xff" * 1000, Authorization=authorization)

    assert status == 401
    assert headers["WWW-Authenticate"] == "Bearer"
    assert code_of(said) == code


async def test_an_expired_token_is_rejected_with_a_code_of_its_own(guarded: Guarded):
    status, _, said = await ask(guarded.url, Authorization=f"Bearer {signed(guarded.key, hours=-1)}")

    assert (status, code_of(said)) == (401, "token_expired")


async def test_a_token_signed_with_another_key_is_rejected(guarded: Guarded):
    status, _, _ = await ask(guarded.url, Authorization=f"Bearer {signed('x' * 40)}")

    assert status == 401


async def test_a_token_in_the_query_is_ignored(guarded: Guarded):
    status, _, _ = await ask(guarded.url, path=f"/offer?token={LISTED}")

    assert status == 401


async def test_with_a_valid_token_the_offer_is_read(guarded: Guarded):
    status, _, said = await ask(guarded.url, Authorization=f"Bearer {LISTED}")

    assert (status, code_of(said)) == (400, "bad_offer")


async def test_an_admin_token_does_not_open_a_session(guarded: Guarded):
    status, _, _ = await ask(guarded.url, Authorization=f"Bearer {ADMIN}")

    assert status == 401


async def open_socket(url: str, token: str) -> dict[str, object]:
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{url}/pictures") as socket:
        await socket.send_json({"type": "open", "token": token})
        return dict(await socket.receive_json(timeout=seconds(10)))


async def test_compatibility_mode_requires_the_token_in_its_first_message(guarded: Guarded):
    refused = await open_socket(guarded.url, "")
    opened = await open_socket(guarded.url, LISTED)

    assert refused["status"] == 401
    assert "session_id" in opened


async def test_a_token_removed_from_the_list_is_rejected_after_sighup(tmp_path: Path):
    tokens, log = tmp_path / "tokens", tmp_path / "server.log"
    tokens.write_text(LISTED)
    settings = "--auth", "token", "--tokens-file", str(tokens), "--analysis-processes", "0"
    with running_server(log, *settings) as running:
        before, _, _ = await ask(running.url, Authorization=f"Bearer {LISTED}")
        tokens.write_text("another-token-of-some-length")
        running.process.send_signal(signal.SIGHUP)

        async with asyncio.timeout(seconds(10)):
            # Another process has no event to wait for.
            while (after := await ask(running.url, Authorization=f"Bearer {LISTED}"))[0] != 401:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    assert (before, after[0]) == (400, 401)


@pytest.fixture
async def peer(guarded: Guarded, media_dir: Path) -> AsyncIterator[ReplayPeer]:
    options = ReplayOptions(media_dir / "single_face.mp4", guarded.url, loop=True, token=signed(guarded.key))
    async with ReplayPeer(options) as connected:
        await connected.receive_reports(3)
        yield connected


async def test_a_peer_with_a_token_is_served(peer: ReplayPeer):
    reports = await peer.receive_reports(5)

    assert all(report.analysed for report in reports)


async def test_a_peer_without_a_token_is_rejected_with_the_reason(guarded: Guarded, media_dir: Path):
    with pytest.raises(ServerUnreachableError, match="no access token") as rejected:
        async with ReplayPeer(ReplayOptions(media_dir / "single_face.mp4", guarded.url)):
            pass

    assert rejected.value.problem_code == "token_required"


async def test_a_peer_with_an_admins_token_gets_the_reason(guarded: Guarded, media_dir: Path):
    options = ReplayOptions(media_dir / "single_face.mp4", guarded.url, token=guarded.admin_token)
    with pytest.raises(ServerUnreachableError, match="this is an admin's token") as rejected:
        async with ReplayPeer(options):
            pass

    assert rejected.value.problem_code == "token_wrong"


@pytest.mark.parametrize("secret", ["", "guess", "\u00e4"])
async def test_no_peer_can_end_the_session_of_another(guarded: Guarded, peer: ReplayPeer, secret: str):
    path, token = f"/sessions/{peer.session_id}", f"Bearer {LISTED}"
    status, _, said = await ask(guarded.url, "DELETE", path, Authorization=token, X_Session_Secret=secret)
    await ask(guarded.url, "POST", f"{path}/bye", secret.encode())

    assert (status, code_of(said)) == (403, "not_your_session" if secret else "not_an_admin")
    await peer.receive_reports(5)


async def test_the_secret_of_a_session_ends_it(guarded: Guarded, peer: ReplayPeer):
    status, _, _ = await ask(
        guarded.url, "DELETE", f"/sessions/{peer.session_id}", X_Session_Secret=peer.secret
    )

    assert status == 204
    await peer.wait_closed()


async def test_a_closing_page_ends_its_session_with_its_secret(guarded: Guarded, peer: ReplayPeer):
    status, _, _ = await ask(guarded.url, "POST", f"/sessions/{peer.session_id}/bye", peer.secret.encode())

    assert status == 204
    await peer.wait_closed()


async def test_an_admin_sees_every_session_and_no_secret(guarded: Guarded, peer: ReplayPeer):
    _, _, text = await ask(guarded.url, "GET", "/sessions", b"", Authorization=f"Bearer {ADMIN}")

    listed = {session["id"]: session for session in json.loads(text)["sessions"]}
    assert listed[peer.session_id]["kind"] == "webrtc"
    assert listed[peer.session_id]["frames_in"] > 0
    assert peer.secret not in text
    assert "127.0.0.1" not in text


async def test_an_admin_ends_a_session(guarded: Guarded, peer: ReplayPeer):
    token = signed(guarded.key, purpose=Purpose.ADMIN)

    status, _, _ = await ask(
        guarded.url, "DELETE", f"/sessions/{peer.session_id}", b"", Authorization=f"Bearer {token}"
    )

    assert status == 204
    await peer.wait_closed()


@pytest.mark.parametrize(("token", "status"), [("", 401), ("wrong", 401), (LISTED, 403)])
async def test_only_admins_can_list_the_sessions(guarded: Guarded, token: str, status: int):
    answered, _, _ = await ask(guarded.url, "GET", "/sessions", b"", Authorization=f"Bearer {token}")

    assert answered == status


async def test_a_server_without_admins_lists_no_sessions(server_url: str):
    status, _, _ = await ask(server_url, "GET", "/sessions", b"")

    assert status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/offer"), ("PATCH", "/sessions/x"), ("DELETE", "/sessions/x"), ("POST", "/sessions/x/bye")],
)
@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "http://[", "http://[::1"])
async def test_a_page_of_another_origin_changes_nothing(server_url: str, method: str, path: str, origin: str):
    await assert_rejected(server_url, method, path, origin)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/offer"), ("PATCH", "/sessions/x"), ("DELETE", "/sessions/x")]
)
async def test_a_page_that_hides_its_origin_changes_nothing(server_url: str, method: str, path: str):
    await assert_rejected(server_url, method, path, "null")


async def assert_rejected(server_url: str, method: str, path: str, origin: str) -> None:
    status, headers, said = await ask(server_url, method, path, Origin=origin)

    assert (status, code_of(said)) == (403, "origin_not_allowed")
    assert "allowed_origins" in said
    assert "Access-Control-Allow-Origin" not in headers


async def test_a_goodbye_that_hides_its_origin_is_accepted_with_its_secret(
    guarded: Guarded, peer: ReplayPeer
):
    # What a browser sends by navigator.sendBeacon where a proxy sets `Referrer-Policy: no-referrer`.
    path = f"/sessions/{peer.session_id}/bye"
    guess, _, _ = await ask(guarded.url, "POST", path, b"guess", Origin="null")
    await peer.receive_reports(3)

    status, _, _ = await ask(guarded.url, "POST", path, peer.secret.encode(), Origin="null")

    assert (guess, status) == (204, 204)
    await peer.wait_closed()


async def test_the_page_sends_its_origin_and_address_to_its_own_server_only(server_url: str):
    _, headers, _ = await ask(server_url, "GET", "/", b"")

    assert headers["Referrer-Policy"] == "same-origin"


async def test_a_page_of_another_origin_cannot_open_a_websocket(server_url: str):
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as rejected:
            await http.ws_connect(f"{server_url}/pictures", origin="https://evil.example")

    assert rejected.value.status == 403


async def test_the_page_of_the_server_itself_is_allowed(server_url: str):
    status, _, _ = await ask(server_url, Origin=server_url)

    assert status == 400


async def test_an_allowed_origin_may_send_requests_and_read_the_responses(guarded: Guarded):
    origin = "https://friend.example"
    allowed, may, _ = await ask(guarded.url, "OPTIONS", Origin=origin)
    status, headers, _ = await ask(guarded.url, Origin=origin)

    assert (allowed, status) == (204, 401)
    assert "Authorization" in may["Access-Control-Allow-Headers"]
    assert headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_For": "203.0.113.9"},
        {"Host": "faces.example"},
        {"X_Forwarded_Host": "faces.example"},
        {"Host": "faces.example", "X_Forwarded_For": "127.0.0.1", "X_Forwarded_Host": "localhost"},
        {"X_Forwarded_For": "unknown"},
        {"CF_Connecting_IP": "203.0.113.9"},
        {"Host": "[::1]evil.example"},
    ],
)
async def test_by_default_clients_behind_a_proxy_or_another_host_name_need_a_token(
    server_url: str, headers: dict[str, str]
):
    status, _, _ = await ask(server_url, "POST", "/offer", b"{", **headers)
    _, _, config = await ask(server_url, "GET", "/config", b"", **headers)
    metrics, _, _ = await ask(server_url, "GET", "/metrics", b"", **headers)

    assert (status, metrics) == (401, 404)
    assert json.loads(config)["auth"] == "token"
    assert (json.loads(config)["version"], json.loads(config)["models"]) == ("", [])


async def test_by_default_clients_on_this_machine_need_no_token(server_url: str):
    _, _, config = await ask(server_url, "GET", "/config", b"")

    assert json.loads(config)["auth"] == "none"


async def test_a_page_on_this_machine_learns_the_version_and_the_models(server_url: str):
    _, _, config = await ask(server_url, "GET", "/config", b"")

    assert json.loads(config)["version"] == __version__
    assert [model.split()[0] for model in json.loads(config)["models"]] == [
        "blazeface",
        "landmarks",
        "emotion",
        "trust",
    ]


async def test_a_page_on_another_machine_learns_the_models_with_its_token_but_no_version(guarded: Guarded):
    headers = {"X_Forwarded_For": "203.0.113.9", "Authorization": f"Bearer {LISTED}"}

    _, _, config = await ask(guarded.url, "GET", "/config", b"", **headers)

    assert json.loads(config)["version"] == ""
    assert "emotion 2" in json.loads(config)["models"]


async def test_only_clients_on_this_machine_learn_where_it_listens(server_url: str, guarded: Guarded):
    admin = {"Authorization": f"Bearer {ADMIN}"}
    elsewhere = {"X_Forwarded_For": "203.0.113.9"}

    async def listens(url: str, **headers: str) -> tuple[str, list[str]]:
        _, _, config = await ask(url, "GET", "/config", b"", **headers)
        return json.loads(config)["listens"], json.loads(config)["addresses"]

    # The tests' servers listen on loopback, where no other machine reaches them.
    assert await listens(server_url) == ("loopback", [])
    assert await listens(server_url, **elsewhere) == ("", [])
    assert await listens(server_url, Host="faces.example") == ("", [])
    assert await listens(guarded.url) == ("", [])
    assert await listens(guarded.url, Authorization=f"Bearer {LISTED}") == ("loopback", [])
    assert await listens(guarded.url, **admin) == ("loopback", [])
    assert await listens(guarded.url, **admin, **elsewhere) == ("", [])


def test_the_address_that_leads_to_other_networks_is_one_of_this_machine_or_none():
    assert reach._outward_address() in {"", *machine_addresses()}


@pytest.mark.parametrize("path", ["/", "/config", "/nothing"])
async def test_pages_of_the_allowed_origins_may_frame_the_page_and_no_others(guarded: Guarded, path: str):
    _, headers, _ = await ask(guarded.url, "GET", path, b"")

    directives = headers["Content-Security-Policy"].split("; ")
    assert "frame-ancestors 'self' https://friend.example" in directives
    assert "X-Frame-Options" not in headers


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        (lambda _key: "", "token_required"),
        (lambda _key: "wrong", "token_wrong"),
        (lambda key: signed(key, -1), "token_expired"),
        (lambda key: signed(key, purpose=Purpose.ADMIN), "token_wrong"),
        (lambda key: signed(key), ""),
        (lambda _key: LISTED, ""),
    ],
)
async def test_a_page_learns_whether_its_token_is_valid_without_an_offer(
    guarded: Guarded, token: Callable[[str], str], problem: str
):
    authorization = f"Bearer {token(guarded.key)}"

    status, _, config = await ask(guarded.url, "GET", "/config", b"", Authorization=authorization)

    assert (status, json.loads(config)["token_problem"]) == (200, problem)


async def test_a_page_that_asks_about_its_token_uses_up_no_request_for_a_session(tmp_path: Path):
    (tmp_path / "tokens").write_text(LISTED)
    settings = (
        "--auth", "token", "--tokens-file", str(tmp_path / "tokens"), "--new-sessions-per-minute", "1",
        "--max-sessions-per-address", "1", "--analysis-processes", "0",
    )  # fmt: skip
    remote = {"Host": "faces.example", "X_Forwarded_For": "203.0.113.9", "Authorization": f"Bearer {LISTED}"}
    with running_server(tmp_path / "server.log", *settings) as running:
        checks = [(await ask(running.url, "GET", "/config", b"", **remote))[0] for _ in range(20)]
        offered, _, _ = await ask(running.url, "POST", "/offer", b"{", **remote)

    assert (set(checks), offered) == ({200}, 400)


async def test_a_client_that_needs_no_token_has_no_problem_with_one(tmp_path: Path):
    with running_server(tmp_path / "server.log", "--auth", "none", "--analysis-processes", "0") as running:
        _, _, config = await ask(running.url, "GET", "/config", b"", Authorization="Bearer wrong")

    assert json.loads(config)["token_problem"] == ""


def command(*arguments: str, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "facestream", *arguments],
        cwd=cwd, env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
        capture_output=True, text=True, timeout=seconds(60), check=False,
    )  # fmt: skip


def test_a_server_for_other_machines_does_not_start_without_tokens(tmp_path: Path):
    ended = command("serve", "--host", "0.0.0.0", "--port", "0", cwd=tmp_path)

    assert ended.returncode == 2
    assert "facestream token" in ended.stderr


def test_the_token_command_makes_a_link_and_a_key_that_only_its_owner_can_read(tmp_path: Path):
    made = command("token", "--subject", "guide", "--url", "https://faces.example", cwd=tmp_path)

    token, link = made.stdout.split()
    assert link == f"https://faces.example/#token={token}"
    assert (tmp_path / "certs" / "token.key").stat().st_mode & 0o777 == 0o600
    started = time.monotonic()
    again = command("token", "--subject", "guide", cwd=tmp_path)
    assert again.returncode == 0, f"{again.stderr} after {time.monotonic() - started:.0f} s"
