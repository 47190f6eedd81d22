"""Do what the peer of a session asks over `control`: choices, markers, names. Never ends the session."""

from collections.abc import Callable

from facestream.analysis.drawing.background import Background
from facestream.analysis.drawing.overlay import Layer
from facestream.analysis.drawing.words import Language
from facestream.media.pipeline import FramePipeline
from facestream.messages.control import (
    ChooseBackground,
    ChooseLanguage,
    ControlError,
    ControlReply,
    ControlRequest,
    ErrorCode,
    Layers,
    Mark,
    Mirror,
    NameFace,
    NoteMarker,
    Ping,
    SendLandmarks,
    SetNeutral,
    decode_control,
)
from facestream.messages.events import Marker
from facestream.recording.record import SessionRecord, TooManyFacesError
from facestream.sessions.markers import MarkerError, NoFrameYetError, SessionMarkers, TooManyMarkersError


class ControlRequests:
    """The requests of one session."""

    def __init__(self, pipeline: FramePipeline, reply: Callable[[ControlReply], None]) -> None:
        """`reply` sends a reply, or drops it if the peer does not read; never raises."""
        self.record: SessionRecord | None = None
        """Where names and baselines are kept, and nowhere else; None: nothing is kept."""
        self._pipeline = pipeline
        self._reply = reply
        self._markers = SessionMarkers()

    def say_hello(self, session_id: str) -> None:
        """Send what the peer can choose, and what is in effect."""
        hello = ControlReply(
            type="hello",
            session_id=session_id,
            layers=self._layer_names(),
            views=tuple(map(str, Background)),
            view=str(self._pipeline.background),
            mirror=self._pipeline.mirror,
            languages=tuple(map(str, Language)),
            language=str(self._pipeline.language),
            landmarks_every_s=self._pipeline.landmarks.every_s,
        )
        self._reply(hello)

    def take(self, message: str | bytes) -> ControlRequest | None:
        """Do what the peer asks, except `bye`, and return it; None: it is no request, and the peer has got an error."""
        try:
            request = decode_control(message)
        except ControlError as error:
            self._reject(error.code, str(error))
            return None
        match request:
            case Ping():
                self._reply(ControlReply(type="pong", id=request.id))
            case Layers():
                self._pipeline.layers = frozenset(Layer(name) for name in request.layers)
                self._reply(ControlReply(type="layers", layers=self._layer_names()))
            case ChooseBackground():
                self._pipeline.background = Background(request.view)
                self._reply(ControlReply(type="view", view=str(self._pipeline.background)))
            case Mirror():
                self._pipeline.mirror = request.mirror
                self._reply(ControlReply(type="mirror", mirror=request.mirror))
            case ChooseLanguage():
                self._pipeline.language = Language(request.language)
                self._reply(ControlReply(type="language", language=request.language))
            case SendLandmarks():
                self._pipeline.landmarks.every_s = request.every_s
                self._reply(ControlReply(type="landmarks", every_s=request.every_s))
            case Mark():
                self._on_mark(request)
            case NoteMarker():
                self._on_marker_note(request)
            case NameFace() | SetNeutral():
                self._on_note(request)
        return request

    def mark_for_program(self, name: str, note: str) -> Marker:
        """Mark this moment; the peer and the programs that follow the session get the marker. Raises MarkerError."""
        marker = self._mark(name, note)
        self._reply(ControlReply(type="marker", name=name, note=note, pts=marker.pts))
        return marker

    def _mark(self, name: str, note: str, peer_id: int = 0) -> Marker:
        marker = self._markers.set(name, note, self._pipeline.newest_pts_s, peer_id)
        self._pipeline.listeners.publish(marker)
        return marker

    def _on_mark(self, request: Mark) -> None:
        try:
            self._mark(request.name, request.note, request.id)
        except TooManyMarkersError as error:
            self._reject(ErrorCode.TOO_MANY_MARKERS, str(error))
        except NoFrameYetError:
            # No program can tell the time of it, and the peer has it anyway.
            return

    def _on_marker_note(self, request: NoteMarker) -> None:
        try:
            noted = self._markers.add_note(request.id, request.note)
        except MarkerError as error:
            self._reject(ErrorCode(error.code), str(error))
            return
        self._pipeline.listeners.publish(noted)
        self._reply(ControlReply(type="marker_note", id=request.id))

    def _on_note(self, request: NameFace | SetNeutral) -> None:
        """Keep a name or a baseline in the record, and nowhere else."""
        record = self.record
        if record is None or not record.is_active:
            self._reject(ErrorCode.NOT_RECORDED, "the server keeps no record of this session")
            return
        try:
            self._markers.check_rate()
            if isinstance(request, NameFace):
                record.name_face(request.face, request.name)
                self._reply(ControlReply(type="face_name", face=request.face, name=request.name or ""))
            else:
                record.set_baseline(request.face, request.emotions)
                self._reply(ControlReply(type="neutral", face=request.face))
        except TooManyMarkersError as error:
            self._reject(ErrorCode.TOO_MANY_MARKERS, str(error))
        except TooManyFacesError as error:
            self._reject(ErrorCode.TOO_MANY_FACES, str(error))

    def _reject(self, code: ErrorCode, detail: str) -> None:
        self._reply(ControlReply(type="error", code=code, detail=detail))

    def _layer_names(self) -> tuple[str, ...]:
        return tuple(sorted(str(layer) for layer in self._pipeline.layers))
