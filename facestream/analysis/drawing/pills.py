"""Texts on a rounded ground, and where they fit into a frame; independent of faces."""

from typing import NamedTuple

from facestream.analysis.drawing.canvas import Canvas, Colour, rounded

LABEL_FREE_CORNER_WH = (200, 40)
LETTERS = frozenset("ÄÖÜäöüß")
"""Letters outside ASCII that may be drawn."""
SOFT_EDGE_PX = 2  # an anti-aliased shape extends beyond its outline by this much


class Area(NamedTuple):
    """A rectangle, in pixels of the frame."""

    left: float
    top: float
    width: float
    height: float

    def shared_px(self, other: "Area") -> float:
        """The number of pixels in both."""
        width = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        height = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        return max(0.0, width) * max(0.0, height)


def printable(text: str) -> str:
    """ASCII and the letters of the languages; OpenCV's font has no others in every version."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if " " <= char <= "~" or char in LETTERS else "?" for char in text)


def pill_wh(canvas: Canvas, text: str) -> tuple[float, float]:
    """Width and height of the ground of a text, in pixels."""
    return canvas.text_size(text)[0] + 1.2 * canvas.text_px, 1.9 * canvas.text_px


def inside(canvas: Canvas, area: Area) -> Area:
    """The area, moved into the frame and out of the corner without labels, as far as it fits."""
    width, height = canvas.size_wh
    left = max(0.0, min(area.left, width - area.width))
    top = max(0.0, min(area.top, height - area.height))
    free_width, free_height = (side + SOFT_EDGE_PX for side in LABEL_FREE_CORNER_WH)
    if left + area.width > width - free_width:
        top = max(0.0, min(top, height - free_height - area.height))
    return area._replace(left=left, top=top)


def draw_pill(canvas: Canvas, text: str, area: Area, ground: Colour, ink: Colour) -> None:
    """Draw a text on its ground; `area` has the size of `pill_wh`."""
    canvas.area(rounded(*area, 0.35 * area.height), ground)
    canvas.text(text, area.left + 0.6 * canvas.text_px, area.top + (area.height + canvas.text_px) / 2, ink)
