"""What docs/deploy/ hands out: read by the programs it is for where they are here, and held against the code."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from facestream.config import Config
from facestream.web.routes.openapi import description
from tests.conftest import ROOT
from tests.times import seconds

DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "systemd" / "facestream.service"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "facestream.yaml").read_text(encoding="utf-8")))
PAGES = sorted((ROOT / "docs" / "deploy").glob("*.md"))
FILES = [DEPLOY / "Dockerfile", DEPLOY / "compose.yaml", DEPLOY / "kubernetes" / "facestream.yaml", *PAGES]


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path):
    if shutil.which("systemd-analyze") is None:
        # CI leaves no test out.
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no systemd-analyze here")
    # It looks whether the program is there; the user's place is /opt.
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8").replace("/opt/facestream/.venv/bin/python", "/bin/true")
    unit.write_text(text.replace("WorkingDirectory=/opt/facestream", "WorkingDirectory=/"))

    said = subprocess.run(
        ["systemd-analyze", "verify", str(unit)],
        capture_output=True,
        text=True,
        timeout=seconds(30),
        check=False,
    )

    assert said.returncode == 0, said.stderr
    assert unit.name not in said.stderr


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(file: Path):
    named = set(re.findall(r"\bFACESTREAM_([A-Z0-9_]+)", file.read_text(encoding="utf-8")))

    assert {name.lower() for name in named} <= {*Config.model_fields, "token"}


def test_the_image_runs_as_somebody_without_rights_and_says_how_it_is():
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]

    assert re.search(r"^USER 10001:10001$", last_stage, re.MULTILINE)
    assert "/healthz" in last_stage
    assert "HEALTHCHECK" in last_stage


def test_the_image_has_every_file_that_is_copied_into_it():
    # From the repository only; what other stages made is theirs.
    copied = [
        line.split()[1:-1]
        for line in DOCKERFILE.splitlines()
        if line.startswith("COPY") and "--from" not in line
    ]

    assert copied
    assert [name for names in copied for name in names if not (ROOT / name).exists()] == []


def test_what_the_image_is_built_from_is_not_ignored():
    let_in = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line[:1] == "!"
    }

    copied = {
        name
        for line in DOCKERFILE.splitlines()
        if line.startswith("COPY") and "--from" not in line
        for name in line.split()[1:-1]
    }

    assert {
        name for name in copied if not any(kept.startswith(name.split("/")[0]) for kept in let_in)
    } == set()


def test_the_composed_services_share_the_network_and_restart():
    services: dict[str, dict[str, Any]] = COMPOSE["services"]

    assert set(services) == {"facestream", "coturn", "caddy"}
    assert {service["network_mode"] for service in services.values()} == {"host"}
    assert {service["restart"] for service in services.values()} == {"unless-stopped"}


def test_the_composed_settings_are_taken(monkeypatch: pytest.MonkeyPatch):
    settings = compose_settings(
        {"PUBLIC_ADDRESS": "203.0.113.7", "TURN_SECRET": "word", "DOMAIN": "faces.example.org"}
    )
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    config = Config()

    assert [url.transport for url in config.page_ice_urls] == ["udp", "tcp"]
    assert config.credential_source().secret == "word"


def compose_settings(env: dict[str, str]) -> dict[str, str]:
    """As docker compose fills them in."""
    settings: dict[str, str] = COMPOSE["services"]["facestream"]["environment"]
    return {
        name: re.sub(r"\$\{(\w+)(?::\?[^}]*)?\}", lambda found: env[found[1]], value)
        for name, value in settings.items()
    }


def test_both_have_the_secret_that_makes_the_relays_credentials():
    secret = "--static-auth-secret=${TURN_SECRET}"

    assert secret in COMPOSE["services"]["coturn"]["command"]


def test_the_pod_is_probed_at_routes_that_exist():
    container = pod()["containers"][0]
    probes = [container[name]["httpGet"] for name in ("startupProbe", "readinessProbe", "livenessProbe")]
    ports = {port["name"] for port in container["ports"]}

    assert {probe["path"] for probe in probes} <= set(description()["paths"])  # type: ignore[call-overload]
    assert {probe["port"] for probe in probes} <= ports


def pod() -> dict[str, Any]:
    (daemons,) = [manifest for manifest in MANIFESTS if manifest["kind"] == "DaemonSet"]
    template: dict[str, Any] = daemons["spec"]["template"]["spec"]
    return template


def test_the_pod_shares_the_nodes_network_and_has_no_rights():
    template = pod()
    rights = template["containers"][0]["securityContext"]

    assert template["hostNetwork"] is True
    assert template["securityContext"]["runAsNonRoot"] is True
    assert rights["allowPrivilegeEscalation"] is False
    assert rights["capabilities"] == {"drop": ["ALL"]}


def test_the_pod_is_given_the_time_that_the_server_takes_to_stop():
    assert pod()["terminationGracePeriodSeconds"] >= 20


def test_every_way_to_deploy_is_in_the_table():
    table = (ROOT / "docs" / "deploy" / "README.md").read_text(encoding="utf-8")

    assert [page.name for page in PAGES if page.name != "README.md" and f"({page.name}" not in table] == []
