"""Where the head of one face was turned: seconds by yaw and pitch. Pure."""

from array import array
from collections.abc import Iterator

BIN_DEG = 5
YAW_BINS, PITCH_BINS = 24, 18
"""From -60 to 60 and from -45 to 45 degrees; what is beyond counts in the bin at the edge."""
AHEAD_DEG = 15.0
"""Up to here, the head is turned towards the camera."""
DIRECTIONS = ("ahead", "left", "right", "up", "down")


class PoseMap:
    """The head pose of one face over time."""

    def __init__(self) -> None:
        self._bins_s = array("f", bytes(4 * YAW_BINS * PITCH_BINS))
        self.directions_s = dict.fromkeys(DIRECTIONS, 0.0)
        """Seconds by direction; `left` is towards the left of the image."""

    def add(self, yaw_deg: float, pitch_deg: float, length_s: float) -> None:
        """A frame with this pose. Yaw: positive towards the right of the image; pitch: positive up."""
        column = min(YAW_BINS - 1, max(0, int(yaw_deg // BIN_DEG) + YAW_BINS // 2))
        row = min(PITCH_BINS - 1, max(0, int(pitch_deg // BIN_DEG) + PITCH_BINS // 2))
        self._bins_s[row * YAW_BINS + column] += length_s
        self.directions_s[direction_of(yaw_deg, pitch_deg)] += length_s

    @property
    def known_s(self) -> float:
        """How long the pose was known."""
        return sum(self.directions_s.values())

    def bins(self) -> Iterator[tuple[int, int, float]]:
        """Column from the left, row from below, and share of the fullest bin, of each bin that is not empty."""
        fullest_s = max(self._bins_s)
        for at, spent_s in enumerate(self._bins_s):
            if spent_s > 0:
                yield at % YAW_BINS, at // YAW_BINS, spent_s / fullest_s


def direction_of(yaw_deg: float, pitch_deg: float) -> str:
    """One of DIRECTIONS: the larger angle decides."""
    if max(abs(yaw_deg), abs(pitch_deg)) <= AHEAD_DEG:
        return "ahead"
    if abs(yaw_deg) >= abs(pitch_deg):
        return "right" if yaw_deg > 0 else "left"
    return "up" if pitch_deg > 0 else "down"
