"""What a gateway states about a client, signed with the secret of the cluster, so that a node can believe it.

The secret itself never crosses the network. A signature is valid for one request and for a short time.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass

from facestream.errors import FacestreamError

VALID_S = 60.0
"""For clocks that differ; within it, a recorded request could be sent again."""
_SIGNATURE = re.compile(r"v1 (\d{10,12}) ([0-9a-f]{64})")
NO_BODY = "-"
"""In place of the digest of a body that the gateway passes on, and that the node reads as a client's."""


class SignatureError(FacestreamError):
    """A request says that it comes from a gateway, and its signature is not valid; the client gets HTTP 403."""

    code = "bad_gateway_signature"


@dataclass(frozen=True, slots=True)
class Statement:
    """One request of a gateway, and on whose behalf it is made."""

    method: str
    target: str
    """Path and query, as on the request line."""
    client: str = ""
    """Address of the client; empty: the gateway itself asks, or the client is a program on its machine."""
    host: str = ""
    """Host name and port in the URL that the client opened."""
    scheme: str = ""
    """http or https, as the client opened it."""
    is_local: bool = False
    """Whether the client is a program on the machine of the gateway."""
    body_sha256: str = NO_BODY

    def _text(self, at_s: int) -> bytes:
        where = "local" if self.is_local else "remote"
        parts = (
            str(at_s),
            self.method,
            self.target,
            self.client,
            self.host,
            self.scheme,
            where,
            self.body_sha256,
        )
        # No part can contain a line break: http forbids them in all of these.
        # aiohttp keeps bytes of a target that are no UTF-8 as lone surrogates.
        return "\n".join(parts).encode(errors="surrogatepass")


def digest_of(body: bytes) -> str:
    """The digest of a body that the gateway itself makes."""
    return hashlib.sha256(body).hexdigest()


def sign(statement: Statement, secret: str, now_s: float) -> str:
    """The signature for the header of the request; `now_s` is the time of day, in seconds since 1970."""
    at_s = int(now_s)
    return f"v1 {at_s} {_mac(statement, secret, at_s)}"


def check(statement: Statement, signature: str, secret: str, now_s: float) -> None:
    """Raise SignatureError unless `statement` was signed with this secret, lately."""
    found = _SIGNATURE.fullmatch(signature)
    if found is None:
        raise SignatureError("got no signature of version 1; expected a gateway of the same version")
    at_s = int(found[1])
    if not hmac.compare_digest(_mac(statement, secret, at_s), found[2]):
        raise SignatureError(
            "the signature is wrong; expected the same cluster_secret at the gateway and at the node"
        )
    if abs(now_s - at_s) > VALID_S:
        raise SignatureError(
            f"the request was signed {now_s - at_s:+.0f} s from now by the clock of this node; expected at most "
            f"{VALID_S:.0f} s: set the clocks of both machines"
        )


def _mac(statement: Statement, secret: str, at_s: int) -> str:
    return hmac.new(secret.encode(), statement._text(at_s), hashlib.sha256).hexdigest()  # noqa: SLF001
