"""Rewrite the media sections of an offer for aiortc 1.16, and rewrite its answer for the peer.

Pure text; does not negotiate. aiortc gets only the video section and the data channels, each with all attributes of its
transport. It never sees sections that are not served, so they cost no transceiver and no decoder.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from facestream.errors import OfferError

KINDS = frozenset({"video", "audio", "application"})
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
# Attributes of a transport (categories TRANSPORT and IDENTICAL of RFC 8859); each bundle has one set of them.
TRANSPORT_ATTRIBUTES = ("ice-ufrag", "ice-pwd", "ice-options", "fingerprint", "setup")
CANDIDATE_ATTRIBUTES = ("candidate", "end-of-candidates")
CODEC_ATTRIBUTES = ("a=rtpmap:", "a=fmtp:")
RTP_COMPONENT = "1"  # aiortc multiplexes RTCP with RTP and asserts that there is no other component
DISCARD_PORT = "9"
PAYLOAD_TYPES = frozenset(range(128)) - frozenset(range(72, 77))
"""What fits into an RTP packet that shares its port with RTCP (RFC 5761, section 4)."""
MAX_LINES = 500
"""Of one section; Chromium's have 131. aiortc applies every `a=rtcp-fb:*` to every codec and compares every SSRC with
all others, so the work grows quadratically."""
MAX_CODECS = 128
"""Of one section; RTP has no more payload types."""


@dataclass(frozen=True, slots=True)
class Section:
    """One media section: its `m=` line and the lines up to the next one."""

    lines: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        """Kind, port, profile and formats of the `m=` line; empty if missing."""
        words = self.lines[0][2:].split()
        return words + [""] * (3 - len(words))

    @property
    def kind(self) -> str:
        return self.words[0]

    @property
    def mid(self) -> str:
        """The mid; empty: none."""
        return next(iter(self.values("mid")), "")

    def values(self, *names: str) -> tuple[str, ...]:
        """The values of attributes, in order; empty for an attribute without a value."""
        return _values(self.lines, names)

    def without(self, *names: str) -> tuple[str, ...]:
        """The lines, without the given attributes."""
        return tuple(line for line in self.lines if _name(line) not in names)


@dataclass(frozen=True, slots=True)
class OfferSections:
    """An offer, read section by section, and which of its sections are served."""

    session: tuple[str, ...]
    """The lines before the first section."""
    sections: tuple[Section, ...]
    bundle: tuple[str, ...]
    """Mids of the sections that share the transport of the video, in the offer's order; empty: it has its own."""
    served: tuple[int, ...]
    """Indexes of the sections that aiortc gets."""

    @classmethod
    def read(cls, sdp: str, max_sections: int) -> Self:
        """Choose the sections to serve; raises OfferError for the first problem."""
        session, sections = _split(sdp)
        _check_sections(sections, max_sections)
        groups = _bundles(session)
        mids = {section.mid for section in sections}
        if any(mid not in mids for group in groups for mid in group):
            raise OfferError("sdp: BUNDLE names a missing section; expected mids of the offer")
        bundled = {mid for group in groups for mid in group}
        live = [at for at, section in enumerate(sections) if _is_live(section, bundled)]
        video = _served_video([at for at in live if sections[at].kind == "video"], session, sections)
        channels = [at for at in live if sections[at].kind == "application"]
        if len(channels) > 1:
            raise OfferError(f"sdp: {len(channels)} application sections; expected at most one")
        live_mids = {sections[at].mid for at in live}
        bundle = next((group for group in groups if sections[video].mid in group), ())
        return cls(
            session,
            sections,
            tuple(mid for mid in bundle if mid in live_mids),
            tuple(sorted([video, *channels])),
        )

    def for_aiortc(self) -> str:
        """The offer with only the served sections, each with all attributes of its transport."""
        moved = {*TRANSPORT_ATTRIBUTES, "group", *DIRECTIONS}
        lines = [line for line in self.session if _name(line) not in moved]
        if bundle := self._served_bundle():
            lines.append(f"a=group:BUNDLE {' '.join(bundle)}")
        for at in self.served:
            lines += self._with_transport(self.sections[at])
        return _joined(lines)

    def complete_answer(self, sdp: str) -> str:
        """Turn aiortc's answer into the peer's: one section for each offered one, in the same order.

        A section that is not served is inactive if it shares the transport, and rejected if it would need its own
        (RFC 8829, section 5.3.1).
        """
        session, answered = _split(sdp)
        lines = [line for line in session if _name(line) != "group"]
        if self.bundle:
            lines.insert(_group_position(lines), f"a=group:BUNDLE {' '.join(self.bundle)}")
        made = dict(zip(self.served, answered, strict=True))
        video = next(section for section in answered if section.kind == "video")
        for at, section in enumerate(self.sections):
            if at in made:
                lines += made[at].lines
            elif section.mid in self.bundle:
                lines += _inactive(section, video)
            else:
                lines += _rejected(section)
        return _joined(lines)

    def transports(self) -> Mapping[str, str]:
        """For each mid with a transport, the mid that aiortc uses for that transport."""
        served = self._served_bundle()
        own = {self.sections[at].mid: self.sections[at].mid for at in self.served}
        return own | (dict.fromkeys(self.bundle, served[0]) if served else {})

    def _served_bundle(self) -> tuple[str, ...]:
        served = {self.sections[at].mid for at in self.served}
        return tuple(mid for mid in self.bundle if mid in served)

    def _with_transport(self, section: Section) -> Iterator[str]:
        shares = section.mid in self.bundle
        # The first section of a bundle defines its transport, whatever the others repeat or omit (RFC 9143).
        sources = self._in_bundle() if shares else [section]
        kind, port, *rest = section.words
        yield f"m={kind} {DISCARD_PORT if port == '0' else port} {' '.join(rest)}"
        dropped = (*TRANSPORT_ATTRIBUTES, *CANDIDATE_ATTRIBUTES, "bundle-only", "mid", *DIRECTIONS)
        formats = _usable_formats(section)
        yield from (line for line in section.without(*dropped)[1:] if _is_used(line, formats))
        # Write exactly one mid, without spaces. Of several `a=mid` lines, aiortc uses the last one as it is, and a
        # section whose mid is not in the bundle gets no transport.
        if section.mid:
            yield f"a=mid:{section.mid}"
        yield f"a={_direction(section, self.session)}"
        for name in TRANSPORT_ATTRIBUTES:
            yield from (f"a={name}:{value}" for value in self._transport_values(name, sources))
        if not shares or section.mid == self._served_bundle()[0]:
            found = (value for source in sources for value in source.values("candidate"))
            yield from (
                f"a=candidate:{value}"
                for value in dict.fromkeys(found)
                if value.split()[1:2] == [RTP_COMPONENT]
            )

    def _in_bundle(self) -> list[Section]:
        by_mid = {section.mid: section for section in self.sections}
        return [by_mid[mid] for mid in self.bundle]

    def _transport_values(self, name: str, sources: list[Section]) -> tuple[str, ...]:
        first, *others = (source.values(name) for source in sources)
        return first or _values(self.session, (name,)) or next(filter(None, others), ())


def _check_sections(sections: tuple[Section, ...], max_sections: int) -> None:
    if not sections:
        raise OfferError("sdp: no media section; expected one with video")
    if len(sections) > max_sections:
        raise OfferError(f"sdp: {len(sections)} media sections; expected at most {max_sections}")
    for section in sections:
        if section.kind not in KINDS:
            raise OfferError(
                f"sdp: media section {section.kind[:20]!r}; expected only video, application and audio"
            )
        if len(section.lines) > MAX_LINES:
            raise OfferError(
                f"sdp: a media section of {len(section.lines)} lines; expected at most {MAX_LINES}"
            )
        if (codecs := len(section.values("rtpmap"))) > MAX_CODECS:
            raise OfferError(f"sdp: a media section with {codecs} codecs; expected at most {MAX_CODECS}")
    names = [section.mid for section in sections if section.mid]
    if len(set(names)) < len(names):
        raise OfferError("sdp: two sections have the same mid; expected a unique mid for each")


def _is_live(section: Section, bundled: set[str]) -> bool:
    """False: the peer rejects it. Port 0 with `bundle-only` is no rejection (RFC 9143, section 6)."""
    return section.words[1] != "0" or (bool(section.values("bundle-only")) and section.mid in bundled)


def _served_video(videos: list[int], session: tuple[str, ...], sections: tuple[Section, ...]) -> int:
    """The one sendrecv video section; any other video section may only be inactive or receive."""
    by_direction = {at: _direction(sections[at], session) for at in videos}
    both_ways = [at for at, direction in by_direction.items() if direction == "sendrecv"]
    sending = [at for at, direction in by_direction.items() if direction in {"sendrecv", "sendonly"}]
    if len(videos) != 1 and not (len(both_ways) == len(sending) == 1):
        raise OfferError(f"sdp: {len(videos)} video sections; expected exactly one: add one video track")
    if not both_ways:
        raise OfferError(
            f"sdp: video is {by_direction[videos[0]]}; expected sendrecv, to send the annotated video back"
        )
    return both_ways[0]


def _direction(section: Section, session: tuple[str, ...]) -> str:
    """The direction of the section, else of the session, else the default (RFC 8866, section 6.7)."""
    for lines in (section.lines, session):
        for line in lines:
            if _name(line) in DIRECTIONS:
                return _name(line)
    return "sendrecv"


def _usable_formats(section: Section) -> frozenset[int]:
    """Payload types of the `m=` line that RTP packets can carry; empty for data channels."""
    if section.kind == "application":
        return frozenset()
    numbers = (_payload_type(word) for word in section.words[3:])
    return PAYLOAD_TYPES.intersection(number for number in numbers if number is not None)


def _is_used(line: str, formats: frozenset[int]) -> bool:
    """False: the line describes a codec that the `m=` line does not list, or whose payload type no packet can carry.

    aiortc 1.16 would negotiate such a codec, and then reject its own answer. Malformed lines are left to its parser.
    """
    if not line.startswith(CODEC_ATTRIBUTES):
        return True
    number = _payload_type(line.partition(":")[2].partition(" ")[0])
    return number is None or number in formats


def _payload_type(text: str) -> int | None:
    """The number as aiortc reads it; None: not a number."""
    try:
        return int(text)
    except ValueError:
        return None


def _inactive(section: Section, served: Section) -> Iterator[str]:
    """Answer a section that shares the transport of a served one and sends nothing."""
    kind, _, profile, *formats = section.words
    chosen = formats[0] if formats else "0"
    yield f"m={kind} {served.words[1]} {profile} {chosen}"
    yield from (line for line in served.lines if line.startswith("c="))
    yield "a=inactive"
    yield f"a=mid:{section.mid}"
    yield "a=rtcp-mux"
    for name in ("rtpmap", "fmtp"):
        described = (value for value in section.values(name) if value.split()[:1] == [chosen])
        yield from (f"a={name}:{value}" for value in described)
    kept = (*TRANSPORT_ATTRIBUTES, *CANDIDATE_ATTRIBUTES)
    yield from (line for line in served.lines if _name(line) in kept)


def _rejected(section: Section) -> Iterator[str]:
    kind, _, profile, *formats = section.words
    yield f"m={kind} 0 {profile} {' '.join(formats[:1]) or '0'}"
    yield "c=IN IP4 0.0.0.0"
    yield "a=inactive"
    if section.mid:
        yield f"a=mid:{section.mid}"


def _bundles(session: Iterable[str]) -> list[tuple[str, ...]]:
    groups = (value.split() for value in _values(session, ("group",)))
    return [tuple(dict.fromkeys(words[1:])) for words in groups if words[:1] == ["BUNDLE"]]


def _group_position(session: list[str]) -> int:
    """Index of the first attribute, where the group line goes."""
    return next((at for at, line in enumerate(session) if line.startswith("a=")), len(session))


def _split(sdp: str) -> tuple[tuple[str, ...], tuple[Section, ...]]:
    session: list[str] = []
    sections: list[list[str]] = []
    for line in filter(None, map(str.strip, sdp.splitlines())):
        if line.startswith("m="):
            sections.append([line])
        else:
            (sections[-1] if sections else session).append(line)
    return tuple(session), tuple(Section(tuple(lines)) for lines in sections)


def _name(line: str) -> str:
    """The name of an attribute; empty for another kind of line."""
    return line[2:].partition(":")[0] if line.startswith("a=") else ""


def _values(lines: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    wanted = set(names)
    return tuple(line[2:].partition(":")[2].strip() for line in lines if _name(line) in wanted)


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\r\n" for line in lines)
