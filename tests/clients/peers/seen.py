"""Count what a peer receives, and post its offer and goodbye; standard library only, so that any Python runs it."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass, field
from typing import Any

ENOUGH_FRAMES = 20
ENOUGH_FACES = 3
DEADLINE_S = 25.0
REQUEST_S = 10.0
LOOK_AGAIN_S = 0.05
PING = '{"type": "ping", "id": 7}'


@dataclass(slots=True)
class Seen:
    """The counts of one peer; its test reads them as an `Outcome`."""

    client: str
    """Name and version."""
    wants_channels: bool = True
    status: int = 0
    """Status of the response to the offer; 0: no response."""
    detail: str = ""
    session_id: str = ""
    sections: list[str] = field(default_factory=list)
    """The media lines (`m=`) of the offer."""
    codec: str = ""
    """The video codec in the answer."""
    states: list[str] = field(default_factory=list)
    frames: int = 0
    """Frames of the annotated video: decoded, or counted by their last packet if the client does not decode."""
    spread: float | None = None
    """Standard deviation of the brightness in the last frame; None: this client does not decode."""
    telemetry: int = 0
    faces: int = 0
    """Telemetry messages with a face."""
    pong: bool = False
    goodbye: int = 0
    """Status of the response to the goodbye; 0: none was sent."""
    began_s: float = field(default_factory=time.monotonic)
    secret: str = ""

    @property
    def enough(self) -> bool:
        heard = self.faces >= ENOUGH_FACES and self.pong
        return self.frames >= ENOUGH_FRAMES and (heard or not self.wants_channels)

    @property
    def done(self) -> bool:
        """Whether it has received enough, was rejected, or is out of time."""
        late = time.monotonic() - self.began_s > DEADLINE_S
        return self.enough or late or self.status not in (0, 200)

    def wait(self) -> None:
        """Block until it is done."""
        while not self.done:
            time.sleep(LOOK_AGAIN_S)

    def on_message(self, label: str, text: str | bytes) -> None:
        """A message of a data channel."""
        message = json.loads(text)
        if label == "telemetry":
            self.telemetry += 1
            self.faces += bool(message["faces"])
        else:
            self.pong = self.pong or message == {"type": "pong", "id": 7}

    def post_offer(self, sdp: str) -> str | None:
        """Post the offer; returns the SDP of the answer, or None if the server rejects it. Blocks."""
        self.sections = [line.strip() for line in sdp.splitlines() if line.startswith("m=")]
        offer = json.dumps({"sdp": sdp, "type": "offer"}).encode()
        self.status, text = _post(f"{os.environ['SERVER']}/offer", offer)
        body: dict[str, Any] = json.loads(text)
        self.detail = body.get("detail", "")
        if self.status != 200:
            return None
        self.session_id, self.secret = body["session_id"], body["secret"]
        answer: str = body["sdp"]
        codecs = [line for line in answer.splitlines() if line.startswith("a=rtpmap:") and "/90000" in line]
        self.codec = codecs[0].split(" ")[1].split("/")[0] if codecs else ""
        return answer

    def say_goodbye(self) -> None:
        """End the session as the page does when it is closed. Blocks."""
        if self.session_id:
            url = f"{os.environ['SERVER']}/sessions/{self.session_id}/bye"
            self.goodbye, _ = _post(url, self.secret.encode())

    def report(self) -> None:
        """Print the counts as JSON."""
        seen = {name: value for name, value in asdict(self).items() if name not in {"began_s", "secret"}}
        sys.stdout.write(json.dumps(seen) + "\n")
        sys.stdout.flush()


def _post(url: str, body: bytes) -> tuple[int, bytes]:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_S) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
