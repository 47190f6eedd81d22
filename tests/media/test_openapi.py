"""The running server against docs/openapi.yaml, in both directions."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from facestream.analysis.options import AnalysisOptions
from facestream.config import Config
from facestream.ice.servers import CredentialSource
from facestream.resources import OPENAPI
from facestream.sessions.registry import SessionRegistry
from facestream.web.app import make_app
from facestream.web.auth.policy import Access
from facestream.web.reach import Reach
from facestream.workers.pool import AnalysisPool
from tests.conftest import ROOT, RunningServer, running_server
from tests.times import seconds

DEADLINE_S = seconds(90)
# No rate limits, so that every request reaches its route.
OPEN = ("--new-sessions-per-minute", "6000", "--max-setups", "1000", "--analysis-processes", "0")


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("open")
    # Without admin tokens, the admin routes return 404.
    (folder / "admins.txt").write_text("a-token-that-schemathesis-does-not-know\n")
    arguments = (*OPEN, "--admin-tokens-file", str(folder / "admins.txt"))
    with running_server(folder / "server.log", *arguments) as running:
        yield running


def test_the_server_behaves_as_described(open_server: RunningServer, tmp_path: Path):
    schemathesis = Path(sys.executable).with_name("schemathesis")
    config = ROOT / "tests" / "data" / "schemathesis.toml"

    ended = subprocess.run(
        [schemathesis, "--config-file", config, "run", f"{open_server.url}/openapi.json"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        timeout=DEADLINE_S, check=False,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr[-2000:]
    assert "Traceback" not in open_server.log.read_text()


def test_the_description_is_served_as_json(open_server: RunningServer):
    with urllib.request.urlopen(f"{open_server.url}/openapi.json", timeout=seconds(10)) as answer:
        assert answer.headers.get_content_type() == "application/json"
        assert answer.headers.get_content_charset() == "utf-8"
        assert answer.read() == OPENAPI.read_bytes()


async def test_every_route_is_described_and_no_other(tmp_path: Path):
    described = {
        (method.upper(), path)
        for path, operations in json.loads(OPENAPI.read_text(encoding="utf-8"))["paths"].items()
        for method in operations
        if method != "parameters"
    }

    config, registry, pool = parts(tmp_path)
    app = make_app(config, registry, pool, Access(config, "127.0.0.1"), Reach("http", "127.0.0.1", 8080))

    routes = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.method != "HEAD" and route.resource
    }
    await registry.close()
    assert routes == described


def parts(folder: Path) -> tuple[Config, SessionRegistry, AnalysisPool]:
    pool = AnalysisPool(folder, AnalysisOptions(), 0, 1)
    return Config(), SessionRegistry(Config(), pool, CredentialSource()), pool
