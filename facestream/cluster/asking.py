"""Ask a node how it is, and make it drain; signed, as a gateway does. Blocks: for a thread, or a command."""

import http.client
import ssl
import time
from urllib.parse import urlsplit

from pydantic import ValidationError

from facestream.credentials.statements import Statement, digest_of, sign
from facestream.errors import FacestreamError
from facestream.messages.cluster import GATEWAY_HEADER, DrainBody, NodeInfo

ANSWER_LIMIT_S = 2.0
_MAX_BYTES = 64 * 1024


class NodeUnreachableError(FacestreamError):
    """A node does not answer, or not as a node of this cluster does."""

    code = "node_unreachable"


def fetch_info(url: str, secret: str, tls: ssl.SSLContext) -> NodeInfo:
    """How the server at `url` is. Raises NodeUnreachableError."""
    return _ask(url, "GET", "/node", b"", secret, tls)


def start_drain(url: str, secret: str, tls: ssl.SSLContext, deadline_s: float) -> NodeInfo:
    """Make the server at `url` move its peers away within this time. Raises NodeUnreachableError."""
    return _ask(url, "POST", "/node/drain", DrainBody(deadline_s=deadline_s).to_json().encode(), secret, tls)


def left_on(info: NodeInfo) -> int:
    """Sessions that must leave before the node can stop: a peer that is lost may still come back to its own."""
    return info.sessions + info.resumable


def own_machine() -> ssl.SSLContext:
    """For a server that this process itself has started; its certificate names the site, not this address."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _ask(url: str, method: str, path: str, body: bytes, secret: str, tls: ssl.SSLContext) -> NodeInfo:
    where = urlsplit(url)
    connection = (
        http.client.HTTPSConnection(where.netloc, timeout=ANSWER_LIMIT_S, context=tls)
        if where.scheme == "https"
        else http.client.HTTPConnection(where.netloc, timeout=ANSWER_LIMIT_S)
    )
    now_s = time.time()  # noqa: TID251 - the signature is about the time of day
    headers = {
        GATEWAY_HEADER: sign(Statement(method, path, body_sha256=digest_of(body)), secret, now_s),
        "Content-Type": "application/json",
    }
    try:
        connection.request(method, path, body=body or None, headers=headers)
        answer = connection.getresponse()
        said = answer.read(_MAX_BYTES)
        if answer.status not in {200, 202}:
            raise NodeUnreachableError(
                f"the server at {url} answers {method} {path} with {answer.status}; expected a node with the same "
                "cluster_secret, and clocks that agree within a minute"
            )
        return NodeInfo.model_validate_json(said)
    except (OSError, http.client.HTTPException, ValidationError) as error:
        raise NodeUnreachableError(
            f"the server at {url} does not answer {method} {path}: {error}; expected a running node: start it with "
            "the cluster_secret, open its port for this machine, or correct the address"
        ) from error
    finally:
        connection.close()
