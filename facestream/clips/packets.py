"""Count the frames of a file without decoding them."""

from facestream.clips.source import Source, open_video

_HIDDEN_FRAMES = {"vp8"}
"""Codecs with packets that are decoded but not shown, which nothing outside of the packet says."""


def frames_before(source: Source, pts: int) -> int | None:
    """The number of frames of a file that are shown before this timestamp, in the time base of its video.

    None: a packet is not always a frame, or has no timestamp. Reads the file from its beginning to there. Packets that
    cannot be decoded count.
    """
    container, stream = open_video(source)
    with container:
        if stream.codec_context.name in _HIDDEN_FRAMES:
            return None
        count = 0
        for packet in container.demux(stream):
            if not packet.size:
                break
            if packet.pts is None or packet.dts is None:
                return None
            # A packet is decoded before it is shown, so all that follow are shown later.
            if packet.dts >= pts:
                break
            count += packet.pts < pts and not packet.is_discard
        return count
