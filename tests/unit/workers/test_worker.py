import socket
from multiprocessing.connection import Connection

import pytest

from facestream.workers.worker import send_whole


@pytest.mark.parametrize("length", [10, 20_000, 100_000])
def test_a_message_is_sent_in_one_write(length: int):
    # On this socket, each write is one packet.
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, Connection(theirs.detach()) as pipe:
        send_whole(pipe, bytes(length))

        assert len(ours.recv(200_000)) > length


def test_a_message_is_readable_with_recv():
    ours, theirs = socket.socketpair()
    with Connection(ours.detach()) as reader, Connection(theirs.detach()) as writer:
        send_whole(writer, "x" * 50_000)

        assert reader.recv() == "x" * 50_000
