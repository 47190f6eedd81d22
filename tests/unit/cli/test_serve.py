"""What `serve` prints: the addresses, and a link with a token only on a terminal."""

import io

import pytest

from facestream.cli.serve import show_listening
from facestream.web.running import Listening

TOKEN = "a.local.token"
LISTENING = Listening(("http://localhost:8080", "http://192.0.2.7:8080"), TOKEN)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(listening: Listening, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("sys.stdout", stream)
    show_listening(listening)
    return stream.getvalue()


def test_a_terminal_shows_the_link_with_the_local_token(monkeypatch: pytest.MonkeyPatch):
    addresses, link = printed(LISTENING, Terminal(), monkeypatch).splitlines()

    assert "http://localhost:8080 and http://192.0.2.7:8080" in addresses
    assert link.endswith(f"http://localhost:8080/#token={TOKEN}")


def test_output_to_a_file_or_pipe_contains_no_token(monkeypatch: pytest.MonkeyPatch):
    assert TOKEN not in printed(LISTENING, io.StringIO(), monkeypatch)


def test_without_a_local_token_only_the_addresses_are_printed(monkeypatch: pytest.MonkeyPatch):
    assert "#token" not in printed(Listening(LISTENING.urls), Terminal(), monkeypatch)


def test_a_server_that_does_not_listen_on_loopback_has_no_link(monkeypatch: pytest.MonkeyPatch):
    listening = Listening(("http://192.0.2.7:8080",), TOKEN)

    assert listening.local_url == ""
    assert TOKEN not in printed(listening, Terminal(), monkeypatch)
