import resource
import socket
from pathlib import Path

import pytest

from facestream.config import Config
from facestream.doctor import machine
from facestream.doctor.findings import Finding, Verdict, fail, has_error, ok, warn


def finding_of(check: str, **settings: object) -> Finding:
    """The finding of one check of the machine; skips the models, which take a second."""
    config = Config(analysis_processes=0, **settings)  # type: ignore[arg-type]
    (found,) = [finding for finding in machine.machine_findings(config) if finding.check == check]
    return found


def test_the_second_line_of_an_error_is_its_remedy():
    assert fail("port", "in use", "choose another").as_text().splitlines() == [
        "error    port: in use",
        "         -> choose another",
    ]


def test_warnings_do_not_count_as_errors():
    fine = [ok("a", "b"), warn("c", "d", "e")]

    assert not has_error(fine)
    assert has_error([*fine, fail("f", "g", "h")])


def test_a_port_in_use_is_a_warning_because_the_server_may_be_running():
    with socket.create_server(("127.0.0.1", 0)) as other:
        found = finding_of("http port", port=other.getsockname()[1])

    assert found.verdict is Verdict.WARNING
    assert "--url" in found.remedy


def test_a_host_of_another_machine_is_an_error():
    assert finding_of("http port", host="192.0.2.200").verdict is Verdict.ERROR


def test_a_library_of_another_version_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pins = tmp_path / "requirements.txt"
    pins.write_text("aiohttp==0.0.1\nno-such-library==1.0\n")
    monkeypatch.setattr(machine, "REQUIREMENTS", pins)

    found = finding_of("libraries")

    assert found.verdict is Verdict.ERROR
    assert "aiohttp" in found.found
    assert "no-such-library missing" in found.found


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("FACESTREAM_MAX_SESIONS", Verdict.WARNING), ("FACESTREAM_TEST_TIME_FACTOR", Verdict.OK)],
)
def test_a_misspelled_variable_is_a_warning(monkeypatch: pytest.MonkeyPatch, name: str, verdict: Verdict):
    monkeypatch.setenv(name, "3")

    assert finding_of("environment").verdict is verdict


def test_missing_libraries_of_the_page_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine, "CLIENT_DIR", tmp_path)

    found = finding_of("page libraries")

    assert found.verdict is Verdict.ERROR
    assert "c3.min.js" in found.found


@pytest.mark.parametrize(
    ("limits", "sessions", "verdict", "text"),
    [
        ((256, 256), 100, Verdict.ERROR, "100 sessions alone need 900"),
        ((256, 1024), 16, Verdict.WARNING, "raised from 256 at start; after 16 sessions this leaves 796"),
    ],
)
def test_too_few_open_files_for_the_sessions_or_for_connections_are_reported(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], sessions: int, verdict: Verdict, text: str
):
    monkeypatch.setattr("resource.getrlimit", lambda _: limits)

    found = finding_of("open files", max_sessions=sessions)

    assert (found.verdict, text in found.found) == (verdict, True)
    assert f"ulimit -Hn {1100 + 8 * sessions}" in found.remedy


def test_a_soft_limit_that_the_server_raises_is_ok(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("resource.getrlimit", lambda _: (256, resource.RLIM_INFINITY))

    assert finding_of("open files", max_sessions=1000).verdict is Verdict.OK


def test_media_ports_in_use_are_an_error():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", 0))
        port = min(taken.getsockname()[1], 65_535 - 3)

        found = finding_of("media ports", udp_ports=f"{port}-{port + 3}")

    assert found.verdict is Verdict.ERROR


def test_private_addresses_are_a_warning_for_a_server_that_others_should_reach():
    settings: dict[str, object] = {"host": "0.0.0.0", "ice_address": ("127.0.0.1",)}

    found = finding_of("addresses", **settings)

    assert found.verdict is Verdict.WARNING
    assert "public_address" in found.remedy


def test_an_ice_address_of_another_machine_is_an_error_with_the_nat_setting_as_remedy():
    found = finding_of("addresses", ice_address=("203.0.113.9",))

    assert found.verdict is Verdict.ERROR
    assert "203.0.113.9 is not an address of this machine" in found.found
    assert "public_address" in found.remedy


def test_a_public_address_does_not_have_to_be_on_this_machine():
    found = finding_of("addresses", host="0.0.0.0", public_address=("8.8.8.8",))

    assert found.verdict is Verdict.OK


@pytest.mark.parametrize(("host", "verdict"), [("0.0.0.0", Verdict.WARNING), ("127.0.0.1", Verdict.OK)])
def test_with_plain_http_only_this_machine_can_use_its_camera(host: str, verdict: Verdict):
    assert finding_of("secure context", host=host, tls="off").verdict is verdict


def test_a_wrong_name_of_your_own_analysis_is_an_error():
    finding = machine._models(Config(analyzer="no_such_module:name"))

    assert finding.verdict is Verdict.ERROR
    assert "no_such_module" in finding.found
