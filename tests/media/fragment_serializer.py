"""Tells schemathesis to send SDP fragments as text."""

import schemathesis


@schemathesis.serializer("application/trickle-ice-sdpfrag")
def as_text(_context: schemathesis.SerializationContext, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
