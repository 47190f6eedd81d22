"""The messages of the data channel `control`, and of the socket in compatibility mode; never sends anything."""

import enum
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from facestream.analysis.faces import EMOTIONS
from facestream.messages.validation import FaceName, LaterNoteText, MarkerName, NoteText, first_problem

MAX_CONTROL_CHARS = 4096
"""Length of one request."""
LANDMARKS_EVERY_S = 0.1, 60.0
"""The shortest and the longest time between the landmarks of a face; 0 is allowed too and sends none."""
MOST_ROUNDING = 0.01
"""How far the sum of seven probabilities may be from 1: means of rounded values, rounded again, are off by 0.007."""


def _zero_or_in_range(every_s: float) -> float:
    shortest, longest = LANDMARKS_EVERY_S
    if every_s != 0 and not shortest <= every_s <= longest:
        raise ValueError(f"got {every_s:g}; expected 0, or {shortest:g} to {longest:g}")
    return every_s


def _all_emotions(emotions: dict[str, float]) -> dict[str, float]:
    if set(emotions) != set(EMOTIONS):
        raise ValueError(f"expected a number for each of {', '.join(EMOTIONS)}, and no other")
    if not abs((total := sum(emotions.values())) - 1) <= MOST_ROUNDING:
        raise ValueError(f"the seven sum to {total:.3g}; expected 1, off by {MOST_ROUNDING} at most")
    return emotions


MAX_ID = 2**31 - 1
FaceId = Annotated[int, Field(ge=1, le=MAX_ID)]
Probability = Annotated[float, Field(ge=0, le=1)]


class _Request(BaseModel):
    # A typing error in the name of a field gets an error reply, and so does "yes" or 1 in place of true.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Ping(_Request):
    """The peer asks whether the server still receives its messages."""

    type: Literal["ping"]
    id: int = 0


class Layers(_Request):
    """The peer chooses what is drawn."""

    type: Literal["layers"]
    layers: frozenset[Literal["box", "hulls", "points", "label", "pose", "stats"]]


class ChooseBackground(_Request):
    """The peer chooses what the layers are drawn on."""

    type: Literal["view"]
    view: Literal["picture", "blur", "landmarks"]


class Mirror(_Request):
    """The peer chooses whether the annotated frames are mirrored."""

    type: Literal["mirror"]
    mirror: bool


class ChooseLanguage(_Request):
    """The peer chooses the language of the labels."""

    type: Literal["language"]
    language: Literal["en", "de"]


class SendLandmarks(_Request):
    """The peer chooses how often telemetry has the landmarks of a face."""

    type: Literal["landmarks"]
    every_s: Annotated[float, AfterValidator(_zero_or_in_range)]
    """Seconds of the video; 0: never."""


class Mark(_Request):
    """The peer marks this moment, for the programs that follow its session."""

    type: Literal["marker"]
    name: MarkerName
    note: NoteText = ""
    id: Annotated[int, Field(ge=0, le=MAX_ID)] = 0
    """The peer's own number for it, by which a note that comes later names it; 0: none comes."""


class NoteMarker(_Request):
    """The peer adds what a person has written beside a marker after the moment itself; once for each marker."""

    type: Literal["marker_note"]
    id: Annotated[int, Field(ge=1, le=MAX_ID)]
    """That of the `marker`."""
    note: LaterNoteText


class NameFace(_Request):
    """The peer gives a face a name, for the record of its session only."""

    type: Literal["face_name"]
    face: FaceId
    name: FaceName | None
    """None: it has no name any more."""


class SetNeutral(_Request):
    """The peer says how a face looks at rest, for the record of its session only."""

    type: Literal["neutral"]
    face: FaceId
    emotions: Annotated[dict[str, Probability], AfterValidator(_all_emotions)] | None
    """Probabilities by label; None: nothing is known of it any more."""


class Bye(_Request):
    """The peer leaves; the server closes the session."""

    type: Literal["bye"]


ControlRequest = Annotated[
    Ping
    | Layers
    | ChooseBackground
    | Mirror
    | ChooseLanguage
    | SendLandmarks
    | Mark
    | NoteMarker
    | NameFace
    | SetNeutral
    | Bye,
    Field(discriminator="type"),
]
REQUESTS: tuple[type[BaseModel], ...] = get_args(get_args(ControlRequest)[0])
"""The classes of all requests."""
REQUEST_TYPES: tuple[str, ...] = tuple(
    name for request in REQUESTS for name in get_args(request.model_fields["type"].annotation)
)
"""The `type` of each request."""
_control_request: TypeAdapter[ControlRequest] = TypeAdapter(ControlRequest)


class NoticeCode(enum.StrEnum):
    """Why the server ends a session, in the notice to its peer; after `move` it goes on. More codes may be added."""

    SETUP_TIMEOUT = "setup_timeout"  # no frame arrived in time after the offer
    SILENCE = "silence"  # neither a frame nor a control message for too long
    VIDEO_ENDED = "video_ended"  # the peer's video track ended
    FRAME_TOO_LARGE = "frame_too_large"  # a frame has more pixels or bytes than the server accepts
    BAD_FRAME = "bad_frame"  # a frame cannot be decoded, or the server does not accept it
    TIME_OVER = "time_over"  # the session reached max_session_s
    REPLACED = "replaced"  # the peer has reconnected
    ENDED = "ended"  # ended by an admin over HTTP
    STOPPING = "stopping"  # the server is stopping
    MOVE = "move"  # connect again soon, with the resume token; the session runs on until then


class ErrorCode(enum.StrEnum):
    """Why a request on `control` is rejected; the session continues. More codes may be added."""

    NOT_A_CONTROL_MESSAGE = "not_a_control_message"
    MESSAGE_TOO_LONG = "message_too_long"
    TOO_MANY_MARKERS = "too_many_markers"
    NO_SUCH_MARKER = "no_such_marker"  # a note: no marker of this session waits for it
    NOT_RECORDED = "not_recorded"  # a name or a baseline: the server keeps no record of this session
    TOO_MANY_FACES = "too_many_faces"  # a name or a baseline for more faces than a record may have


class ControlReply(BaseModel):
    """What the server sends on the data channel `control`; fields with their default value are left out."""

    # Fields and codes may be added without a new version, so a reader ignores unknown fields and codes.
    model_config = ConfigDict(frozen=True, extra="ignore")

    type: Literal[
        "hello", "pong", "layers", "view", "mirror", "language", "landmarks", "marker", "marker_note",
        "face_name", "neutral", "error", "notice",
    ]  # fmt: skip
    code: str = ""
    """In a notice a `NoticeCode`, in an error an `ErrorCode`."""
    detail: str = ""
    id: int = 0
    """Of a ping, or of the marker that has its note."""
    session_id: str = ""
    layers: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    view: str = ""
    mirror: bool = False
    languages: tuple[str, ...] = ()
    language: str = ""
    every_s: float = 0.0
    landmarks_every_s: float = 0.0
    """In `hello`, the `every_s` in effect."""
    name: str = ""
    """Of a marker, or of a face; empty: the face has none any more."""
    note: str = ""
    face: int = 0
    """The face that got a name or a baseline."""
    pts: float = 0.0
    """Of a marker: the `pts` of the newest frame that had arrived."""


class ControlError(ValueError):
    """A message of the peer is not a control request; the reply has the code and the message."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def decode_control(text: str | bytes) -> ControlRequest:
    """Read one request; raises ControlError."""
    if len(text) > MAX_CONTROL_CHARS:
        raise ControlError(
            ErrorCode.MESSAGE_TOO_LONG,
            f"message of {len(text)} characters; expected at most {MAX_CONTROL_CHARS}",
        )
    try:
        return _control_request.validate_json(text)
    except ValidationError as error:
        problem = first_problem(error, "message")
        raise ControlError(
            ErrorCode.NOT_A_CONTROL_MESSAGE,
            f"not a control message ({problem}); expected {', '.join(REQUEST_TYPES[:-1])} or {REQUEST_TYPES[-1]}",
        ) from error


def encode_control(reply: ControlReply) -> str:
    """One line of compact JSON."""
    return reply.model_dump_json(exclude_defaults=True)


def decode_reply(text: str | bytes) -> ControlReply:
    """Read one reply of the server; raises ValueError."""
    return ControlReply.model_validate_json(text)
