"""A running server that requires tokens, with the key that signs them."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from facestream.credentials.tokens import Purpose, issue, make_key
from tests.conftest import RunningServer, running_server


@dataclass(frozen=True, slots=True)
class Guarded:
    """The server, its key, and a token for a peer and one for an admin, both valid for an hour."""

    server: RunningServer
    key: str
    token: str
    admin_token: str

    @property
    def url(self) -> str:
        return self.server.url


@contextlib.contextmanager
def guarded_server(folder: Path, *arguments: str) -> Iterator[Guarded]:
    """Run a server with a key in `folder`, with its log there."""
    key_file = folder / "token.key"
    key = make_key(key_file)
    settings = "--token-key-file", str(key_file), "--analysis-processes", "1"
    with running_server(folder / "server.log", *settings, *arguments) as running:
        yield Guarded(
            running, key, issue(key, Purpose.PEER, "a-client", 1), issue(key, Purpose.ADMIN, "an-admin", 1)
        )
