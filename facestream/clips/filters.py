"""Chains of FFmpeg's filters for the frames of one look."""

from collections.abc import Sequence

import av.filter
from av import VideoFrame

_MATRIX_NAMES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc", 10: "bt2020c"}
_RANGE_NAMES = {1: "tv", 2: "pc"}

Step = tuple[str, str]
"""Name and arguments of a filter."""


def chain_for(frame: VideoFrame, steps: Sequence[Step]) -> av.filter.Graph:
    """Filters, one after the other, for frames of the same size, format and colours; pts are in milliseconds."""
    graph = av.filter.Graph()
    graph.threads = 1  # the other cores analyse, or are the server's
    source = (
        f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:time_base=1/1000:pixel_aspect=1/1"
        f":colorspace={_MATRIX_NAMES.get(frame.colorspace, 'unknown')}"
        f":range={_RANGE_NAMES.get(frame.color_range, 'unknown')}"
    )
    last = graph.add("buffer", source)
    for name, arguments in [*steps, ("buffersink", "")]:
        node = graph.add(name, arguments) if arguments else graph.add(name)
        last.link_to(node)
        last = node
    graph.configure()
    return graph
