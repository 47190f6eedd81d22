"""Pass the telemetry of one stream on to programs that listen to it; a slow one loses messages and delays nothing.

Nothing here waits, except `Listener.take`, which runs in the task of its listener.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from facestream.analysis.faces import FrameReport
from facestream.media.outbox import LandmarkTurns
from facestream.messages.events import (
    LiveEvent,
    Lost,
    Marker,
    MarkerNote,
    SessionEnd,
    SessionStart,
    encode_event,
    telemetry_event,
)
from facestream.messages.telemetry import Telemetry, encode_telemetry, face_messages

MAX_WAITING = 256
"""Events that wait for one listener; eight seconds at 30 FPS."""
MAX_WAITING_BYTES = 512 * 1024
"""A message is about 1 kB for two faces, 10 kB for twenty."""


class Listener:
    """The events that wait for one listener; beyond a number or a size, the oldest messages are dropped."""

    def __init__(
        self,
        session_id: str,
        landmarks_every_s: float = 0.0,
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self.turns = LandmarkTurns()
        """Whose landmarks its messages have: what it has asked for itself, not what the peer has asked for."""
        self.turns.every_s = landmarks_every_s
        self.ended = False
        """Whether `take` has returned the last event."""
        self._on_lost = on_lost
        self._lost = 0
        self._first = encode_event(SessionStart(session_id=session_id))
        self._last = ""
        self._messages: deque[str] = deque()
        self._bytes = 0
        self._changed = asyncio.Event()
        self._changed.set()

    def put(self, event: str) -> None:
        """Add an encoded message; never waits."""
        self._messages.append(event)
        self._bytes += len(event)
        while len(self._messages) > MAX_WAITING or self._bytes > MAX_WAITING_BYTES:
            self._bytes -= len(self._messages.popleft())
            self._lost += 1
            self._on_lost()
        self._changed.set()

    def end(self, ending: str) -> None:
        """Add the last event, which is never dropped."""
        self._last = encode_event(SessionEnd(ending=ending))
        self._changed.set()

    @property
    def is_ending(self) -> bool:
        """Whether the session has ended, so that nothing more comes."""
        return bool(self._last)

    async def take(self, most_bytes: int = MAX_WAITING_BYTES) -> str:
        """The oldest that waits, at least one event; before the messages, how many were dropped since the last call.

        What is beyond `most_bytes` goes on waiting, and is dropped rather than late if the listener is slow.
        """
        await self._changed.wait()
        taken = [self._first, encode_event(Lost(messages=self._lost)) if self._lost else ""]
        self._first, self._lost = "", 0
        size = 0
        while self._messages and (not size or size + len(self._messages[0]) <= most_bytes):
            taken.append(message := self._messages.popleft())
            size += len(message)
        self._bytes -= size
        if not self._messages:
            self._changed.clear()
            taken.append(self._last)
            self.ended = bool(self._last)
        return "".join(taken)


class Keeper(Protocol):
    """Keeps everything that a stream sends; never waits."""

    def add_frame(self, message: Telemetry, report: FrameReport, size_wh: tuple[int, int]) -> None:
        """Keep a message and its report; `size_wh`: width and height of the frame."""

    def add_marker(self, marker: Marker | MarkerNote) -> None:
        """Keep a marker, or the note that it has got."""


class Listeners:
    """All listeners of one stream."""

    def __init__(self) -> None:
        self.keeper: Keeper | None = None
        """Gets the reports themselves; None: nothing is kept."""
        self._all: set[Listener] = set()

    def __len__(self) -> int:
        return len(self._all)

    def add(self, listener: Listener) -> None:
        """Pass everything on to this listener from now on."""
        self._all.add(listener)

    def remove(self, listener: Listener) -> None:
        """Pass nothing more on to it."""
        self._all.discard(listener)

    def publish(self, event: LiveEvent) -> None:
        """Pass an event on that is the same for all."""
        if self.keeper is not None and isinstance(event, Marker | MarkerNote):
            self.keeper.add_marker(event)
        text = encode_event(event)
        for listener in self._all:
            listener.put(text)

    def publish_frame(
        self, message: Telemetry, encoded: str, report: FrameReport, size_wh: tuple[int, int]
    ) -> None:
        """Pass on what the peer gets about a frame of this size, each with the landmarks that it has asked for.

        `encoded` is the message as the peer gets it, with the landmarks that the peer has asked for.
        """
        if self.keeper is not None:
            self.keeper.add_frame(message, report, size_wh)
        if not self._all:
            return
        with_landmarks_of = _once(lambda face: telemetry_event(_encode(message, report, face)))
        has_landmarks = any(face.landmarks is not None for face in message.faces)
        plain = with_landmarks_of(None) if has_landmarks else telemetry_event(encoded)
        ids = [face.id for face in report.faces]
        for listener in self._all:
            face = listener.turns.next_id(ids, message.pts)
            listener.put(plain if face is None else with_landmarks_of(face))

    def end(self, ending: str) -> None:
        """The session has ended."""
        for listener in self._all:
            listener.end(ending)


def _encode(message: Telemetry, report: FrameReport, with_landmarks: int | None) -> str:
    return encode_telemetry(message.model_copy(update={"faces": face_messages(report, with_landmarks)}))


def _once(encode: Callable[[int | None], str]) -> Callable[[int | None], str]:
    """The same function, which encodes each message once, however many listeners get it."""
    known: dict[int | None, str] = {}

    def encoded(face: int | None) -> str:
        if face not in known:
            known[face] = encode(face)
        return known[face]

    return encoded
