"""The files of deploy/ and docs/deploy/: checked by the programs that read them, if installed, and against the code."""

import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from facestream.cli.main import _parser
from facestream.cluster.ray.names import RAY_VERSION, RESOURCE
from facestream.config import Config
from facestream.resources import OPENAPI
from tests.conftest import ROOT
from tests.times import seconds

DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "systemd" / "facestream.service"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "facestream.yaml").read_text(encoding="utf-8")))
RAY = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "ray.yaml").read_text(encoding="utf-8")))
PAGES = sorted((ROOT / "docs" / "deploy").glob("*.md"))
GUIDES = [ROOT / "README.md", ROOT / "docs" / "operations.md", ROOT / "docs" / "replay.md", *PAGES]
FILES = [DEPLOY / "Dockerfile", DEPLOY / "compose.yaml", *(DEPLOY / "kubernetes").glob("*.yaml"), *PAGES]


def test_systemd_accepts_the_unit(tmp_path: Path):
    if shutil.which("systemd-analyze") is None:
        # CI skips no test.
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no systemd-analyze here")
    # systemd-analyze checks that the program exists; here it is not in /opt.
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


def test_the_unit_starts_a_command_of_the_package_in_its_folder():
    (python, *module, command), (folder,) = (
        found.split()
        for found in re.findall(
            r"^(?:ExecStart|WorkingDirectory)=(.*)$", UNIT.read_text(encoding="utf-8"), re.M
        )
    )

    assert python == f"{folder}/.venv/bin/python"
    assert module == ["-m", "facestream"]
    assert callable(_parser([command]).parse_args([command]).run)


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_every_named_setting_exists(file: Path):
    named = set(re.findall(r"\bFACESTREAM_([A-Z0-9_]+)", file.read_text(encoding="utf-8")))

    assert {name.lower() for name in named} <= {*Config.model_fields, "token"}


def test_the_image_runs_as_an_unprivileged_user_and_has_a_health_check():
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]

    assert re.search(r"^USER 10001:10001$", last_stage, re.MULTILINE)
    assert "/healthz" in last_stage
    assert "HEALTHCHECK" in last_stage


def test_the_base_of_the_image_is_a_build_argument_with_an_exact_tag():
    assert re.search(
        r"^ARG BASE=docker\.io/library/python:3\.1[123]-slim-bookworm\nFROM \$\{BASE\}$",
        DOCKERFILE,
        re.MULTILINE,
    )


def image_sources() -> set[str]:
    """The paths in the repository that the image build reads."""
    copied = {
        name
        for line in DOCKERFILE.splitlines()
        if line.startswith(("COPY", "ADD")) and "--from" not in line
        for name in line.split()[1:-1]
    }
    return copied | set(re.findall(r"--mount=type=bind,source=([^,\s]+)", DOCKERFILE))


def test_the_image_is_built_from_files_that_exist_and_from_the_wheel():
    sources = image_sources()

    assert "build/dist" in sources
    assert "--wheel-dir build/dist" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [name for name in sources - {"build/dist"} if not (ROOT / name).is_file()] == []


def test_dockerignore_allows_exactly_what_the_image_build_reads():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]

    assert patterns[0] == "*"
    assert {
        pattern.removeprefix("!").removesuffix("/facestream-*.whl") for pattern in patterns[1:]
    } == image_sources()


def test_the_image_starts_a_command_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (program,), arguments = (
        json.loads(found) for found in re.findall(r"^(?:ENTRYPOINT|CMD) (.*)$", DOCKERFILE, re.M)
    )

    assert program in project["scripts"]
    assert callable(_parser(arguments).parse_args(arguments).run)


def test_the_settings_of_the_image_are_valid(monkeypatch: pytest.MonkeyPatch):
    settings = dict(re.findall(r"\b(FACESTREAM_\w+)=(\S+)", DOCKERFILE))
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    config = Config()

    assert config.port == 8080
    assert f"EXPOSE {config.port}/tcp {settings['FACESTREAM_UDP_PORTS']}/udp" in DOCKERFILE


def test_the_composed_services_share_the_network_and_restart():
    services: dict[str, dict[str, Any]] = COMPOSE["services"]

    assert set(services) == {"facestream", "coturn", "caddy"}
    assert {service["network_mode"] for service in services.values()} == {"host"}
    assert {service["restart"] for service in services.values()} == {"unless-stopped"}


def test_the_composed_settings_are_valid(monkeypatch: pytest.MonkeyPatch):
    settings = compose_settings(
        {"PUBLIC_ADDRESS": "203.0.113.7", "TURN_SECRET": "word", "DOMAIN": "faces.example.org"}
    )
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    config = Config()

    assert [url.transport for url in config.page_ice_urls] == ["udp", "tcp"]
    assert config.credential_source().secret == "word"


def compose_settings(env: dict[str, str]) -> dict[str, str]:
    """The environment of the service, with variables substituted as docker compose does."""
    settings: dict[str, str] = COMPOSE["services"]["facestream"]["environment"]
    return {
        name: re.sub(r"\$\{(\w+)(?::\?[^}]*)?\}", lambda found: env[found[1]], value)
        for name, value in settings.items()
    }


def test_coturn_gets_the_secret_for_the_credentials():
    secret = "--static-auth-secret=${TURN_SECRET}"

    assert secret in COMPOSE["services"]["coturn"]["command"]


def test_the_pod_is_probed_at_routes_that_exist():
    container = pod()["containers"][0]
    probes = [container[name]["httpGet"] for name in ("startupProbe", "readinessProbe", "livenessProbe")]
    ports = {port["name"] for port in container["ports"]}
    described = json.loads(OPENAPI.read_text(encoding="utf-8"))["paths"]

    assert {probe["path"] for probe in probes} <= set(described)
    assert {probe["port"] for probe in probes} <= ports


def pod() -> dict[str, Any]:
    (daemons,) = [manifest for manifest in MANIFESTS if manifest["kind"] == "DaemonSet"]
    template: dict[str, Any] = daemons["spec"]["template"]["spec"]
    return template


def test_the_pod_uses_the_network_of_the_node_and_has_no_privileges():
    template = pod()
    rights = template["containers"][0]["securityContext"]

    assert template["hostNetwork"] is True
    assert template["securityContext"]["runAsNonRoot"] is True
    assert rights["allowPrivilegeEscalation"] is False
    assert rights["capabilities"] == {"drop": ["ALL"]}


def test_the_pod_runs_as_the_user_of_the_image():
    template = pod()["securityContext"]

    assert f"USER {template['runAsUser']}:{template['runAsGroup']}" in DOCKERFILE


def test_the_settings_of_the_pod_are_valid(monkeypatch: pytest.MonkeyPatch):
    env = pod()["containers"][0]["env"]
    for setting in env:
        # Variables without a value take an address from a field of the pod.
        monkeypatch.setenv(setting["name"], setting.get("value", "203.0.113.7"))

    config = Config()

    assert len(env) == 7
    assert config.analysis_processes == 3
    assert config.ice_address == ("203.0.113.7",)


def ray_pods() -> dict[str, dict[str, Any]]:
    """The pod templates of the Ray cluster, by the name of their group."""
    (cluster,) = [manifest["spec"] for manifest in RAY if manifest["kind"] == "RayCluster"]
    groups = {group["groupName"]: group for group in cluster["workerGroupSpecs"]}
    return {
        name: group["template"]["spec"]
        for name, group in {"head": cluster["headGroupSpec"], **groups}.items()
    }


@pytest.mark.parametrize("group", ["media", "gateways"])
def test_the_settings_of_the_ray_pods_are_valid(group: str, monkeypatch: pytest.MonkeyPatch):
    for setting in ray_pods()[group]["containers"][0]["env"]:
        if setting["name"].startswith("FACESTREAM_"):
            monkeypatch.setenv(setting["name"], setting.get("value", "203.0.113.7"))

    config = Config()

    assert str(config.cluster_secret_file) == "/secrets/cluster-secret"
    assert str(config.tokens_file) == "/secrets/tokens"


def test_the_ray_cluster_has_the_version_of_the_extra_and_a_token():
    (cluster,) = [manifest["spec"] for manifest in RAY if manifest["kind"] == "RayCluster"]
    pins = (ROOT / "requirements-ray.txt").read_text(encoding="utf-8")

    assert f"ray=={cluster['rayVersion']}\n" in pins
    assert cluster["rayVersion"] == RAY_VERSION
    assert cluster["authOptions"] == {"mode": "token"}


def test_only_the_media_nodes_have_the_resource_and_their_settings_fit_their_processors():
    (cluster,) = [manifest["spec"] for manifest in RAY if manifest["kind"] == "RayCluster"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    with_it = [group for group in groups if RESOURCE in group["rayStartParams"].get("resources", "")]
    env = {entry["name"]: entry.get("value") for entry in ray_pods()["media"]["containers"][0]["env"]}

    assert [group["groupName"] for group in with_it] == ["media"]
    # The text is quoted once more for the shell.
    assert json.loads(json.loads(with_it[0]["rayStartParams"]["resources"])) == {RESOURCE: 1}
    assert int(env["FACESTREAM_ANALYSIS_PROCESSES"] or 0) + 1 == int(with_it[0]["rayStartParams"]["num-cpus"])


def test_a_media_pod_is_drained_before_it_ends():
    pod = ray_pods()["media"]
    [*_, line] = pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    args = _parser(shlex.split(line)[1:]).parse_args(shlex.split(line)[1:])

    assert pod["hostNetwork"] is True
    assert args.cluster_action == "drain"
    assert pod["terminationGracePeriodSeconds"] >= args.deadline_s + 20


def test_the_grace_period_of_the_pod_covers_the_stop_of_the_server():
    assert pod()["terminationGracePeriodSeconds"] >= 20


def documented_commands(page: Path) -> list[list[str]]:
    """The arguments of every `facestream` command in the shell blocks of a page."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ")
    # Up to a redirection; the placeholders of a page are ordinary words.
    commands = re.findall(
        r"^(?:sudo )?(?:\S*python -m )?facestream ([^>\n]*?)(?:>.*| &)?$", lines, re.MULTILINE
    )
    return [shlex.split(command, comments=True) for command in commands]


@pytest.mark.parametrize("page", GUIDES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_documented_commands_are_valid(page: Path, monkeypatch: pytest.MonkeyPatch):
    for name, value in re.findall(r"^export (FACESTREAM_\w+)=(\S+)", page.read_text(encoding="utf-8"), re.M):
        monkeypatch.setenv(name, value)
    for arguments in documented_commands(page):
        args = _parser(arguments).parse_args(arguments)

        if arguments[0] == "serve":
            given = {name: value for name, value in vars(args).items() if name in Config.model_fields}
            Config(**given)  # raises if a value is wrong


@pytest.mark.parametrize("page", GUIDES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_documented_client_of_another_machine_has_a_token(page: Path):
    clients = [
        _parser(arguments).parse_args(arguments)
        for arguments in documented_commands(page)
        if arguments[0] in ("doctor", "replay")
    ]

    assert [args for args in clients if args.url.startswith("https://") and not args.token_file] == []


@pytest.mark.parametrize("page", ["nginx.md", "caddy.md"])
def test_a_server_behind_a_documented_proxy_speaks_http_and_requires_a_token(page: str):
    commands = [
        arguments
        for arguments in documented_commands(ROOT / "docs" / "deploy" / page)
        if arguments[0] == "serve"
    ]

    assert commands
    for arguments in commands:
        args = _parser(arguments).parse_args(arguments)
        assert (args.tls, args.auth) == ("off", "token")


def test_the_settings_of_the_service_are_valid(monkeypatch: pytest.MonkeyPatch):
    page = (ROOT / "docs" / "deploy" / "systemd.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"^sudo tee /etc/facestream\.env <<END\n(.*?)^END$", page, re.MULTILINE | re.DOTALL)
    for line in lines.splitlines():
        monkeypatch.setenv(*line.split("=", 1))

    config = Config()

    assert (config.tls, config.auth) == ("off", "token")
    assert config.host == "127.0.0.1"


def test_every_way_to_deploy_is_in_the_table():
    table = (ROOT / "docs" / "deploy" / "README.md").read_text(encoding="utf-8")

    assert [page.name for page in PAGES if page.name != "README.md" and f"({page.name}" not in table] == []


def test_no_variable_of_a_service_is_read_as_a_setting():
    (pod,) = [
        manifest["spec"]["template"]["spec"] for manifest in MANIFESTS if manifest["kind"] == "DaemonSet"
    ]

    assert pod["enableServiceLinks"] is False
