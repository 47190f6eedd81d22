"""Small text files in any encoding are read; invalid files are rejected with one sentence."""

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from facestream.config import load_config, text_files
from facestream.config.text_files import lines_of, read_line, read_text
from facestream.credentials.certificates import make_certificate
from facestream.credentials.tokens import read_key, read_listed
from facestream.errors import ConfigError
from facestream.replay.http import Credentials
from facestream.replay.options import read_token
from facestream.web.tls import Certificate, find_certificate

EXPECTED = "a file like this"
TEXT = "# a comment with \u00fc\n\nfirst line\nsecond line\n"


def read(path: Path) -> str:
    return read_text(path, "a_setting", EXPECTED)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le with mark", "utf-16-be with mark", "utf-32"]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_text_is_the_same_in_every_unicode_encoding(tmp_path: Path, encoding: str, newline: str):
    text = TEXT.replace("\n", newline)
    name, _, marked = encoding.partition(" ")
    (tmp_path / "file").write_bytes((f"\ufeff{text}" if marked else text).encode(name))

    assert read(tmp_path / "file") == TEXT


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_ascii_in_utf_16_without_a_byte_order_mark_is_read(tmp_path: Path, encoding: str):
    (tmp_path / "file").write_bytes("port = 9000\n".encode(encoding))

    assert read(tmp_path / "file") == "port = 9000\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("one\nf\u00fcr\n".encode("latin-1"), "not UTF-8 in line 2"),
        (b"\xff\xfea", "not UTF-16-LE in line 1"),
        (b"one\ntwo\0\n", "NUL character in line 2"),
        (b"x" * (text_files.MAX_BYTES + 1), "more than 1048576 bytes"),
    ],
)
def test_a_file_without_unicode_text_is_reported_in_one_sentence(
    tmp_path: Path, content: bytes, message: str
):
    (tmp_path / "file").write_bytes(content)

    with pytest.raises(ConfigError, match=message) as rejected:
        read(tmp_path / "file")

    assert rejected.value.setting == "a_setting"
    assert str(rejected.value).startswith("a_setting: ")


def make_folder(path: Path) -> None:
    path.mkdir()


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def make_loop(path: Path) -> None:
    path.symlink_to(path.name)


def make_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def make_nothing(path: Path) -> None:
    pass


def make_dead_link(path: Path) -> None:
    path.symlink_to("nowhere")


WRONG_FILES = [make_folder, make_pipe, make_socket, make_loop, make_device, make_dead_link]


@pytest.mark.parametrize("make", [*WRONG_FILES, make_nothing])
def test_a_path_that_is_not_a_file_is_reported_at_once(tmp_path: Path, make: Callable[[Path], None]):
    make(tmp_path / "file")

    with pytest.raises(ConfigError, match=rf"a_setting: .*file .*expected {EXPECTED}") as rejected:
        read(tmp_path / "file")

    assert rejected.value.setting == "a_setting"


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "file/below"])
def test_an_impossible_path_is_reported_in_one_sentence(tmp_path: Path, name: str):
    (tmp_path / "file").write_text("text")

    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / name)


def test_a_terminal_is_not_read(tmp_path: Path):
    master, slave = os.openpty()
    try:
        with pytest.raises(ConfigError, match="is a device"):
            read(Path(os.ttyname(slave)))
    finally:
        os.close(master)
        os.close(slave)


def test_the_output_of_a_command_is_read_to_its_end(tmp_path: Path):
    reading, writing = os.pipe()

    def write() -> None:
        for part in (b"first\n", b"second\n"):
            time.sleep(0.05)
            os.write(writing, part)
        os.close(writing)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        text = read(Path(f"/dev/fd/{reading}"))
    finally:
        thread.join()
        os.close(reading)

    assert text == "first\nsecond\n"


def test_a_command_that_never_writes_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(text_files, "PIPE_DEADLINE_S", 0.1)
    reading, writing = os.pipe()

    with pytest.raises(ConfigError, match="no data from this pipe"):
        read(Path(f"/dev/fd/{reading}"))

    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("content", ["one", "one\n", "\n# ours\n\n  one \r\n\n", "\ufeffone\n"])
def test_the_only_line_is_found_among_comments_and_empty_lines(tmp_path: Path, content: str):
    (tmp_path / "file").write_text(content, encoding="utf-8", newline="")

    assert read_line(tmp_path / "file", "a_setting", EXPECTED) == "one"


@pytest.mark.parametrize(
    ("content", "message"), [("", "is empty"), ("# ours\n# and yours\n", "is empty"), ("a\nb", "has 2 lines")]
)
def test_a_file_without_exactly_one_line_is_reported_in_one_sentence(
    tmp_path: Path, content: str, message: str
):
    (tmp_path / "file").write_text(content)

    with pytest.raises(ConfigError, match=message):
        read_line(tmp_path / "file", "a_setting", EXPECTED)


def test_a_secret_that_begins_like_a_comment_is_read(tmp_path: Path):
    (tmp_path / "file").write_text("#secret\n")

    assert read_line(tmp_path / "file", "a_setting", EXPECTED) == "#secret"


def test_comments_and_empty_lines_are_ignored():
    assert lines_of(" # ours\n\n\t one \n#two\nthree # no comment\n") == ["one", "three # no comment"]


def settings_of(_: Path) -> object:
    return load_config()


def turn_secret_of(path: Path) -> object:
    return load_config(turn_secret_file=path).credential_source()


def certificate_of(path: Path) -> object:
    return Certificate(path, path).context()


def certificate_found_at(path: Path) -> object:
    found = find_certificate(load_config(certs_dir=str(path)))
    return found and found.context()


@pytest.mark.parametrize("reader", [settings_of, read_listed, read_key, turn_secret_of, certificate_of])
@pytest.mark.parametrize("make", WRONG_FILES)
def test_every_file_named_in_a_setting_is_read_this_way(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], None],
    reader: Callable[[Path], object],
):
    make(tmp_path / "facestream.toml")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(tmp_path if reader is settings_of else elsewhere)

    with pytest.raises(ConfigError, match="expected"):
        reader(tmp_path / "facestream.toml")


def test_a_certificate_directory_that_is_a_file_has_no_certificate(tmp_path: Path):
    (tmp_path / "certs").write_text("")

    assert certificate_found_at(tmp_path / "certs") is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_settings_file_in_another_encoding_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "facestream.toml").write_bytes("# f\u00fcr uns\r\nport = 9000\r\n".encode(encoding))

    assert load_config().port == 9000


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_certificate_that_openssl_cannot_read_is_reported_with_the_reason(tmp_path: Path, encoding: str):
    made = make_certificate(tmp_path, ["localhost"])
    made.key.write_bytes(made.key.read_text().encode(encoding))

    with pytest.raises(ConfigError, match=r"key\.pem begins with a byte order mark"):
        Certificate(made.cert, made.key).context()


def test_a_certificate_in_der_format_is_reported(tmp_path: Path):
    made = make_certificate(tmp_path, ["localhost"])
    made.cert.write_bytes(ssl.PEM_cert_to_DER_cert(made.authority.read_text()))

    with pytest.raises(ConfigError, match=r"cert\.pem has no -----BEGIN line"):
        Certificate(made.cert, made.key).context()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_the_authorities_of_a_peer_are_read_in_any_unicode_encoding(tmp_path: Path, encoding: str):
    made = make_certificate(tmp_path, ["localhost"])
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(
        f"# F\u0151tan\u00fas\u00edtv\u00e1ny\r\n{made.authority.read_text()}".encode(encoding)
    )

    await Credentials(cafile=bundle).connect(1.0).close()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no certificate"),
        ("-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----", "cannot be used"),
    ],
)
def test_a_file_without_authorities_is_reported_in_one_sentence(tmp_path: Path, content: str, message: str):
    (tmp_path / "ca.pem").write_text(content)

    with pytest.raises(ConfigError, match=f"cafile: .*{message}") as rejected:
        Credentials(cafile=tmp_path / "ca.pem").connect(1.0)

    assert rejected.value.setting == "cafile"


def test_a_token_may_follow_a_comment(tmp_path: Path):
    (tmp_path / "token").write_bytes("# mine\r\n\r\na-token-of-a-client\r\n".encode("utf-16"))

    assert read_token(tmp_path / "token") == "a-token-of-a-client"


@pytest.mark.parametrize("content", ["", "# mine\n", "t\u00f6ken-of-a-client"])
def test_a_token_that_fits_no_header_is_reported_in_one_sentence(tmp_path: Path, content: str):
    (tmp_path / "token").write_text(content, encoding="utf-8")

    with pytest.raises(ConfigError, match="token-file") as rejected:
        read_token(tmp_path / "token")

    assert rejected.value.setting == "token-file"


def test_an_empty_file_name_means_no_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FACESTREAM_TURN_SECRET_FILE", "")

    assert load_config().turn_secret_file is None
