"""Which path a connection found; aiortc 1.16 and aioice 0.13 keep it private."""

from aiortc import RTCPeerConnection


def path_kinds(pc: RTCPeerConnection) -> str:
    """The kinds of both ends of the path, ours first, like `host-prflx` or `relay-host`; empty: there is none yet."""
    for transceiver in pc.getTransceivers():
        ice = transceiver.sender.transport.transport
        for pair in ice._connection._nominated.values():
            return f"{pair.local_candidate.type}-{pair.remote_candidate.type}"
    return ""
