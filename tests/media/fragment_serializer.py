"""Tells schemathesis how a fragment of candidates is written: it is text, whatever its type is called."""

import schemathesis


@schemathesis.serializer("application/trickle-ice-sdpfrag")
def as_text(_context: schemathesis.SerializationContext, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
