"""A clip that is encoded once, with frame numbers, and sent by many peers."""

import asyncio
import time
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Final

import av
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext

from facestream.clips.clip import Clip
from facestream.clips.reader import Problem
from facestream.errors import ClipError
from facestream.media.planes import planes_of
from facestream.replay.options import Codec
from facestream.replay.stamp import fits, write_stamp
from facestream.replay.summary import Tally
from facestream.replay.track import TIME_BASE, VIDEO_CLOCK_HZ, ReplayTrack, selection_for_sending

MAX_ENCODED_FRAMES: Final = 900  # 30 s at 30 FPS, about 4 MB; a longer replay repeats them
KEYFRAME_INTERVAL_S: Final = 2.0
"""Encoded packets cannot become keyframes on request, so every interval begins with a keyframe."""
_BITS_PER_PIXEL = 0.1
_MIN_BITRATE, _MAX_BITRATE = 150_000, 3_000_000


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One encoded frame."""

    payload: bytes
    at_s: float
    counter: int | None
    """The frame number in its pixels; None if the frame is too small for a number."""


@dataclass(frozen=True, slots=True)
class EncodedClip:
    """Encoded frames that start with a keyframe, so that they can be repeated."""

    frames: tuple[EncodedFrame, ...]
    interval_s: float
    frame_count: int | None
    """Frames to send, by repeating these; None: without end."""
    problems: tuple[Problem, ...] = ()
    """What was wrong with the clip as far as it was read."""

    @property
    def duration_s(self) -> float | None:
        """Seconds to send it; None: without end."""
        return None if self.frame_count is None else self.frame_time_s(self.frame_count)

    def frame_time_s(self, number: int) -> float:
        """Time of a frame in seconds from the first; numbers beyond the clip repeat it."""
        rounds, index = divmod(number, len(self.frames))
        return rounds * self.length_s + self.frames[index].at_s

    @property
    def length_s(self) -> float:
        """Seconds from the first frame to the first of the next repetition."""
        return self.frames[-1].at_s + self.interval_s


def encode_clip(clip: Clip, codec: Codec, *, loop: bool, duration_s: float | None) -> EncodedClip:
    """Encode at most MAX_ENCODED_FRAMES of the clip, each with its number; raises ClipError."""
    encoder: VideoCodecContext | None = None
    frames: list[EncodedFrame] = []
    with clip.frames(selection_for_sending(loop=clip.still, duration_s=duration_s)) as reader:
        for number, clip_frame in enumerate(islice(reader, MAX_ENCODED_FRAMES)):
            frame = clip_frame.frame
            if encoder is None:
                encoder = _encoder(codec, frame, clip.fps)
            # There is only one encoder, so the clip ends where the size of its frames changes.
            if (frame.width, frame.height) != (encoder.width, encoder.height):
                break
            counter = number if fits(frame.width, frame.height) else None
            if counter is not None:
                write_stamp(planes_of(frame), counter)
            frame.pts, frame.time_base = round(clip_frame.at_s * VIDEO_CLOCK_HZ), TIME_BASE
            frame.pict_type = av.video.frame.PictureType.NONE
            payload = b"".join(bytes(packet) for packet in encoder.encode(frame))
            frames.append(EncodedFrame(payload, clip_frame.at_s, counter))
    if not frames:
        raise ClipError(f"{clip.name}: no frame within the duration; expected a longer duration")
    count = clip.expected_frames(loop=loop, duration_s=duration_s)
    if not loop and count is None:
        count = len(frames)
    return EncodedClip(tuple(frames), 1 / clip.fps, count, reader.problems)


class EncodedTrack(ReplayTrack):
    """Sends an encoded clip; a late frame delays all later frames, because none may be missing."""

    def __init__(self, clip: EncodedClip, start: asyncio.Event, phase: float, tally: Tally) -> None:
        """Begin when `start` is set, plus `phase` (0..1) of a frame interval."""
        super().__init__(tally)
        self._clip = clip
        self._begin = start
        self._phase = phase
        self._sent = 0
        self._first = 0
        """Number of the frame that was sent as the first one of the clip, on the present connection."""
        self._started_s = 0.0

    async def _next_due(self) -> "Packet[Stream]":
        clip = self._clip
        if clip.frame_count is not None and self._sent >= clip.frame_count:
            self.stop()
            raise MediaStreamError
        if not self._sent:
            await self._begin.wait()
            # If all peers sent at the same time, they would measure the queue that this causes.
            self._started_s = time.monotonic() + self._phase * clip.interval_s
        if self._has_moved:
            # The next decoder knows nothing yet, and only the first frame is certainly a keyframe.
            self._first = self._sent
            self._started_s = max(self._started_s, time.monotonic() - clip.frame_time_s(self._sent))
            self._has_moved = False
        frame = clip.frames[(self._sent - self._first) % len(clip.frames)]
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


def _encoder(codec: Codec, frame: VideoFrame, fps: float) -> VideoCodecContext:
    encoder = av.CodecContext.create("libvpx" if codec == "vp8" else "libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuv420p"
    bitrate = round(frame.width * frame.height * fps * _BITS_PER_PIXEL)
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
