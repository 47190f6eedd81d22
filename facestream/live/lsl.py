"""Forward a session to Lab Streaming Layer: a stream of numbers and a stream of markers (docs/live.md).

Needs the package pylsl, which brings liblsl.
"""

from collections.abc import Callable
from typing import Any, Final

from facestream import __version__
from facestream.analysis.faces import EMOTIONS, Gaze
from facestream.live.sinks import BOX, NAN, POSE, UNSURE_INDEX, label_index, load, pose_of
from facestream.messages.events import LiveEvent, Marker, MarkerNote, SessionStart
from facestream.messages.telemetry import FaceMessage, Telemetry
from facestream.resources import INSTALL_LSL

CHANNELS: Final = (
    ("pts", "seconds"),
    ("seq", ""),
    ("face_id", ""),
    *((name, "pixels") for name in BOX),
    *((str(emotion), "probability") for emotion in EMOTIONS),
    ("label", ""),
    *((name, "degrees") for name in POSE),
    ("eye_opening", ""),
    ("mouth_opening", ""),
    ("blinks", ""),
    ("valence", ""),
    ("arousal", ""),
    ("smile", ""),
    ("brows", ""),
    ("eyes_closed_s", "seconds"),
    ("eye_closures", ""),
    ("yawns", ""),
    ("gaze", ""),
    ("trust", "probability"),
)
"""Name and unit of each channel of a sample."""
NUMBERS, MARKERS = "Face", "Markers"
"""Types of the two streams."""
GAZES = tuple(map(str, Gaze))
"""The words of the channel `gaze`, which holds the position."""
BUFFERED_S = 60
MOST_TIMES = 64
"""As many markers as a server takes notes for."""
SEARCH_S, MAX_FOUND = 0.5, 100
"""How long streams of the same name are looked for before the outlets are opened."""


class LslSink:
    """Two outlets on the local network, which stay while sessions come and go."""

    def __init__(self, name: str, source: str, say: Callable[[str], None] = lambda _sentence: None) -> None:
        """`name` is that of the streams; `source` says where they come from, and is the same after a restart.

        A recorder goes on with a stream of the same source. `say` gets a sentence for people. Raises ConfigError.
        """
        pylsl = load("pylsl", "pylsl", INSTALL_LSL)
        self._clock = pylsl.local_clock
        self._times_s: dict[int, float] = {}
        """When the newest markers were sent, by id."""
        source_id = f"{source}/{name}"
        # By name, because a query for the source would have to escape the address.
        known = pylsl.resolve_byprop("name", name, minimum=MAX_FOUND, timeout=SEARCH_S)
        if any(each.source_id() == source_id for each in known):
            say(
                f"lsl: this machine offers a stream {name} of this server already, and recorders cannot tell them "
                "apart; end the other `forward`, or give each its own --name"
            )
        info = pylsl.StreamInfo(
            name, NUMBERS, len(CHANNELS), pylsl.IRREGULAR_RATE, pylsl.cf_double64, source_id
        )
        _describe(info)
        info.desc().append_child_value("labels", " ".join(map(str, EMOTIONS)))
        channels = info.desc().append_child("channels")
        for label, unit in CHANNELS:
            channel = channels.append_child("channel")
            channel.append_child_value("label", label)
            channel.append_child_value("unit", unit)
        marker_name = f"{name}-markers"
        markers = pylsl.StreamInfo(
            marker_name, MARKERS, 1, pylsl.IRREGULAR_RATE, pylsl.cf_string, f"{source}/{marker_name}"
        )
        _describe(markers)
        self._numbers = pylsl.StreamOutlet(info, max_buffered=BUFFERED_S)
        self._markers = pylsl.StreamOutlet(markers, max_buffered=BUFFERED_S)

    def send(self, event: LiveEvent) -> None:
        """Push an event, with the time of its arrival on the clock of LSL."""
        now_s = self._clock()
        if isinstance(event, Telemetry) and event.analysed:
            for sample in samples_of(event):
                self._numbers.push_sample(sample, now_s)
        elif isinstance(event, Marker):
            self._times_s = {**dict(list(self._times_s.items())[-MOST_TIMES + 1 :]), event.id: now_s}
            self._push_marker(event, now_s)
        elif isinstance(event, MarkerNote):
            # LSL cannot change a sample: the marker comes again, with its note and at its own time.
            self._push_marker(event, self._times_s.get(event.id, now_s))
        elif isinstance(event, SessionStart):
            self._times_s = {}

    def _push_marker(self, event: Marker | MarkerNote, time_s: float) -> None:
        self._markers.push_sample([": ".join(filter(None, (event.name, event.note)))], time_s)

    def close(self) -> None:
        """Do nothing: liblsl closes the outlets when they are collected."""


def _describe(info: Any) -> None:
    """Say in a recording which program has written it."""
    acquisition = info.desc().append_child("acquisition")
    acquisition.append_child_value("manufacturer", "facestream")
    acquisition.append_child_value("software_version", __version__)


def samples_of(message: Telemetry) -> list[list[float]]:
    """A sample for each face of a frame; one with face_id 0 and NaN for a frame without a face."""
    frame = [message.pts, float(message.seq)]
    if not message.faces:
        return [[*frame, 0.0, *[NAN] * (len(CHANNELS) - len(frame) - 1)]]
    return [[*frame, *_numbers_of(face)] for face in message.faces]


def _numbers_of(face: FaceMessage) -> list[float]:
    return [
        float(face.id),
        *map(float, face.box),
        *face.probabilities,
        float(label_index(face)),
        *pose_of(face),
        face.eyes,
        face.mouth,
        float(face.blinks),
        *(NAN if value is None else value for value in (face.valence, face.arousal, face.smile, face.brows)),
        face.eyes_closed_s,
        float(face.eye_closures),
        float(face.yawns),
        float(GAZES.index(face.gaze) if face.gaze in GAZES else UNSURE_INDEX),
        NAN if face.trust is None else face.trust,
    ]
