"""A server with a cluster secret believes the gateways of its cluster, and nobody else."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from facestream.credentials.statements import Statement, digest_of
from facestream.messages.cluster import GATEWAY_HEADER, MAX_STATE_BYTES, NodeInfo
from tests.conftest import RunningServer, running_server
from tests.media.gateways import SECRET, Answer, Gateway
from tests.times import seconds

FAR = "203.0.113.9"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("node")
    (folder / "secret").write_text(SECRET)
    arguments = (
        "--analysis-processes", "0", "--cluster-secret-file", str(folder / "secret"), "--node-id", "n1",
        "--new-sessions-per-minute", "3",
    )  # fmt: skip
    with running_server(folder / "node.log", *arguments) as running:
        yield running


@pytest.fixture
def gateway(node: RunningServer) -> Gateway:
    return Gateway(node.url)


def code_of(answer: Answer) -> str:
    return str(answer.json["code"])


async def test_a_gateway_learns_how_the_node_is(gateway: Gateway):
    answer = await gateway.ask("GET", "/node")

    info = NodeInfo.model_validate_json(answer.body)
    assert (info.node, info.sessions, info.draining, info.ready) == ("n1", 0, False, True)
    assert info.places == info.max_sessions
    assert info.frame_ms > 0


@pytest.mark.parametrize("path", ["/node", "/node/drain", "/node/states/n1.x", "/node/of/tomorrow"])
async def test_without_a_signature_nobody_reaches_a_private_route(node: RunningServer, path: str):
    async with aiohttp.ClientSession() as http, http.get(node.url + path) as answer:
        body = await answer.json()

    assert (answer.status, body["code"]) == (403, "bad_gateway_signature")


@pytest.mark.parametrize(
    ("gateway_of", "said"),
    [
        (lambda url: Gateway(url, "another secret of another cluster"), "the same cluster_secret"),
        (lambda url: Gateway(url, clock_s=-300), "set the clocks"),
        (lambda url: Gateway(url, clock_s=300), "set the clocks"),
    ],
    ids=["secret", "late", "early"],
)
@pytest.mark.parametrize("path", ["/node", "/config"])
async def test_a_gateway_that_is_not_believed_gets_the_reason(
    node: RunningServer, gateway_of: Callable[[str], Gateway], said: str, path: str
):
    stranger = gateway_of(node.url)

    answer = await (stranger.ask("GET", path) if path == "/node" else stranger.pass_on("GET", path))

    assert (answer.status, code_of(answer)) == (403, "bad_gateway_signature")
    assert said in answer.json["detail"]


@pytest.mark.parametrize("signature", ["", "v1", "v2 1 a", "v1 1 " + "0" * 64, "v1 " + "9" * 40, "\xff"])
async def test_a_malformed_signature_is_rejected(gateway: Gateway, signature: str):
    answer = await gateway.pass_on("GET", "/config", changed={GATEWAY_HEADER: signature})

    assert (answer.status, code_of(answer)) == (403, "bad_gateway_signature")


@pytest.mark.parametrize(
    "changed",
    [
        {"X-Forwarded-For": "203.0.113.10"},
        {"X-Forwarded-For": f"{FAR}, {FAR}"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Proto": "http"},
        {"X-Facestream-Client": "local"},
    ],
)
async def test_what_was_changed_on_the_way_is_noticed(gateway: Gateway, changed: dict[str, str]):
    answer = await gateway.pass_on("GET", "/config", client=FAR, changed=changed)

    assert (answer.status, code_of(answer)) == (403, "bad_gateway_signature")


async def test_a_signature_is_for_one_target_only(node: RunningServer, gateway: Gateway):
    headers = gateway.headers(Statement("GET", "/config", FAR))

    async with aiohttp.ClientSession() as http, http.get(f"{node.url}/config?x=1", headers=headers) as answer:
        assert answer.status == 403


async def test_a_target_that_is_not_utf8_is_compared_byte_for_byte(gateway: Gateway):
    answer = await gateway.pass_on("GET", "/sessions/%ff%0a/events", client=FAR)

    assert (answer.status, code_of(answer)) == (404, "no_such_session")


async def test_the_gateway_itself_may_read_the_metrics(gateway: Gateway):
    answers = [await gateway.pass_on("GET", "/metrics", is_local=is_local) for is_local in (True, False)]

    assert [answer.status for answer in answers] == [200, 404], "without admins, nobody else may"
    assert b"facestream_draining 0.0" in answers[0].body


@pytest.mark.parametrize(("is_local", "auth"), [(True, "none"), (False, "token")])
async def test_a_client_is_local_if_the_gateway_says_so(gateway: Gateway, *, is_local: bool, auth: str):
    client = "" if is_local else FAR

    answer = await gateway.pass_on("GET", "/config", client=client, is_local=is_local)

    assert answer.json["auth"] == auth


async def test_a_page_of_the_address_that_the_client_opened_may_open_a_session(gateway: Gateway):
    own = await gateway.pass_on(
        "POST", "/offer", b"{", is_local=True, changed={**JSON, "Origin": "https://faces.example"}
    )
    other = await gateway.pass_on(
        "POST", "/offer", b"{", is_local=True, changed={**JSON, "Origin": "https://other.example"}
    )

    assert code_of(own) == "bad_offer"
    assert code_of(other) == "origin_not_allowed"


async def test_the_limit_of_an_address_is_that_of_the_client_and_not_of_the_gateway(tmp_path: Path):
    arguments = ("--analysis-processes", "0", "--cluster-secret", SECRET, "--new-sessions-per-minute", "1")
    with running_server(tmp_path / "node.log", *arguments, "--auth", "none") as running:
        gateway = Gateway(running.url)
        codes = [
            code_of(await gateway.pass_on("POST", "/offer", b"{", client=client, changed=JSON))
            for client in (FAR, FAR, "203.0.113.10")
        ]

    assert codes == ["bad_offer", "rate_limited", "bad_offer"]


async def test_the_socket_of_the_compatibility_mode_is_one_of_the_stated_client(node: RunningServer):
    headers = Gateway(node.url).headers(Statement("GET", "/pictures", FAR, "faces.example", "https"))
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{node.url}/pictures", headers=headers) as socket,
    ):
        await socket.send_json({"type": "open"})
        said = await socket.receive_json(timeout=seconds(10))

    assert (said["type"], said["code"]) == ("refused", "token_required"), "the client is not local"


async def test_a_body_for_the_node_itself_is_bounded_and_signed(gateway: Gateway):
    too_large = await gateway.ask("PUT", "/node/states/n1.x", bytes(MAX_STATE_BYTES + 1))
    changed = Statement("POST", "/node/drain")

    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{gateway.url}/node/drain", data=b"{}", headers=gateway.headers(changed)) as answer,
    ):
        assert answer.status == 403, "signed as the body of a client"
    assert (too_large.status, code_of(too_large)) == (413, "body_too_large")


async def test_a_server_without_a_cluster_ignores_what_a_gateway_says(server_url: str):
    stranger = Gateway(server_url, "any secret that this server does not have")

    config = await stranger.pass_on("GET", "/config", client=FAR, is_local=True)
    node = await stranger.ask("GET", "/node")

    assert config.json["auth"] == "token", "headers of a proxy show that the client may be elsewhere"
    assert (node.status, code_of(node)) == (404, "not_found")


async def test_a_thousand_questions_are_answered(gateway: Gateway):
    async with aiohttp.ClientSession() as http:

        async def ask() -> int:
            headers = gateway.headers(Statement("GET", "/node", body_sha256=digest_of(b"")))
            async with http.get(f"{gateway.url}/node", headers=headers) as answer:
                return answer.status

        async with asyncio.timeout(seconds(60)):
            answers = await asyncio.gather(*(ask() for _ in range(1000)))

    assert set(answers) == {200}
