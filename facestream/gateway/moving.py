"""Hand what a peer resumes from the node of its resume token to the node that serves it next.

The nodes keep it; a gateway that dies between two steps loses nothing: the session goes on where it is.
"""

import logging
import time

from facestream.cluster.placement import Node, NodeState
from facestream.gateway.cluster import Cluster
from facestream.gateway.node_client import NodeFailedError
from facestream.messages.cluster import MAX_STATE_BYTES, MovedBody
from facestream.session_ids import node_of

logger = logging.getLogger(__name__)


class Move:
    """The way of one peer to another node, if it needs one."""

    def __init__(self, cluster: Cluster, resume_token: str) -> None:
        self._cluster = cluster
        self._path = f"/node/states/{resume_token}"
        self.owner = cluster.fleet.named(node_of(resume_token))
        """The node that has the state of this peer; None: a new peer, or its node is gone."""
        self._state: bytes | None = None
        self._asked = False
        self._carried_to: Node | None = None

    async def carry_to(self, node: Node) -> None:
        """Give the state to a node, so that an offer with the token resumes it there.

        If there is none, or it cannot be moved, the peer begins anew there: a session with new ids is better than none.
        """
        if self.owner is None or node is self.owner:
            return
        if not self._asked:
            self._asked = True
            self._state = await self._fetch(self.owner)
        if self._state is None:
            return
        try:
            answer = await self._cluster.client.ask(node.url, "PUT", self._path, self._state)
        except NodeFailedError:
            return  # the offer fails there, too
        if answer.status == 204:
            self._carried_to = node
        else:
            logger.warning("node %s takes no state of a session (HTTP %d)", node.url, answer.status)

    async def finish(self, node: Node, session_id: str) -> None:
        """The peer is served by `node` now: end its session at the owner, which keeps where it is."""
        if self.owner is None or node is self.owner:
            return
        carried = self._carried_to is node
        self._cluster.moved["with_state" if carried else "without_state"] += 1
        if not carried:
            return
        body = MovedBody(session_id=session_id).to_json().encode()
        try:
            answer = await self._cluster.client.ask(self.owner.url, "POST", f"{self._path}/moved", body)
        except NodeFailedError as error:
            # Its session there ends by itself: the peer is no longer there.
            logger.info("node %s does not know that a session has moved: %s", self.owner.url, error)
        else:
            if answer.status >= 400:
                logger.warning(
                    "node %s does not end a session that has moved (HTTP %d)", self.owner.url, answer.status
                )

    async def _fetch(self, owner: Node) -> bytes | None:
        if self._cluster.fleet.state(owner, time.monotonic()) is NodeState.SUSPECT:
            return None
        try:
            answer = await self._cluster.client.ask(owner.url, "GET", self._path, most_bytes=MAX_STATE_BYTES)
        except NodeFailedError:
            return None
        return answer.body if answer.status == 200 else None
