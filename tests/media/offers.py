"""Hypothesis strategies for malformed offers: mutations of real offers of Chromium and Firefox."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from hypothesis import strategies as st

DATA = Path(__file__).resolve().parents[1] / "data"
BROWSERS = ("chrome", "firefox")
MAX_MUTATIONS = 4

Lines = list[str]
Mutation = Callable[[Lines], Lines]

ODD_NUMBERS = (
    "0",
    "-1",
    "72",
    "128",
    "256",
    "300",
    "1.5",
    "255",
    "999",
    "65535",
    "65536",
    "4294967296",
    "9" * 40,
    "1e9",
    "0x10",
    "٣",
)
ODD_WORDS = (
    "",
    " ",
    "\0",
    "\r",
    "a=b=c",
    "*",
    "😀",
    "\ufffe",
    "%s%n",
    "../..",
    "IN IP6 ::",
    "x" * 5000,
    "null",
)
ODD_LINES = (
    "", "v", "=", "a=", "m=", "m=video", "m=video 9", "m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=text 9 TCP t140",
    "m=video 0 UDP/TLS/RTP/SAVPF 96", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4", "o=-",
    "a=setup:", "a=setup:holdconn", "a=mid:", "a=mid:0", "a=group:BUNDLE", "a=group:BUNDLE 7", "a=group:FID 1 2",
    "a=fingerprint:sha-256", "a=fingerprint:md5 00:11", "a=fingerprint:sha-256 zz", "a=ice-ufrag:", "a=ice-pwd:x",
    "a=candidate:", "a=candidate:1 1 udp 1 127.0.0.1 9 typ", "a=candidate:1 1 udp x 127.0.0.1 y typ host",
    "a=rtpmap:", "a=rtpmap:96", "a=rtpmap:999 VP8/90000", "a=rtpmap:96 VP8", "a=rtpmap:96 VP8/0", "a=fmtp:",
    "a=fmtp:999 apt=96", "a=fmtp:97 apt=", "a=fmtp:97 apt=97", "a=rtcp-fb:", "a=rtcp-fb:96", "a=extmap:",
    "a=extmap:0 x", "a=ssrc:", "a=ssrc:x cname:y", "a=ssrc-group:FID 1", "a=msid:", "a=rtcp:", "a=rtcp:9 IN",
    "a=sctp-port:", "a=sctp-port:x", "a=sctpmap:5000", "a=max-message-size:x", "a=ice-options:", "a=ice-lite",
    "a=sctp-port", "a=sctp-port:99999999", "a=max-message-size", "a=max-message-size:-1", "a=max-message-size:20",
    "a=msid-semantic:WMS *", "a=msid: x", "a=rtpmap:72 H264/90000", "a=rtpmap:300 H264/90000",
    "a=rtpmap:-1 H264/90000", "a=rtpmap:128 rtx/90000", "a=fmtp:128 apt=96", "a=fmtp:103 sprop-parameter-sets=é",
    "a=extmap:300 urn:ietf:params:rtp-hdrext:sdes:mid", "a=extmap:-1 urn:ietf:params:rtp-hdrext:sdes:mid",
    "a=ssrc:99999999999 cname:y",
    "a=inactive", "a=sendonly", "a=recvonly", "a=rtcp-mux", "a=end-of-candidates", "a=rid:1 send", "a=simulcast:send 1",
)  # fmt: skip


def read_offer(browser: str) -> str:
    return (DATA / f"{browser}_offer.sdp").read_bytes().decode()


ORIGINALS = {browser: read_offer(browser).split("\r\n") for browser in BROWSERS}


@st.composite
def mutations(draw: st.DrawFn) -> Mutation:
    """One mutation of a description."""
    change = draw(st.sampled_from(CHANGES))
    where, other = draw(st.floats(0, 1, exclude_max=True)), draw(st.floats(0, 1, exclude_max=True))
    number, word, line = (draw(st.sampled_from(odd)) for odd in (ODD_NUMBERS, ODD_WORDS, ODD_LINES))
    foreign = ORIGINALS[draw(st.sampled_from(BROWSERS))]

    def mutate(lines: Lines) -> Lines:
        if not lines:
            return [line]
        at = int(where * len(lines))
        chosen = lines[at]
        match change:
            case "delete":
                return lines[:at] + lines[at + 1 :]
            case "delete kind":
                return [kept for kept in lines if not kept.startswith(chosen[:6])]
            case "duplicate":
                return lines[: at + 1] + lines[at:]
            case "move":
                rest = lines[:at] + lines[at + 1 :]
                to = int(other * len(rest))
                return [*rest[:to], chosen, *rest[to:]]
            case "foreign line":
                return [*lines[:at], foreign[int(other * len(foreign))], *lines[at:]]
            case "insert":
                return [*lines[:at], line, *lines[at:]]
            case "cut line":
                return [*lines[:at], chosen[: int(other * len(chosen))], *lines[at + 1 :]]
            case "cut":
                return lines[:at]
            case "number":
                return [*lines[:at], with_odd_number(chosen, other, number), *lines[at + 1 :]]
            case "value":
                return [*lines[:at], chosen.partition(":")[0], *lines[at + 1 :]]
            case "payload type":
                return with_odd_payload_type(lines, chosen, number)
            case "word":
                words = chosen.split(" ")
                words[int(other * len(words))] = word
                return [*lines[:at], " ".join(words), *lines[at + 1 :]]
            case "many sections":
                start = next((i for i, kept in enumerate(lines) if kept.startswith("m=")), 0)
                return lines + lines[start : start + 12] * int(2 + other * 60)
            case "many lines":
                return [*lines[:at], *[chosen] * int(2 + other * 400), *lines[at:]]
        return lines

    return mutate


CHANGES = (
    "delete", "delete kind", "duplicate", "move", "foreign line", "insert", "cut line", "cut", "number", "word",
    "many sections", "many lines", "value", "payload type",
)  # fmt: skip


def with_odd_number(line: str, where: float, number: str) -> str:
    """The line with one of its numbers replaced."""
    starts = [i for i, sign in enumerate(line) if sign.isdigit() and not (i and line[i - 1].isdigit())]
    if not starts:
        return line + number
    start = starts[int(where * len(starts))]
    end = start
    while end < len(line) and line[end].isdigit():
        end += 1
    return line[:start] + number + line[end:]


def with_odd_payload_type(lines: Lines, chosen: str, number: str) -> Lines:
    """The lines with another payload type for the codec that `chosen` describes; the `m=` line keeps the old one."""
    found = re.match(r"a=(?:rtpmap|fmtp|rtcp-fb):(\d+) ", chosen)
    if found is None:
        return lines
    described = re.compile(rf"(a=(?:rtpmap|fmtp|rtcp-fb):|.* apt=){found[1]}\b")
    return [described.sub(lambda named: named[1] + number, line) for line in lines]


@st.composite
def descriptions(draw: st.DrawFn) -> str:
    """A description with a few mutations."""
    lines = list(ORIGINALS[draw(st.sampled_from(BROWSERS))])
    for mutate in draw(st.lists(mutations(), min_size=1, max_size=MAX_MUTATIONS)):
        lines = mutate(lines)
    return draw(st.sampled_from(("\r\n", "\r\n", "\r\n", "\n", "\r"))).join(lines)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Request bodies: mostly JSON with a mutated description, sometimes arbitrary bytes."""
    kind = draw(st.integers(0, 19))
    if kind == 0:
        return draw(st.binary(max_size=200))
    if kind == 1:
        return json.dumps(draw(json_values)).encode()
    offer: dict[str, object] = {"sdp": draw(descriptions()), "type": "offer"}
    if kind == 2:
        offer[draw(st.sampled_from(("sdp", "type", "resume", "other")))] = draw(json_values)
    body = json.dumps(offer).encode()
    return body[: draw(st.integers(0, len(body)))] if kind == 3 else body
