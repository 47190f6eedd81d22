"""The tunnel with a fake pyngrok: the real one needs an account and the internet."""

import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from facestream.cli import tunnel
from facestream.cli.tunnel import TOKEN_VARIABLE, Tunnel, media_hints
from facestream.config import Config
from facestream.errors import ConfigError
from tests.times import seconds

PUBLIC = "https://faces.ngrok.example"
LOCAL = "http://localhost:8080"


class FakeNgrok:
    """A fake of the used part of pyngrok."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.asked: list[tuple[str, str, object]] = []
        self.killed: list[object] = []

    def connect(self, addr: str, proto: str, pyngrok_config: object) -> SimpleNamespace:
        if self.failure is not None:
            raise self.failure
        self.asked.append((addr, proto, pyngrok_config))
        return SimpleNamespace(public_url=PUBLIC)

    def kill(self, pyngrok_config: object) -> None:
        self.killed.append(pyngrok_config)


def install(monkeypatch: pytest.MonkeyPatch, fake_ngrok: FakeNgrok) -> None:
    ngrok, conf = ModuleType("pyngrok.ngrok"), ModuleType("pyngrok.conf")
    ngrok.connect, ngrok.kill = fake_ngrok.connect, fake_ngrok.kill  # type: ignore[attr-defined]
    conf.PyngrokConfig = SimpleNamespace  # type: ignore[attr-defined]
    for name, module in (
        ("pyngrok", ModuleType("pyngrok")),
        ("pyngrok.ngrok", ngrok),
        ("pyngrok.conf", conf),
    ):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setenv(TOKEN_VARIABLE, "token of the account")


def printed_after_opening(config: Config) -> str:
    printed: list[str] = []
    heard = threading.Event()

    def say(sentence: str) -> None:
        printed.append(sentence)
        heard.set()

    opened = Tunnel(config, say)
    opened.open_to(LOCAL)
    assert heard.wait(seconds(5))
    opened.close()
    return "\n".join(printed)


def test_the_public_address_is_printed_with_hints_on_media(monkeypatch: pytest.MonkeyPatch):
    fake_ngrok = FakeNgrok()
    install(monkeypatch, fake_ngrok)

    printed = printed_after_opening(Config())

    assert printed.startswith(f"public address: {PUBLIC}")
    assert "media do not go through ngrok" in printed
    assert [(address, kind) for address, kind, _ in fake_ngrok.asked] == [(LOCAL, "http")]


def test_the_token_comes_from_the_environment_and_is_never_printed(monkeypatch: pytest.MonkeyPatch):
    fake_ngrok = FakeNgrok()
    install(monkeypatch, fake_ngrok)

    printed = printed_after_opening(Config())

    assert fake_ngrok.asked[0][2] == SimpleNamespace(auth_token="token of the account")
    assert "token of the account" not in printed


def test_ngrok_ends_with_the_server(monkeypatch: pytest.MonkeyPatch):
    fake_ngrok = FakeNgrok()
    install(monkeypatch, fake_ngrok)

    printed_after_opening(Config())

    assert len(fake_ngrok.killed) == 1


def test_if_ngrok_fails_the_server_runs_without_it(monkeypatch: pytest.MonkeyPatch):
    install(monkeypatch, FakeNgrok(OSError("no way out")))

    assert printed_after_opening(Config()) == "ngrok opened no tunnel: no way out; the server runs without it"


def test_without_a_token_the_server_does_not_start(monkeypatch: pytest.MonkeyPatch):
    install(monkeypatch, FakeNgrok())
    monkeypatch.delenv(TOKEN_VARIABLE)

    with pytest.raises(ConfigError, match=TOKEN_VARIABLE):
        Tunnel(Config(), print)


def test_without_pyngrok_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyngrok", None)

    with pytest.raises(ConfigError, match=r"requirements-tunnel\.txt"):
        Tunnel(Config(), print)


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({}, "JPEGs over its WebSocket"),
        ({"page_ice_server": ("turn:turn.example.org",), "turn_secret": "s"}, "for both sides"),
        ({"websocket_fallback": False}, "no media will get through"),
        ({}, f"facestream token --url {PUBLIC}`"),
        ({"auth": "none"}, "everyone who knows the address"),
        (
            {
                "page_ice_server": ("turn:turn.example.org",),
                "server_ice_server": ("turn:turn.example.org",),
                "turn_secret": "s",
            },
            "through your TURN servers",
        ),
    ],
)
def test_the_hints_fit_the_settings(settings: dict[str, object], hint: str):
    assert hint in "\n".join(media_hints(Config(**settings), PUBLIC))  # type: ignore[arg-type]


def test_the_extra_is_pinned():
    assert "pyngrok==" in (Path(tunnel.__file__).parents[2] / "requirements-tunnel.txt").read_text()
