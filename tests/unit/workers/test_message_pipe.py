"""Messages between the media process and a worker: each whole, in one write and, if it is short, one read."""

import os
import socket
import threading
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import pytest

from facestream.workers.message_pipe import READ_BYTES, MessagePipe

LENGTHS = [0, 10, READ_BYTES - 20, READ_BYTES, 3 * READ_BYTES]


@pytest.mark.parametrize("length", [10, 20_000, 100_000])
def test_a_message_is_sent_in_one_write(length: int):
    # On this socket, each write is one packet.
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, Connection(theirs.detach()) as pipe:
        MessagePipe(pipe).send(bytes(length))

        assert len(ours.recv(200_000)) > length


@pytest.mark.parametrize("length", LENGTHS)
def test_messages_arrive_as_they_were_sent(length: int):
    ours, theirs = Pipe()
    with ours, theirs:
        for message in ("x" * length, (length, None, b"y" * length)):
            # A long one fits into no buffer: its end is written while it is read.
            sending = threading.Thread(target=MessagePipe(theirs).send, args=(message,))
            sending.start()

            assert MessagePipe(ours).receive() == message
            sending.join()


def test_a_message_may_arrive_in_pieces():
    ours, theirs = Pipe()
    packets, packet = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, packets, Connection(packet.detach()) as pipe:
        MessagePipe(pipe).send("in pieces")
        content = packets.recv(1000)

        def write_pieces() -> None:
            for byte in content:
                os.write(theirs.fileno(), bytes([byte]))

        writing = threading.Thread(target=write_pieces)
        writing.start()

        assert MessagePipe(ours).receive() == "in pieces"
        writing.join()


def test_the_end_of_the_other_process_is_an_error_also_within_a_message():
    ours, theirs = Pipe()
    with ours:
        with theirs:
            os.write(theirs.fileno(), b"\0\0\1")
        with pytest.raises(EOFError):
            MessagePipe(ours).receive()
