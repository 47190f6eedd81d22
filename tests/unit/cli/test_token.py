import io
from pathlib import Path

import pytest

from facestream.cli.main import main
from facestream.cli.serve import show_address
from facestream.cli.token import show_qr
from facestream.credentials.tokens import Purpose, Tokens, read_key


@pytest.mark.parametrize(("option", "purpose"), [((), Purpose.PEER), (("--admin",), Purpose.ADMIN)])
def test_a_token_is_valid_for_its_purpose_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: tuple[str, ...], purpose: Purpose
):
    key = tmp_path / "key"

    assert main(["token", "--token-key-file", str(key), *option]) == 0

    token = capsys.readouterr().out.split()[0]
    Tokens(purpose, [], read_key(key)).check(token)


def test_only_a_new_key_needs_a_reload_and_standard_output_does_not_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    command = ["token", "--token-key-file", str(tmp_path / "key")]

    main(command)
    first = capsys.readouterr()
    main(command)
    second = capsys.readouterr()

    assert first.err == f"created {tmp_path / 'key'}: restart the server, or send it SIGHUP, to use it\n"
    assert len(first.out.splitlines()) == len(second.out.splitlines()) == 2
    assert second.err == ""


@pytest.mark.parametrize("hours", ["0", "-1", "nan", "inf", "many", "100000"])
def test_a_token_without_a_reasonable_lifetime_is_not_created(tmp_path: Path, hours: str):
    with pytest.raises(SystemExit):
        main(["token", "--token-key-file", str(tmp_path / "key"), "--expires-h", hours])


def test_a_link_is_shown_as_a_qr_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    main(["token", "--token-key-file", str(tmp_path / "key"), "--url", "https://faces.example/", "--qr"])

    token, link, *rows = capsys.readouterr().out.splitlines()
    assert link == f"https://faces.example/#token={token}"
    assert len(rows) > 20


@pytest.mark.parametrize("url", ["https://faces.example/" + "x" * 3000, "https://faces.example/\udcff"])
def test_a_link_too_long_for_a_qr_code_is_reported_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str, monkeypatch: pytest.MonkeyPatch
):
    nowhere = io.TextIOWrapper(io.BytesIO(), errors="backslashreplace")
    monkeypatch.setattr("sys.stdout", nowhere)

    code = main(["token", "--token-key-file", str(tmp_path / "key"), "--url", url, "--qr"])

    assert code == 2
    assert "expected a shorter url" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "utf-8"])
def test_a_qr_code_has_only_characters_that_the_terminal_has(monkeypatch: pytest.MonkeyPatch, encoding: str):
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding=encoding, errors="strict"))

    show_qr("https://faces.example/")

    assert len(written.getvalue()) > 500


def test_the_address_that_another_device_can_open_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    shown: list[str] = []
    monkeypatch.setattr("facestream.cli.token.show_qr", shown.append)

    show_address(("https://localhost:8443", "https://192.0.2.7:8443", "https://[2001:db8::7]:8443"))
    show_address(("http://localhost:8080",))

    assert shown == ["https://192.0.2.7:8443", "http://localhost:8080"]


def test_a_key_file_that_is_set_but_missing_stops_the_start(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    missing = tmp_path / "none"

    assert main(["serve", "--port", "0", "--tls", "off", "--token-key-file", str(missing)]) == 2

    assert str(missing) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("setting", "value"),
    [("--allowed-origins", "www.example.org"), ("--trusted-proxies", "proxy"), ("--tls-cert", "cert.pem")],
)
def test_an_invalid_access_setting_is_reported_in_one_sentence(
    capsys: pytest.CaptureFixture[str], setting: str, value: str
):
    assert main(["serve", setting, value]) == 2

    assert "expected" in capsys.readouterr().err
