"""The bodies of HTTP requests and responses; docs/openapi.yaml describes the same. Never sends anything.

A response may get more fields without notice, so a client ignores unknown fields.
"""

import enum
from collections.abc import Sequence
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from facestream.messages.validation import MarkerName, NoteText

OWNER_HEADER = "X-Session-Secret"
"""The header with the `secret` of an answer, which lets its peer change and end the session."""
MAX_RESUME_CHARS = 100
FirstFaceId = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
RecordDays = Annotated[int, Field(strict=True, ge=0, le=36_500)]
"""The id of the first face of a new session; a resumed one continues its ids."""
MIN_SHARED_LIFETIME_H = 0.02
"""Shortest life of a token that is issued over HTTP: 72 s, more than clocks may differ."""
MAX_SHARED_LIFETIME_H = 24.0
"""Longest life of a token that is issued over HTTP; `facestream token` issues longer ones."""
_PAGE_URL = r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_][A-Za-z0-9._-]*)(:[0-9]{1,5})?([/?#][!-~]*)?"
"""With a host, and without a user's name, which would look like the host."""
SessionKind = Literal["webrtc", "pictures"]
"""The transport of a session's frames; `pictures` is the compatibility mode (sessions/jpeg.py)."""
KINDS: tuple[SessionKind, ...] = get_args(SessionKind)


class _Body(BaseModel):
    # In the schema of a response, a field with a default is required: it is always sent.
    model_config = ConfigDict(
        frozen=True, populate_by_name=True, json_schema_serialization_defaults_required=True
    )

    def to_json(self) -> str:
        """The body as JSON, with the names of the wire; a field that is None is left out."""
        return self.model_dump_json(by_alias=True, exclude_none=True)


class OfferBody(_Body):
    """`POST /offer`: a browser's first offer."""

    sdp: str
    type: Literal["offer"]
    resume: str = Field("", max_length=MAX_RESUME_CHARS)
    """The `resume` of an answer whose connection was lost; empty: a new session."""
    first_face_id: FirstFaceId = 1
    record: bool = Field(True, strict=True)
    """False: the server keeps no record of this session."""
    record_days: RecordDays = 0
    """For so many days at most; 0: for as long as the server keeps records."""


class AnswerBody(_Body):
    """The response to an offer that is served."""

    sdp: str
    type: Literal["answer"]
    session_id: str
    resume: str = ""
    """Token for the offer after this connection is lost."""
    secret: str = ""
    """Lets the peer change and end its session over HTTP."""
    recorded: bool = False
    """Whether the server keeps the results of this session."""
    record_days: int = 0
    """Days after which it deletes them; 0: they are not deleted."""
    resumed: bool = False
    """Whether the session continues that of the offer's `resume`, with its faces and counters."""


class TokenRequestBody(_Body):
    """`POST /tokens`: what kind of token an admin wants."""

    model_config = ConfigDict(extra="forbid", strict=True)

    lifetime_h: float = Field(2.0, ge=MIN_SHARED_LIFETIME_H, le=MAX_SHARED_LIFETIME_H, allow_inf_nan=False)
    subject: str = Field("shared link", min_length=1, max_length=64)
    """Who will use it, for the log."""
    url: str = Field("", max_length=300, pattern=f"^({_PAGE_URL})?$")
    """Address of the page, for `link` and `qr_svg`; empty: the response has neither."""


class IssuedToken(_Body):
    """The response to `POST /tokens`."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    token: str
    expires_in_s: int
    link: str | None = None
    """Opens the page with the token, which is in the fragment."""
    qr_svg: str | None = None
    """The link as a QR code: an SVG image without a script."""


class QrRequestBody(_Body):
    """`POST /qr`: which address the QR code opens."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: str = Field(max_length=300, pattern=f"^{_PAGE_URL}$")


class QrCode(_Body):
    """The response to `POST /qr`."""

    qr_svg: str
    """An SVG image without a script."""


class MarkerBody(_Body):
    """`POST /sessions/{id}/markers`: what is marked."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: MarkerName
    note: NoteText = ""


class MarkedBody(_Body):
    """The response to a marker: it, and its time."""

    id: int
    """Its number in this session, from 1, as in its event."""
    name: str
    note: str = ""
    pts: float
    """Seconds; that of the newest frame that had arrived, as in the telemetry."""


class ProblemCode(enum.StrEnum):
    """Why a request is rejected, for programs; codes never change, and more may be added."""

    TOKEN_REQUIRED = "token_required"  # noqa: S105 - a code, not a secret
    TOKEN_WRONG = "token_wrong"  # noqa: S105
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    NOT_AN_ADMIN = "not_an_admin"  # 403: a peer's token where an admin's is required
    NO_ADMINS = "no_admins"  # 404: the server has no admin tokens
    NO_TOKEN_KEY = "no_token_key"  # noqa: S105 - 404: the server has no key that signs tokens
    BAD_TOKEN_REQUEST = "bad_token_request"  # noqa: S105 - 400
    BAD_QR_REQUEST = "bad_qr_request"  # 400
    BAD_MARKER = "bad_marker"  # 400
    NO_FRAME_YET = "no_frame_yet"  # 409: a marker needs the time of a frame
    NOT_YOUR_SESSION = "not_your_session"  # 403
    ORIGIN_NOT_ALLOWED = "origin_not_allowed"  # 403
    BAD_GATEWAY_SIGNATURE = (
        "bad_gateway_signature"  # 403: a node of a cluster, and a gateway that it does not know
    )
    BAD_STATE = "bad_state"  # 400, to a gateway
    NO_STATE = "no_state"  # 404, to a gateway: nothing is known of a resume token
    OTHER_STATE_FORMAT = "other_state_format"  # 409, to a gateway: a node of another version
    RATE_LIMITED = "rate_limited"  # 429: the address asks too often
    TOO_MANY_SESSIONS_FOR_ADDRESS = "too_many_sessions_for_address"  # 429
    TOO_MANY_LISTENERS = "too_many_listeners"  # 429: of a session, or of all
    TOO_MANY_MARKERS = "too_many_markers"  # 429: of one session
    SERVER_FULL = "server_full"  # 503
    DRAINING = "draining"  # 503: the server is stopping
    NO_NODE = "no_node"  # 503: a gateway, and no node can take a new session
    NODE_UNREACHABLE = "node_unreachable"  # 502: a gateway, and the node of the session does not answer
    NO_MEDIA_PORT = "no_media_port"  # 503
    MACHINE_SHORTAGE = "machine_shortage"  # 503: the server lacks descriptors or memory
    BAD_OFFER = "bad_offer"  # 400
    OFFER_TOO_LARGE = "offer_too_large"  # 413
    BAD_CANDIDATES = "bad_candidates"  # 400
    CANDIDATES_TOO_LARGE = "candidates_too_large"  # 413
    ICE_RESTART_NOT_SUPPORTED = "ice_restart_not_supported"  # 422
    NO_SUCH_SESSION = "no_such_session"  # 404
    NO_RECORD = "no_record"  # 404: nothing is kept of the session
    RECORD_IN_USE = "record_in_use"  # 503: what is kept of the session cannot be deleted now
    BAD_OPENING = "bad_opening"  # 400: the first message of a socket
    NOT_A_WEBSOCKET = "not_a_websocket"  # 400
    COMPATIBILITY_MODE_OFF = "compatibility_mode_off"  # 404
    METRICS_OFF = "metrics_off"  # 404
    NO_SUCH_FILE = "no_such_file"  # 404
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"  # 415
    REQUEST_TIMEOUT = "request_timeout"  # 408: the body did not arrive in time
    BAD_HEADER = "bad_header"  # 400
    BAD_TARGET = "bad_target"  # 400: the host in the request target
    BAD_BODY = "bad_body"  # 400: not framed as its headers say
    BAD_QUERY = "bad_query"  # 400: a parameter of the address
    BAD_REQUEST = "bad_request"  # 400, from aiohttp
    NOT_FOUND = "not_found"  # 404: no such route
    METHOD_NOT_ALLOWED = "method_not_allowed"  # 405
    BODY_TOO_LARGE = "body_too_large"  # 413, from aiohttp
    EXPECTATION_FAILED = "expectation_failed"  # 417
    DISCONNECTED = "disconnected"  # 400: the client closed its connection, so it does not get this response
    SERVER_FAULT = "server_fault"  # 500: a bug in facestream
    REJECTED = "rejected"  # another status of aiohttp's


class Problem(_Body):
    """The body of every response to a rejected request (RFC 9457)."""

    type: str = "about:blank"
    title: str = ""
    status: int = 0
    """The HTTP status again; 0: not given, by a server of another kind."""
    detail: str
    """What was received, what is expected and what to do, for people."""
    code: str = ""
    """A `ProblemCode`; empty: not given, by a server of another kind."""


class SessionState(enum.StrEnum):
    """The state of a session."""

    NEGOTIATING = "negotiating"  # admitted, no frame yet
    STREAMING = "streaming"  # first frame seen
    CLOSED = "closed"  # the connection is closed and the tasks have ended


class SessionInfo(_Body):
    """The state of a session at one moment, for an admin; without addresses and secrets."""

    id: str
    kind: SessionKind
    state: SessionState
    age_s: float
    fps_in: float
    """Frames per second that arrive; 0 before the first two."""
    frames_in: int
    frames_analysed: int
    dropped: int
    recorded: bool = False
    """Whether its results are being kept in files."""


class SessionList(_Body):
    """`GET /sessions`."""

    sessions: Sequence[SessionInfo]
    missing_nodes: Sequence[str] = ()
    """Of a gateway: the ids of nodes whose sessions are missing here, because they did not answer."""


class Health(_Body):
    """`GET /healthz`."""

    status: str
    """`ok`, or why no frames are analysed."""
    sessions: int = Field(ge=0)
    analysis_processes: int = Field(ge=0)
    restarts: int = Field(ge=0)
    """Workers replaced since the start."""


class GatewayHealth(_Body):
    """`GET /healthz` of a gateway."""

    status: str
    """`ok`: the gateway works, whatever its nodes do; `/readyz` tells of these."""
    sessions: int = Field(ge=0)
    """Of all nodes that answer."""
    nodes: int = Field(ge=0)
    """Those that it knows."""
    nodes_serving: int = Field(ge=0)
    """Those that can be asked to take new sessions."""


class VersionedGatewayHealth(GatewayHealth):
    """`GET /healthz` of a gateway for admins."""

    version: str


class VersionedHealth(Health):
    """`GET /healthz` for admins."""

    version: str


class Readiness(_Body):
    """`GET /readyz`."""

    ready: bool
    """Whether a new peer would be admitted and its frames analysed, unless the server is full."""
    missing: Sequence[str] = ()
    """Why no new peer can be served, as sentences."""
    impaired: Sequence[str] = ()
    """Auxiliary tasks that have failed and will be restarted, as sentences; the server runs without these tasks."""


class IceServerBody(_Body):
    """One entry of `iceServers`, as RTCPeerConnection takes it."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    urls: Sequence[str]
    username: str | None = None
    credential: str | None = None


class PageConfig(_Body):
    """`GET /config`: what the page needs to know before it connects."""

    notice: str = ""
    views: Sequence[str] = ()
    resume_s: float = 0.0
    auth: Literal["token", "none"] = "none"
    """Whether this client needs a token to open a session."""
    token_problem: str = ""
    """The `ProblemCode` with which an offer with the token of this request would be rejected; empty: it would pass."""
    websocket: bool = False
    """Whether the compatibility mode is enabled."""
    version: str = ""
    """The server's version; only for local programs."""
    listens: Literal["", "loopback", "network"] = ""
    """Whether other machines can reach the server directly; only for local programs, else empty."""
    addresses: Sequence[str] = ()
    """Where other machines open the page, the likeliest first; only for local programs. Empty if there is none."""
    recorded: bool = False
    """Whether the server keeps the results of sessions."""
    record_days: int = 0
    """Days after which it deletes them; 0: they are not deleted."""
    models: Sequence[str] = ()
    """The models of the analysis, with their versions. Empty for clients that may not open a session."""
    ice_servers: Sequence[IceServerBody] = Field((), alias="iceServers")
    """Empty for clients that may not open a session."""
