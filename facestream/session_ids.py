"""Ids of sessions and their tokens: in a cluster, each begins with the id of the node that made it.

A gateway finds the node of a session by this prefix, without a store that gateways share. Without a cluster there is no
prefix.
"""

import re
import secrets
import string

NODE_ID = r"[a-z0-9]{1,12}"
"""What a node may be called; short, because it is in every address of a session."""
SEPARATOR = "."
RANDOM_PART = r"[A-Za-z0-9_-]{22}"
RANDOM_BYTES = 16
SESSION_ID = re.compile(rf"(?:({NODE_ID})\.)?{RANDOM_PART}")
"""The whole id; group 1 is the node."""
_ALPHABET = sorted({*string.ascii_lowercase, *string.digits} - set("01ilo"))
_NODE_CHARS = 6


def new_id(node: str = "") -> str:
    """A random id or token of a session on this node; empty: no cluster."""
    made = secrets.token_urlsafe(RANDOM_BYTES)
    return f"{node}{SEPARATOR}{made}" if node else made


def node_of(session_id: str) -> str:
    """The node that made an id or a token; empty: it names none."""
    found = SESSION_ID.fullmatch(session_id)
    return (found[1] or "") if found else ""


def new_node_id() -> str:
    """A random id for a node: one of 880 million, without characters that people mistake for each other."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_NODE_CHARS))
