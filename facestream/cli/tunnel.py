"""`--tunnel ngrok`: a public address for the page of this machine; carries HTTP and WebSocket, never UDP media.

pyngrok is an extra that nothing else needs (docs/deploy/ngrok.md). The token comes from the environment only: a file
of the repository would be published one day.
"""

import importlib
import os
import threading
from collections.abc import Callable
from types import ModuleType

from facestream.config import Config
from facestream.errors import ConfigError
from facestream.resources import INSTALL_TUNNEL

TOKEN_VARIABLE = "NGROK_AUTHTOKEN"  # noqa: S105 - the name of a variable
Say = Callable[[str], None]


class Tunnel:
    """A tunnel to one local address; opened beside the server, because ngrok takes seconds to start."""

    def __init__(self, config: Config, say: Say) -> None:
        """Check what is needed before the server starts; raises ConfigError."""
        self._ngrok, self._settings = _load()
        self._hints = media_hints(config)
        self._say = say
        self._opening: threading.Thread | None = None

    def open_to(self, local: str) -> None:
        """Start to give `local`, as http://localhost:8080, a public address; says it, or why there is none."""
        self._opening = threading.Thread(target=self._open, args=(local,), name="tunnel", daemon=True)
        self._opening.start()

    def close(self) -> None:
        """End ngrok; may be called without a tunnel."""
        if self._opening is not None:
            self._opening.join(timeout=5)
            self._ngrok.kill(self._settings)

    def _open(self, local: str) -> None:
        try:
            public = self._ngrok.connect(local, proto="http", pyngrok_config=self._settings).public_url
        except Exception as error:  # noqa: BLE001 - whatever ngrok says: the server goes on without it
            self._say(
                f"ngrok gives no address: {str(error) or type(error).__name__}; the server runs without it"
            )
            return
        self._say("\n".join((f"public address: {public}", *self._hints)))


def media_hints(config: Config) -> list[str]:
    """What pictures need to get through, for who opens the public address."""
    page = any(url.is_turn for url in config.page_ice_urls)
    server = any(url.is_turn for url in config.server_ice_urls)
    if page and server:
        media = "media go through your TURN servers"
    elif config.websocket_fallback:
        media = "media do not go through ngrok: the page falls back to pictures over its WebSocket"
        if page != server:
            media += "; for WebRTC, name a TURN server for both sides (page_ice_server and server_ice_server)"
    else:
        media = "no media will get through: name a TURN server for both sides, or allow websocket_fallback"
    hints = [media]
    if config.auth == "none":
        hints.append("everybody who knows the address may come in (auth is none)")
    else:
        hints.append("who comes needs a token: python -m facestream token")
    return hints


def _load() -> tuple[ModuleType, object]:
    try:
        ngrok, conf = importlib.import_module("pyngrok.ngrok"), importlib.import_module("pyngrok.conf")
    except ImportError as error:
        raise ConfigError(f"tunnel: pyngrok is not installed; run `{INSTALL_TUNNEL}`") from error
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        raise ConfigError(
            f"tunnel: no token; put the one of your ngrok account into the environment variable {TOKEN_VARIABLE}"
        )
    return ngrok, conf.PyngrokConfig(auth_token=token)
