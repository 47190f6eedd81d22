"""Open what a clip is read from: a file, a camera, an address. Says in one sentence why something cannot be opened.

Decodes nothing. No source can make FFmpeg open another one of another kind: a playlist from the network reads no file.
"""

import os
import re
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from facestream.addresses import shown_source, without_secrets
from facestream.analysis.image_header import HEADER_BYTES, foreign_kind, header_size_wh, image_kind
from facestream.analysis.photos import FOREIGN_ADVICE
from facestream.clips.layout import Layout, layout_of
from facestream.errors import ClipError

OPEN_TIMEOUT_S: Final = 10.0
READ_TIMEOUT_S: Final = 10.0
MAX_DECODED_PIXELS: Final = 8192 * 8192
"""Of a frame in a file; a small file can claim frames of gigabytes."""
_EXPECTED = "expected a video or an image"
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SECURE = "tls,tcp"
_PROTOCOLS: dict[str, str] = {
    "http": f"http,https,{_SECURE}",
    "https": f"http,https,{_SECURE}",
    "rtsp": f"rtsp,rtp,udp,{_SECURE}",
    "rtsps": f"rtsp,rtp,udp,{_SECURE}",
    "tcp": "tcp",
    "udp": "udp",
}
"""Addresses that are read, and what FFmpeg may open for them; `file` is in none."""
_ANIMATED_WEBP = 2
_NO_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails


@dataclass(frozen=True, slots=True)
class Source:
    """Where a clip comes from."""

    name: str
    """As the user wrote it; a path, a device or an address."""
    path: Path | None
    """The file or device; None: an address."""
    live: bool
    """A device or an address: it cannot be read twice, and its end is not known."""

    def __str__(self) -> str:
        return without_secrets(self.name) if self.path is None else self.name


def source_of(given: Path | str) -> Source:
    """What is meant: a path is a file or a device, a text may also be an address; raises ClipError."""
    address = _ADDRESS.match(given) if isinstance(given, str) else None
    if address is not None:
        source = Source(str(given), None, live=True)
        if address[1].lower() not in _PROTOCOLS:
            known = ", ".join(f"{scheme}://" for scheme in _PROTOCOLS)
            raise ClipError(f"{source}: {address[1]}:// is not read; expected a file, a camera, or {known}")
        return source
    path = Path(given)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise ClipError(f"{shown_source(str(path))}: {_unreadable(error)}; {_EXPECTED}") from error
    if stat.S_ISCHR(mode) and path.name.startswith("video"):
        return Source(str(path), path, live=True)
    if not stat.S_ISREG(mode):
        raise ClipError(f"{path}: not a file; {_EXPECTED}")
    return Source(str(path), path, live=False)


def head_of(source: Source) -> bytes:
    """The first bytes of a file, empty for live sources; raises ClipError if it cannot be read or is empty."""
    if source.path is None or source.live:
        return b""
    try:
        with source.path.open("rb") as file:
            head = file.read(HEADER_BYTES)
    except OSError as error:
        raise ClipError(f"{source}: {_unreadable(error)}; {_EXPECTED}") from error
    if not head:
        raise ClipError(f"{source}: the file is empty; {_EXPECTED}")
    return head


def is_photo(source: Source, head: bytes) -> bool:
    """Whether the file is one photograph; animations and series of JPEGs are videos. Raises ClipError."""
    kind = image_kind(head)
    if kind == "webp" and head[12:16] == b"VP8X" and head[20] & _ANIMATED_WEBP:
        # The decoder of images would return its first frame, and FFmpeg has none.
        raise ClipError(f"{source}: an animated WebP cannot be read; convert it to MP4 or GIF")
    if kind is None or kind == "gif" or (kind == "png" and b"acTL" in head[:4096]):
        return False
    return not (kind == "jpeg" and source.name.lower().endswith((".mjpg", ".mjpeg")))


def open_video(source: Source) -> tuple[InputContainer, VideoStream]:
    """The container and its video stream, which has a decoder; raises ClipError."""
    head = head_of(source)
    kind = foreign_kind(head)
    if kind is not None:
        raise ClipError(f"{source}: {kind} files cannot be read; {_EXPECTED}: {FOREIGN_ADVICE}")
    if head.startswith((b"#EXTM3U", b"ffconcat")):
        raise ClipError(
            f"{source}: a playlist, not a video; expected one of the files or addresses that it names"
        )
    _reject_too_large(source, header_size_wh(head))
    began_s = time.monotonic()
    try:
        container = _opened(source)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise ClipError(f"{source}: {_why_not(source, error, time.monotonic() - began_s)}") from error
    try:
        return container, _video_stream(source, container)
    except ClipError:
        container.close()
        raise


def _opened(source: Source) -> InputContainer:
    limits = {"max_pixels": str(MAX_DECODED_PIXELS)}
    if source.path is None:
        scheme = source.name.partition("://")[0].lower()
        options = {"protocol_whitelist": _PROTOCOLS[scheme]}
        if scheme in {"rtsp", "rtsps"}:
            # Over TCP no packet is lost, and nothing has to be let through a firewall. Some cameras offer UDP only.
            options["rtsp_flags"] = "prefer_tcp"
        return av.open(
            source.name,
            "r",
            options=limits,
            container_options=options,
            timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S),
        )
    if source.live:
        return av.open(
            os.fspath(source.path), "r", format="video4linux2", timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S)
        )
    # Without the protocol, the name 12:30.mp4 would be an address.
    return av.open(
        f"file:{source.path}",
        "r",
        options=limits,
        container_options={"protocol_whitelist": "file,crypto"},
        metadata_errors="replace",  # titles of old files are not UTF-8
    )


def _video_stream(source: Source, container: InputContainer) -> VideoStream:
    videos = list(container.streams.video)
    if not videos:
        raise ClipError(f"{source}: it has no video stream; {_EXPECTED}")
    films = [stream for stream in videos if not stream.disposition & _NO_VIDEO]
    if not films:
        raise ClipError(f"{source}: no video in it, only sound with a cover image; {_EXPECTED}")
    # PyAV 18: None if FFmpeg has no decoder, although the annotation does not say so.
    readable = [stream for stream in films if getattr(stream, "codec_context", None) is not None]
    if not readable:
        if _layout(source).cut_off:
            raise ClipError(f"{source}: the file is cut off after its header; copy or download it again")
        raise ClipError(f"{source}: no decoder for its video; convert it to H264 in an MP4")
    chosen = next((stream for stream in readable if stream.disposition & Disposition.default), readable[0])
    _reject_too_large(source, (chosen.codec_context.width, chosen.codec_context.height))
    return chosen


def _reject_too_large(source: Source, size_wh: tuple[int, int] | None) -> None:
    if size_wh is not None and size_wh[0] * size_wh[1] > MAX_DECODED_PIXELS:
        raise ClipError(
            f"{source}: {size_wh[0]}x{size_wh[1]} pixels, expected at most {MAX_DECODED_PIXELS} in total; "
            "use a smaller one"
        )


def _why_not(source: Source, error: Exception, elapsed_s: float) -> str:
    if source.live:
        article, where = ("a", "device") if source.path is not None else ("an", "address")
        # Of RTSP, FFmpeg calls a timeout invalid data.
        if isinstance(error, av.error.ExitError) or elapsed_s >= OPEN_TIMEOUT_S:
            return f"nothing came within {OPEN_TIMEOUT_S:.0f} s; is the {where} right, and is it sending?"
        return f"cannot be opened ({_reason(error)}); expected {article} {where} that sends video"
    layout = _layout(source)
    if layout.cut_off or layout.lacks_index:
        return "the file is cut off: its index is missing; copy or download it again"
    return f"cannot be read as video ({_reason(error)}); {_EXPECTED}"


def _layout(source: Source) -> Layout:
    return layout_of(source.path) if source.path is not None and not source.live else Layout()


def _unreadable(error: OSError | ValueError) -> str:
    return "no such file" if isinstance(error, FileNotFoundError) else f"cannot be read ({_reason(error)})"


def _reason(error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError | av.FFmpegError) else str(error)
    return reason or type(error).__name__
