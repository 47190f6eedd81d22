"""Follow a running session of a server: an async iterator over its events, which connects again after a loss.

Sends nothing but requests; never logs or prints a secret.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp
from pydantic import ValidationError
from yarl import URL

from facestream.errors import ConfigError, ServerUnreachableError
from facestream.messages.events import MEDIA_TYPE, LiveEvent, SessionEnd, SessionStart, decode_event
from facestream.messages.http import OWNER_HEADER, ProblemCode, SessionInfo, SessionList, SessionState
from facestream.replay.http import Credentials, read_bounded, reason_of, rejection_of, server_url, shown
from facestream.replay.options import DEFAULT_URL

NEWEST: Final = "newest"
"""In place of an id: the session that was opened last, and after its end the next one."""
GOES_ON: Final = frozenset({"connection_lost", "silence", "resumed", "moved", "server_stopping"})
"""Endings after which the peer may resume its session."""
REQUEST_DEADLINE_S = 15.0
SILENCE_S = 35.0  # the server sends a comment every ten seconds
RETRY_S = 1.0
WAIT_S = 60.0
"""How long a session that was lost is waited for; a peer may resume it for half a minute by default."""


@dataclass(frozen=True, slots=True)
class FollowOptions:
    """Which session of which server is followed."""

    url: str = DEFAULT_URL
    """Address of the server, http or https."""
    session: str = NEWEST
    """Its id, or `newest`, which needs an admin token."""
    secret: str = field(default="", repr=False)
    """The secret of the session; empty: `token` is an admin token."""
    token: str = field(default="", repr=False)
    cafile: Path | None = None
    """Certificates (PEM) to trust besides the system's."""
    landmarks_every_s: float = 0.0
    """Seconds of the video between two landmarks of a face, 0.1 to 60; 0: none."""


async def follow_events(
    url: str = DEFAULT_URL,
    session: str = NEWEST,
    *,
    secret: str = "",
    token: str = "",
    cafile: Path | None = None,
    landmarks_every_s: float = 0.0,
) -> AsyncGenerator[LiveEvent, None]:
    """The events of a running session, from now on: `SessionStart`, then `Telemetry`, `Marker`, `Lost`, `SessionEnd`.

    `url` is the address of the server. `session` is the id of a session, with its `secret` or an admin `token`; the
    iterator then ends with the session. Or it is "newest", with an admin `token`: the session that was opened last and,
    after its end, the next one, without an end. After a lost connection, a resumed session or a restart of the server
    it goes on with the next `SessionStart`, if there is one within 60 seconds. `cafile` has certificates (PEM) to trust
    besides the system's. With `landmarks_every_s`, 0.1 to 60 seconds of the video, the messages have landmarks.

    A loop that is slower than the frames loses messages and gets a `Lost` with their number. Raises
    ServerUnreachableError if the server cannot be reached, rejects the token or the secret, or has no such session, and
    ConfigError if `session` is "newest" without a token or `cafile` cannot be read.
    """
    options = FollowOptions(url, session, secret, token, cafile, landmarks_every_s)
    async for event in Follower(options).events():
        yield event


class Follower:
    """Follows what the options say, and says what it waits for."""

    def __init__(self, options: FollowOptions, say: Callable[[str], None] = lambda _sentence: None) -> None:
        """`say` gets a sentence for people whenever the events stop or go on. Raises as `follow_events`."""
        if options.session == NEWEST and not options.token:
            raise ConfigError(
                "session: `newest` needs an admin token; expected --token-file with one from `facestream token "
                "--admin`, or the id of a session and its secret",
                "session",
            )
        self._options = options
        self._url = server_url(options.url)
        self._credentials = Credentials(options.token, options.cafile)
        self._say = say
        self._ending = ""
        """Of the session that was followed last; empty: it has not ended, as far as is known."""

    async def events(self) -> AsyncGenerator[LiveEvent, None]:
        """The events; raises ServerUnreachableError and ConfigError as `follow_events`."""
        newest, connected = self._options.session == NEWEST, False
        lost_s: float | None = None
        async with self._credentials.connect(deadline_s=0) as http:
            while True:
                try:
                    session_id = await self._newest(http) if newest else self._options.session
                    if session_id:
                        async for event in self._listen(http, session_id):
                            connected, lost_s = True, None
                            yield event
                        if self._is_over():
                            return
                        self._say(self._why_wait())
                    elif not connected:
                        self._say(f"no session runs at {shown(self._url)} yet; waiting for one")
                        connected = True
                except ServerUnreachableError as error:
                    # Between the list and the request, the newest session may have ended.
                    just_ended = newest and error.problem_code == ProblemCode.NO_SUCH_SESSION
                    if not just_ended and (not connected or error.status in {400, 401, 403}):
                        raise
                    if lost_s is None:
                        lost_s = time.monotonic()
                        if not self._ending and not just_ended:
                            self._say(f"{error}; trying again")
                    if not newest and time.monotonic() - lost_s > WAIT_S:
                        if not self._ending:
                            raise
                        self._say(f"session {self._options.session} was not resumed within {WAIT_S:g} s")
                        return
                if self._ending not in {"resumed", "moved"} or lost_s is not None:
                    await asyncio.sleep(RETRY_S)

    def _is_over(self) -> bool:
        return self._options.session != NEWEST and bool(self._ending) and self._ending not in GOES_ON

    def _why_wait(self) -> str:
        if not self._ending:
            return "the connection to the server is lost; connecting again"
        next_one = "the next one" if self._options.session == NEWEST else "its peer to come back"
        return f"the session has ended ({self._ending}); waiting for {next_one}"

    async def _newest(self, http: aiohttp.ClientSession) -> str:
        """The id of the session with video that was opened last; empty: there is none."""
        body = await self._get(http, self._url / "sessions", "the list of sessions")
        try:
            listed = SessionList.model_validate_json(body).sessions
        except ValidationError as error:
            raise _not_facestream(self._url) from error
        running = [each for each in listed if each.state is SessionState.STREAMING]
        return min(running, key=_age_s).id if running else ""

    async def _get(self, http: aiohttp.ClientSession, url: URL, what: str) -> bytes:
        deadline = aiohttp.ClientTimeout(total=REQUEST_DEADLINE_S)
        try:
            async with http.get(url, timeout=deadline, allow_redirects=False) as response:
                body = await read_bounded(response)
        except (aiohttp.ClientError, ssl.SSLError, OSError, ValueError) as error:
            raise self._unreachable(error) from error
        if response.status != 200:
            raise rejection_of(self._url, response.status, body, what)
        return body

    async def _listen(self, http: aiohttp.ClientSession, session_id: str) -> AsyncIterator[LiveEvent]:
        """The events of one connection; ends with it."""
        every_s = self._options.landmarks_every_s
        secret = self._options.secret
        try:
            async with http.get(
                self._url / "sessions" / session_id / "events",
                params={"landmarks_every_s": f"{every_s:g}"} if every_s else None,
                headers={OWNER_HEADER: secret} if secret else None,
                timeout=aiohttp.ClientTimeout(sock_connect=REQUEST_DEADLINE_S, sock_read=SILENCE_S),
                allow_redirects=False,
            ) as response:
                if response.status != 200:
                    body = await read_bounded(response)
                    raise rejection_of(
                        self._url, response.status, body, "the request for the session's events"
                    )
                if response.content_type != MEDIA_TYPE:
                    raise _not_facestream(self._url)
                self._ending = ""
                async for event in _events_in(response.content):
                    if isinstance(event, SessionStart):
                        self._say(f"following session {event.session_id}")
                    elif isinstance(event, SessionEnd):
                        self._ending = event.ending
                    yield event
        except aiohttp.ClientPayloadError:
            return  # the server has ended without the last event
        except (aiohttp.ClientError, ssl.SSLError, OSError, ValueError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> ServerUnreachableError:
        why = "it did not answer in time" if isinstance(error, TimeoutError) else reason_of(error)
        return ServerUnreachableError(
            f"{shown(self._url)} cannot be reached ({why}); start the server, or check --url"
        )


async def _events_in(content: aiohttp.StreamReader) -> AsyncIterator[LiveEvent]:
    """Decode Server-Sent Events; skips comments and events that are not known. Raises ValueError."""
    name = ""
    async for line in content:
        field_name, _, value = line.decode().rstrip("\r\n").partition(": ")
        if field_name == "event":
            name = value
        elif field_name == "data" and (event := decode_event(name, value)) is not None:
            yield event


def _age_s(info: SessionInfo) -> float:
    return info.age_s


def _not_facestream(url: URL) -> ServerUnreachableError:
    return ServerUnreachableError(
        f"{shown(url)} does not answer like a facestream server; check host and port of --url"
    )
