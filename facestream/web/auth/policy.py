"""The access policy of the settings: which clients need a token, and which tokens are valid. Reads no request."""

import logging
import os
import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from facestream.config import Config
from facestream.credentials.tokens import Purpose, Tokens, issue, read_key, read_listed
from facestream.errors import ConfigError
from facestream.resources import COMMAND, START
from facestream.web.auth.client_address import Proxies, is_loopback
from facestream.web.auth.local_programs import ProgramLookup, can_tell_programs

logger = logging.getLogger(__name__)
T = TypeVar("T")

LOCAL_TOKEN_LIFETIME_H = 8.0


class Access:
    """Which clients need a token, and which tokens are valid."""

    def __init__(self, config: Config, listens_on: str) -> None:
        """Read the token files; raises ConfigError, also if no client could open a session."""
        self._config = config
        self.proxies = Proxies.of(config)
        self.peers, self.admins = _read_tokens(config)
        all_need_a_token = config.auth == "token" or (config.auth == "auto" and not is_loopback(listens_on))
        self.program_lookup = ProgramLookup()
        """Looks up the program at the other end of a connection."""
        self.mode = "token" if all_need_a_token else config.auth
        self._own_key = ""
        """Signs the local token if there is no key file. In memory only, so that it ends with the server."""
        if self.mode == "auto" and not can_tell_programs():
            logger.warning(
                "auth is auto, but this system does not show which program is at the other end of a connection, so "
                "clients on this machine need a token too; use the link that `%s` prints on a terminal, `%s token`, or "
                "--auth none",
                START,
                COMMAND,
            )
            self._own_key = secrets.token_urlsafe(48)
            self.peers = self._with_own_key(self.peers)
        if self.mode == "none" and not is_loopback(listens_on):
            logger.warning("auth is none: every client that reaches this server may open a session")
        if all_need_a_token and not self.peers:
            raise ConfigError(
                f"auth: clients that reach {listens_on} need a token, but none exists; create one with "
                f"`{COMMAND} token --subject NAME`, set tokens_file, or admit every client with --auth none",
                "auth",
            )

    def local_token(self) -> str:
        """A new token for clients on this machine, valid for LOCAL_TOKEN_LIFETIME_H; never log it.

        Empty unless `mode` is auto and the system cannot show that they are local. In mode token, they use a token from
        the operator, like all clients.
        """
        if not self._own_key:
            return ""
        return issue(self.peers.key, Purpose.PEER, "this machine", LOCAL_TOKEN_LIFETIME_H)

    @property
    def signing_key(self) -> str:
        """The key of the token file, for tokens that outlive this process; empty: there is none. Never log it."""
        return self.admins.key

    def reload(self) -> None:
        """Read the token files again, each on its own; what a wrong file had before stays valid."""
        config, peers, admins = self._config, self.peers, self.admins
        key = _read_again("token_key_file", partial(_read_key, config), admins.key)
        listed = _read_again("tokens_file", partial(_listed, config.tokens_file), peers.digests)
        listed_admins = _read_again(
            "admin_tokens_file", partial(_listed, config.admin_tokens_file), admins.digests
        )
        self.peers = self._with_own_key(Tokens(Purpose.PEER, listed, key))
        self.admins = Tokens(Purpose.ADMIN, listed_admins, key)

    def _with_own_key(self, peers: Tokens) -> Tokens:
        return peers if peers.key else replace(peers, key=self._own_key)


def _read_again(setting: str, read: Callable[[], T], previous: T) -> T:
    try:
        return read()
    except (ConfigError, OSError) as error:
        # OSError: this process lacks descriptors or memory.
        logger.error(
            "%s is not reloaded, so tokens that it no longer allows stay valid until it is correct and the server gets "
            "SIGHUP again: %s",
            setting,
            error,
        )
        return previous


def _read_tokens(config: Config) -> tuple[Tokens, Tokens]:
    """The tokens of peers, and those of admins; raises ConfigError."""
    key = _read_key(config)
    return (
        Tokens(Purpose.PEER, _listed(config.tokens_file), key),
        Tokens(Purpose.ADMIN, _listed(config.admin_tokens_file), key),
    )


def _read_key(config: Config) -> str:
    """The key of signed tokens; empty: there is none."""
    path = Path(config.token_key_file)
    # The default may be absent; a file that is set must exist.
    wanted = "token_key_file" in config.model_fields_set or os.path.lexists(path)
    return read_key(path) if wanted and config.token_key_file else ""


def _listed(path: str) -> frozenset[bytes]:
    return read_listed(Path(path)) if path else frozenset()
