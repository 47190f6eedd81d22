from facestream.ice.answer import has_candidates, has_relay, show_public_addresses

ANSWER = "\r\n".join(
    [
        "v=0",
        "o=- 1 1 IN IP4 0.0.0.0",
        "m=video 41000 UDP/TLS/RTP/SAVPF 96",
        "c=IN IP4 10.0.0.5",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=candidate:1 1 udp 2130706431 10.0.0.5 41000 typ host",
        "a=candidate:2 1 udp 2130706431 fd00::5 41001 typ host",
        "a=candidate:3 1 udp 1694498815 203.0.113.9 41000 typ srflx raddr 10.0.0.5 rport 41000",
        "a=candidate:4 1 udp 16777215 198.51.100.2 50001 typ relay raddr 203.0.113.9 rport 41000",
        "",
    ]
)


def test_behind_a_nat_the_answer_has_the_public_address_only():
    shown = show_public_addresses(ANSWER, ["203.0.113.9"])

    assert "10.0.0.5" not in shown
    assert "c=IN IP4 203.0.113.9\r\n" in shown
    assert "a=candidate:1 1 udp 2130706431 203.0.113.9 41000 typ host\r\n" in shown


def test_addresses_of_the_other_family_and_relays_stay():
    shown = show_public_addresses(ANSWER, ["203.0.113.9"])

    assert "fd00::5 41001 typ host" in shown
    assert "198.51.100.2 50001 typ relay" in shown


def test_loopback_stays():
    local = ANSWER.replace("10.0.0.5", "127.0.0.1")

    assert show_public_addresses(local, ["203.0.113.9"]) == local


def test_without_a_public_address_nothing_changes():
    assert show_public_addresses(ANSWER, []) == ANSWER


def test_an_answer_shows_whether_it_is_reachable_and_whether_through_a_relay():
    without_relay = ANSWER.replace("typ relay", "typ host")

    assert has_candidates(ANSWER)
    assert not has_candidates("v=0\r\nm=video 9 X\r\n")
    assert has_relay(ANSWER)
    assert not has_relay(without_relay)
