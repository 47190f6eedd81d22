"""The socket of OSC: which address is used, and what is said if nothing can be sent."""

import socket
from contextlib import closing

import pytest
from pythonosc.osc_packet import OscPacket

from facestream.live.osc import OscSink
from facestream.messages.events import SessionStart

START = SessionStart(session_id="some-id")


def test_a_broadcast_address_reaches_whoever_listens():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.255.255.255", 0))
        receiver.settimeout(10)
        with closing(OscSink("127.255.255.255", receiver.getsockname()[1], "facestream")) as sink:
            sink.send(START)
        datagram = receiver.recv(1000)

    assert OscPacket(datagram).messages[0].message.params == ["some-id"]


def test_a_name_with_both_kinds_of_address_means_the_one_of_ipv4(monkeypatch: pytest.MonkeyPatch):
    found = [
        (socket.AF_INET6, socket.SOCK_DGRAM, 17, "", ("::1", 9, 0, 0)),
        (socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", 9)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_named: found)

    with closing(OscSink("localhost", 9, "facestream")) as sink:
        assert sink._socket.family is socket.AF_INET


def test_what_cannot_be_sent_is_said_once():
    said: list[str] = []

    # The system sends nothing to port 0.
    with closing(OscSink("127.0.0.1", 0, "facestream", said.append)) as sink:
        sink.send(START)
        sink.send(START)

    assert len(said) == 1
    assert said[0].startswith("osc: nothing can be sent to 127.0.0.1:0 (")
