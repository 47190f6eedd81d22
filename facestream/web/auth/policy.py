"""What the settings say about who may come in: which visitors need a token, and which tokens hold. Reads no request."""

import logging
import os
from pathlib import Path

from facestream.config import Config
from facestream.credentials.tokens import Purpose, Tokens, read_key, read_listed
from facestream.errors import ConfigError
from facestream.web.auth.client_address import Proxies, is_loopback
from facestream.web.auth.local_programs import ProgramLookup, can_tell_programs

logger = logging.getLogger(__name__)


class Access:
    """What the settings say about who may come in."""

    def __init__(self, config: Config, listens_on: str) -> None:
        """Read the files of tokens; raises ConfigError, also where nobody at all could come in."""
        self._config = config
        self.proxies = Proxies.of(config)
        self.peers, self.admins = _read_tokens(config)
        everybody_needs_one = config.auth == "token" or (
            config.auth == "auto" and not is_loopback(listens_on)
        )
        self.program_lookup = ProgramLookup()
        """Looks up the program at the other end of a connection."""
        self.mode = "token" if everybody_needs_one else config.auth
        if self.mode == "auto" and not can_tell_programs():
            logger.warning(
                "auth is auto: this system does not show which program is at the other end of a connection, so clients "
                "on this machine need a token too; expected Linux, `facestream token`, or --auth none"
            )
        if self.mode == "none" and not is_loopback(listens_on):
            logger.warning("auth is none: whoever reaches this server may open a session")
        if everybody_needs_one and not self.peers:
            raise ConfigError(
                f"auth: who comes to {listens_on} needs a token, and there is none yet; make one with `python -m "
                "facestream token --subject NAME`, or name a tokens_file, or serve everybody with --auth none"
            )

    def reload(self) -> None:
        """Read the files of tokens again; where one is wrong, those before go on to hold."""
        try:
            self.peers, self.admins = _read_tokens(self._config)
        except ConfigError as error:
            logger.warning("tokens: not read again: %s", error)


def _read_tokens(config: Config) -> tuple[Tokens, Tokens]:
    """Those of peers, and those of admins."""
    path = Path(config.token_key_file)
    # The default may be absent; a file that somebody names must be there.
    wanted = "token_key_file" in config.model_fields_set or os.path.lexists(path)
    key = read_key(path) if wanted and config.token_key_file else ""
    return (
        Tokens(Purpose.PEER, _listed(config.tokens_file), key),
        Tokens(Purpose.ADMIN, _listed(config.admin_tokens_file), key),
    )


def _listed(path: str) -> frozenset[bytes]:
    return read_listed(Path(path)) if path else frozenset()
