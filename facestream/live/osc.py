"""Forward a session as Open Sound Control messages over UDP: a packet for each frame and each face (docs/live.md).

Needs the package python-osc, which encodes the messages.
"""

import socket
from collections.abc import Callable, Iterable
from typing import Any

from facestream.errors import ConfigError
from facestream.live.sinks import load
from facestream.messages.events import LiveEvent, Marker, MarkerNote, SessionEnd, SessionStart
from facestream.messages.telemetry import FaceMessage, Telemetry
from facestream.resources import INSTALL_OSC

Argument = int | float | str
Message = tuple[str, tuple[Argument, ...]]


class OscSink:
    """Sends to one address; nobody needs to listen there."""

    def __init__(
        self, host: str, port: int, prefix: str, say: Callable[[str], None] = lambda _sentence: None
    ) -> None:
        """`prefix` begins the address of each message; `say` gets a sentence for people. Raises ConfigError."""
        self._messages: Any = load("pythonosc.osc_message_builder", "python-osc", INSTALL_OSC)
        self._bundles: Any = load("pythonosc.osc_bundle_builder", "python-osc", INSTALL_OSC)
        self._prefix = prefix
        self._address: Any
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
            # Most OSC programs listen on IPv4 only, and nothing tells a sender of UDP that nobody listens.
            family, kind, _, _, self._address = min(found, key=lambda each: each[0] != socket.AF_INET)
            self._socket = socket.socket(family, kind)
            # The address may be that of all machines of a network, which Linux otherwise forbids.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        except (OSError, UnicodeError) as error:
            raise ConfigError(
                f"osc: {host}:{port} cannot be used ({getattr(error, 'strerror', error)}); check the address",
                "osc",
            ) from error
        self._socket.setblocking(False)
        self._name = f"{host}:{port}"
        self._say = say
        self._said: set[int | None] = set()
        """The errors that were reported; the next frame may have the same."""

    def send(self, event: LiveEvent) -> None:
        """Send the packets of an event; the network may lose them, as with all OSC over UDP."""
        for packet in packets_of(event):
            try:
                self._socket.sendto(self._encode(packet), self._address)
            except BlockingIOError:
                pass  # a full buffer: the next frame is newer anyway
            except OSError as error:
                if error.errno not in self._said:
                    self._said.add(error.errno)
                    self._say(
                        f"osc: nothing can be sent to {self._name} ({error.strerror}); every frame is tried again"
                    )

    def close(self) -> None:
        """Close the socket; may be called twice."""
        self._socket.close()

    def _encode(self, packet: list[Message]) -> bytes:
        bundle = self._bundles.OscBundleBuilder(self._bundles.IMMEDIATELY)
        for path, arguments in packet:
            message = self._messages.OscMessageBuilder(address=f"/{self._prefix}/{path}")
            for argument in arguments:
                # OSC calls 32-bit numbers i and f, and texts s; Max and TouchDesigner know no others.
                message.add_arg(argument, {int: "i", float: "f", str: "s"}[type(argument)])
            bundle.add_content(message.build())
        return bytes(bundle.build().dgram)


def packets_of(event: LiveEvent) -> Iterable[list[Message]]:
    """The packets of an event: each a bundle of messages with address and arguments."""
    match event:
        case Telemetry():
            yield [("frame", (event.seq, event.pts, len(event.faces), int(event.analysed)))]
            for place, face in enumerate(event.faces, start=1):
                yield list(_messages_of(f"face/{place}", face))
        case Marker():
            yield [("marker", (event.name, event.note, event.pts))]
        case MarkerNote():
            yield [("marker/note", (event.name, event.note, event.pts))]
        case SessionStart():
            yield [("session", (event.session_id,))]
        case SessionEnd():
            yield [("end", (event.ending,))]


def _messages_of(place: str, face: FaceMessage) -> Iterable[Message]:
    yield f"{place}/id", (face.id,)
    yield f"{place}/box", tuple(map(float, face.box))
    yield f"{place}/emotions", tuple(map(float, face.probabilities))
    yield f"{place}/label", (face.label,)
    if face.trust is not None:
        yield f"{place}/trust", (float(face.trust),)
    if face.pose_deg is not None:
        yield f"{place}/pose", tuple(map(float, face.pose_deg))
    yield f"{place}/eyes", (float(face.eyes),)
    yield f"{place}/mouth", (float(face.mouth),)
    yield f"{place}/blinks", (face.blinks,)
    for name in ("valence", "arousal", "smile", "brows"):
        if (value := getattr(face, name)) is not None:
            yield f"{place}/{name}", (float(value),)
    yield f"{place}/eyes_closed_s", (float(face.eyes_closed_s),)
    yield f"{place}/eye_closures", (face.eye_closures,)
    yield f"{place}/yawns", (face.yawns,)
    if face.gaze:
        yield f"{place}/gaze", (face.gaze,)
