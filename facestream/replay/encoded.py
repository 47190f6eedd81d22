"""A clip encoded once, with its frame numbers, for many peers to send; encodes nothing while it is sent."""

import asyncio
import time
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext

from facestream.errors import ClipError
from facestream.media.planes import planes_of
from facestream.replay.clip import Clip
from facestream.replay.options import Codec
from facestream.replay.stamp import fits, write_stamp
from facestream.replay.summary import Tally
from facestream.replay.track import TIME_BASE, VIDEO_CLOCK_HZ, ReplayTrack

MAX_ENCODED_FRAMES: Final = 900  # 30 s at 30 FPS, about 4 MB; what lasts longer repeats them
KEYFRAME_INTERVAL_S: Final = 2.0
"""Packets cannot become a keyframe when a picture is asked for, so one comes by itself."""
_BITS_PER_PIXEL = 0.1
_MIN_BITRATE, _MAX_BITRATE = 150_000, 3_000_000


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One frame as it is sent."""

    payload: bytes
    at_s: float
    counter: int | None
    """The stamp in its picture; None where the picture is too small for one."""


@dataclass(frozen=True, slots=True)
class EncodedClip:
    """Frames that start with a keyframe, so that they can be repeated."""

    frames: tuple[EncodedFrame, ...]
    interval_s: float
    frame_count: int | None
    """How many frames are to be sent, repeating them; None: without end."""

    @property
    def duration_s(self) -> float | None:
        """How long it takes to send; None: without end."""
        return None if self.frame_count is None else self.frame_time_s(self.frame_count)

    def frame_time_s(self, number: int) -> float:
        """When a frame is due, from the first, with the clip repeated."""
        rounds, index = divmod(number, len(self.frames))
        return rounds * self.length_s + self.frames[index].at_s

    @property
    def length_s(self) -> float:
        """From the first frame to the first of the next round."""
        return self.frames[-1].at_s + self.interval_s


def encode_clip(clip: Clip, codec: Codec, *, loop: bool, duration_s: float | None) -> EncodedClip:
    """Encode at most MAX_ENCODED_FRAMES of the clip, each picture with its number; raises ClipError."""
    encoder: VideoCodecContext | None = None
    frames: list[EncodedFrame] = []
    for number, frame in enumerate(clip.frames(loop=clip.still, duration_s=duration_s)):
        if number == MAX_ENCODED_FRAMES:
            break
        picture = frame.picture
        if encoder is None:
            encoder = _encoder(codec, picture, clip.fps)
        # One encoder for all: a clip that changes its size is cut where it does.
        if (picture.width, picture.height) != (encoder.width, encoder.height):
            break
        counter = number if fits(picture.width, picture.height) else None
        if counter is not None:
            write_stamp(planes_of(picture), counter)
        picture.pts, picture.time_base = round(frame.at_s * VIDEO_CLOCK_HZ), TIME_BASE
        picture.pict_type = av.video.frame.PictureType.NONE
        payload = b"".join(bytes(packet) for packet in encoder.encode(picture))
        frames.append(EncodedFrame(payload, frame.at_s, counter))
    if not frames:
        raise ClipError(f"{clip.path}: no frame within the duration; expected a longer one")
    count = clip.expected_frames(loop=loop, duration_s=duration_s)
    if not loop and count is None:
        count = len(frames)
    return EncodedClip(tuple(frames), 1 / clip.fps, count)


class EncodedTrack(ReplayTrack):
    """Sends an encoded clip; what is late shifts all that follows, because no frame may be missing."""

    def __init__(self, clip: EncodedClip, start: asyncio.Event, phase: float, tally: Tally) -> None:
        """Begin when `start` is set, at a share of 0..1 of the frame interval that is this track's own."""
        super().__init__(tally)
        self._clip = clip
        self._begin = start
        self._phase = phase
        self._sent = 0
        self._started_s = 0.0

    async def _next_due(self) -> "Packet[Stream]":
        clip = self._clip
        if clip.frame_count is not None and self._sent >= clip.frame_count:
            self.stop()
            raise MediaStreamError
        if not self._sent:
            await self._begin.wait()
            # Peers that send at the same instant would measure the length of a queue.
            self._started_s = time.monotonic() + self._phase * clip.interval_s
        frame = clip.frames[self._sent % len(clip.frames)]
        at_s = clip.frame_time_s(self._sent)
        early_s = self._started_s + at_s - time.monotonic()
        if early_s > 0:
            await asyncio.sleep(early_s)
        elif early_s < -clip.interval_s:
            self._tally.skipped += round(-early_s / clip.interval_s)
            self._started_s -= early_s
        self._sent += 1
        packet: Packet[Stream] = Packet(frame.payload)
        packet.pts, packet.time_base = round(at_s * VIDEO_CLOCK_HZ), TIME_BASE
        self._tally.count_sent(frame.counter, time.monotonic())
        return packet


def _encoder(codec: Codec, picture: VideoFrame, fps: float) -> VideoCodecContext:
    encoder = av.CodecContext.create("libvpx" if codec == "vp8" else "libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, "yuv420p"
    bitrate = round(picture.width * picture.height * fps * _BITS_PER_PIXEL)
    encoder.bit_rate = min(_MAX_BITRATE, max(_MIN_BITRATE, bitrate))
    encoder.time_base, encoder.framerate = TIME_BASE, Fraction(round(fps))
    encoder.gop_size = max(1, round(fps * KEYFRAME_INTERVAL_S))
    encoder.thread_count = 1
    if codec == "vp8":
        encoder.options = {"deadline": "realtime", "cpu-used": "-6", "lag-in-frames": "0"}
    else:
        encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "level": "31"}
        encoder.profile = "Baseline"
    return encoder
