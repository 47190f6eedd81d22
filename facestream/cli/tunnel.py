"""`--tunnel ngrok`: a public address for the page; it carries HTTP and WebSocket, but no UDP media.

Needs the optional package pyngrok (docs/deploy/ngrok.md). Reads the token from the environment only, so that it is in
no file that could be published.
"""

import importlib
import os
import threading
from collections.abc import Callable
from types import ModuleType

from facestream.config import Config
from facestream.errors import ConfigError
from facestream.resources import COMMAND, INSTALL_TUNNEL

TOKEN_VARIABLE = "NGROK_AUTHTOKEN"  # noqa: S105 - the name of a variable
Say = Callable[[str], None]


class Tunnel:
    """A tunnel to one local address; opens in a thread, because ngrok takes seconds to start."""

    def __init__(self, config: Config, say: Say) -> None:
        """Load pyngrok and the token; raises ConfigError if one is missing."""
        self._ngrok, self._settings = _load()
        self._config = config
        self._say = say
        self._opening: threading.Thread | None = None

    def open_to(self, local: str) -> None:
        """Begin to open a tunnel to `local`, an address on localhost; `say` gets the public address or the error."""
        self._opening = threading.Thread(target=self._open, args=(local,), name="tunnel", daemon=True)
        self._opening.start()

    def close(self) -> None:
        """Stop ngrok; may be called without an open tunnel."""
        if self._opening is not None:
            self._opening.join(timeout=5)
            self._ngrok.kill(self._settings)

    def _open(self, local: str) -> None:
        try:
            public = self._ngrok.connect(local, proto="http", pyngrok_config=self._settings).public_url
        except Exception as error:  # noqa: BLE001 - the server runs without a tunnel too
            self._say(
                f"ngrok opened no tunnel: {str(error) or type(error).__name__}; the server runs without it"
            )
            return
        self._say("\n".join((f"public address: {public}", *media_hints(self._config, public))))


def media_hints(config: Config, public: str) -> list[str]:
    """Sentences for the user of the public address: how media reach the server, and which clients need a token."""
    page = any(url.is_turn for url in config.page_ice_urls)
    server = any(url.is_turn for url in config.server_ice_urls)
    if page and server:
        media = "media go through your TURN servers"
    elif config.websocket_fallback:
        media = "media do not go through ngrok, so the page uses the compatibility mode (JPEGs over its WebSocket)"
        if page != server:
            media += "; for WebRTC, set a TURN server for both sides (page_ice_server and server_ice_server)"
    else:
        media = "no media will get through: set a TURN server for both sides, or websocket_fallback"
    hints = [media]
    if config.auth == "none":
        hints.append("everyone who knows the address can open a session (auth is none)")
    else:
        hints.append(f"clients need an access token: run `{COMMAND} token --url {public}`")
    return hints


def _load() -> tuple[ModuleType, object]:
    try:
        ngrok, conf = importlib.import_module("pyngrok.ngrok"), importlib.import_module("pyngrok.conf")
    except ImportError as error:
        raise ConfigError(f"tunnel: pyngrok is not installed; run `{INSTALL_TUNNEL}`", "tunnel") from error
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        raise ConfigError(
            f"tunnel: no token; set the environment variable {TOKEN_VARIABLE} to the token of your ngrok account",
            "tunnel",
        )
    return ngrok, conf.PyngrokConfig(auth_token=token)
