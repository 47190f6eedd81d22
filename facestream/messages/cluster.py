"""What gateways and nodes of a cluster say to each other over HTTP. Never sends anything.

Requests of a gateway carry a signature (credentials/statements.py); nobody else gets these responses.
"""

from pydantic import BaseModel, ConfigDict, Field

from facestream.session_ids import NODE_ID

GATEWAY_HEADER = "X-Facestream-Gateway"
"""The signature of a gateway over a request and what the headers below say."""
CLIENT_HEADER = "X-Facestream-Client"
"""`local`: the client is a program on the machine of the gateway; `remote`."""
LOCAL, REMOTE = "local", "remote"
FORWARDED_FOR, FORWARDED_HOST, FORWARDED_PROTO = "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"
"""Exactly one address of the client, or none; host and port, and http or https, as the client opened them."""
MOVED_HEADER = "X-Facestream-Moved"
"""In a response 404 about a session: the id of the one that continues it on another node."""
PROTOCOL = 1
"""Gateways and nodes of another number do not work together."""
MAX_STATE_BYTES = 256 * 1024
"""Of what one node hands to another: a few kB for each face."""
MAX_DRAIN_S = 86_400.0


class _Body(BaseModel):
    # Unknown fields are ignored: a newer node may say more.
    model_config = ConfigDict(frozen=True)

    def to_json(self) -> str:
        """The body as JSON."""
        return self.model_dump_json()


class NodeInfo(_Body):
    """`GET /node`: how a node is, at one moment."""

    protocol: int = PROTOCOL
    node: str = Field(pattern=f"^{NODE_ID}$")
    version: str
    sessions: int = Field(ge=0)
    max_sessions: int = Field(ge=1)
    places: int = Field(ge=0)
    """Sessions that it would admit beside the present ones."""
    frame_ms: float = Field(ge=0)
    """Core milliseconds of an ordinary frame, as measured; before the first, as presumed."""
    fps: float = Field(ge=0)
    """Frames per second that arrive, of all sessions together."""
    cores: float = Field(ge=0)
    draining: bool = False
    """It admits no more sessions, and asks its peers to move."""
    ready: bool = True
    """Whether the frames of a new peer would be analysed."""
    resumable: int = Field(0, ge=0)
    """Ended sessions whose peers may still resume them."""


class DrainBody(_Body):
    """`POST /node/drain`: admit no more sessions, and ask the peers to move."""

    deadline_s: float = Field(60.0, ge=0, le=MAX_DRAIN_S, allow_inf_nan=False)
    """After this, sessions that are still here are ended with the notice `stopping`."""


class MovedBody(_Body):
    """`POST /node/states/{token}/moved`: the peer of that resume token is served by another node now."""

    session_id: str
    """Of its session there."""
