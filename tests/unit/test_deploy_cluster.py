"""The manifest of a cluster on Kubernetes: its settings are valid, its parts fit together, its hook drains a node."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from facestream.cli.main import _parser
from facestream.config import Config
from facestream.credentials.statements import Statement, check, digest_of
from facestream.messages.cluster import GATEWAY_HEADER, DrainBody, NodeInfo
from facestream.resources import OPENAPI
from tests.conftest import ROOT
from tests.times import seconds

FILE = ROOT / "deploy" / "kubernetes" / "cluster.yaml"
MANIFESTS = list(yaml.safe_load_all(FILE.read_text(encoding="utf-8")))
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
SECRET = "a secret that is only for tests of a manifest"
PODS = ("StatefulSet", "Deployment")


def one(kind: str, name: str = "") -> dict[str, Any]:
    (found,) = (each for each in MANIFESTS if each["kind"] == kind and name in ("", each["metadata"]["name"]))
    return dict(found)


def pod(kind: str) -> dict[str, Any]:
    template: dict[str, Any] = one(kind)["spec"]["template"]["spec"]
    return template


def environment(kind: str) -> dict[str, str]:
    """Variables without a value take an address from a field of the pod."""
    return {each["name"]: each.get("value", "203.0.113.7") for each in pod(kind)["containers"][0]["env"]}


@pytest.mark.parametrize("kind", PODS)
def test_the_settings_are_valid_and_no_others(kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET, encoding="utf-8")
    for name, value in environment(kind).items():
        assert name.removeprefix("FACESTREAM_").lower() in Config.model_fields
        monkeypatch.setenv(name, str(secret) if name.endswith("SECRET_FILE") else value)

    assert Config().shared_secret() == SECRET


def test_the_gateways_ask_for_the_service_of_the_nodes(monkeypatch: pytest.MonkeyPatch):
    service = one("Service", "facestream-nodes")
    monkeypatch.setenv("FACESTREAM_NODES", environment("Deployment")["FACESTREAM_NODES"])

    assert Config().nodes == (f"dns+http://facestream-nodes:{service['spec']['ports'][0]['port']}",)
    assert service["spec"]["clusterIP"] == "None"


def test_the_addresses_of_draining_nodes_stay_known():
    assert one("Service", "facestream-nodes")["spec"]["publishNotReadyAddresses"] is True


@pytest.mark.parametrize("kind", PODS)
def test_services_select_the_pods(kind: str):
    labels = one(kind)["spec"]["template"]["metadata"]["labels"]
    selectors = [each["spec"]["selector"] for each in MANIFESTS if each["kind"] == "Service"]

    assert labels == one(kind)["spec"]["selector"]["matchLabels"]
    assert labels in selectors


@pytest.mark.parametrize("kind", PODS)
def test_pods_are_probed_at_routes_that_exist_and_have_no_privileges(kind: str):
    container, described = (
        pod(kind)["containers"][0],
        json.loads(OPENAPI.read_text(encoding="utf-8"))["paths"],
    )
    probes = [value["httpGet"]["path"] for name, value in container.items() if name.endswith("Probe")]

    assert set(probes) == {"/readyz", "/healthz"} <= set(described)
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert f"USER {pod(kind)['securityContext']['runAsUser']}:" in DOCKERFILE
    assert pod(kind)["enableServiceLinks"] is False


def test_the_gateway_is_a_command_of_the_package():
    (command,) = pod("Deployment")["containers"][0]["args"]

    assert callable(_parser([command]).parse_args([command]).run)


def test_every_mounted_secret_is_created_by_the_guide():
    guide = (ROOT / "docs" / "deploy" / "kubernetes.md").read_text(encoding="utf-8")
    files = {value for kind in PODS for value in environment(kind).values() if value.startswith("/secrets/")}

    assert files
    assert {Path(file).name for file in files} <= set(re.findall(r"--from-file=([\w-]+)=", guide))


def test_every_metric_of_the_dashboard_of_a_cluster_is_one_of_a_gateway_or_of_its_nodes():
    dashboard = json.loads((ROOT / "docs" / "grafana" / "cluster.json").read_text(encoding="utf-8"))
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    code = (ROOT / "facestream" / "gateway" / "metrics.py").read_text(encoding="utf-8")

    assert len(expressions) == 3
    named = {name for expression in expressions for name in re.findall(r"\bfacestream_\w+", expression)}
    # The last one is a server's; tests/unit/web/test_metrics.py checks those.
    assert {name for name in named if f'"{name}"' not in code} == {"facestream_sessions"}


class FakeNode(HTTPServer):
    """A node with sessions that leave one after the other."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), NodeRequest)
        self.sessions = 2
        self.drained: list[DrainBody] = []


class NodeRequest(BaseHTTPRequestHandler):
    server: FakeNode

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.require(body)
        self.server.drained.append(DrainBody.model_validate_json(body))
        self.reply(202)

    def do_GET(self) -> None:
        self.require(b"")
        self.server.sessions -= 1
        self.reply(200)

    def require(self, body: bytes) -> None:
        statement = Statement(self.command, self.path, body_sha256=digest_of(body))
        check(statement, self.headers[GATEWAY_HEADER], SECRET, time.time())

    def reply(self, status: int) -> None:
        info = NodeInfo(
            node="k7mx2q", version="0.1.0", sessions=self.server.sessions, max_sessions=8, places=0,
            frame_ms=11.0, fps=30.0, cores=2.0, draining=True,
        )  # fmt: skip
        text = info.to_json().encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on standard error."""


@pytest.fixture
def node() -> Iterator[FakeNode]:
    with FakeNode() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_node_is_drained_before_it_stops(node: FakeNode, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n", encoding="utf-8")
    program, *command = pod("StatefulSet")["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    url = f"http://127.0.0.1:{node.server_port}"
    assert program == "facestream"
    assert "http://127.0.0.1:8080" in command

    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "facestream",
            *(url if part == "http://127.0.0.1:8080" else part for part in command),
        ],
        cwd=ROOT,
        env={"FACESTREAM_CLUSTER_SECRET_FILE": str(secret), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=seconds(60),
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert node.sessions == 0
    (asked,) = node.drained
    assert asked.deadline_s + 20 <= pod("StatefulSet")["terminationGracePeriodSeconds"]
