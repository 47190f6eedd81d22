"""Where a face is expected in the next frame, and how soon it needs a check."""

from dataclasses import replace

import numpy as np
import pytest

from facestream.analysis.geometry import placement_of
from facestream.analysis.landmarks import box_of_landmarks
from facestream.analysis.tracking.matching import confirmed, expected_box, is_settled, scaled, start_box
from facestream.analysis.tracking.tracks import Track


def track(velocity_x: float) -> Track:
    """A face of about 100 px at the middle of a frame."""
    points = np.random.default_rng(2).uniform(-50, 50, (68, 2)) + np.array((320, 240))
    return Track(1, points.astype(np.float32), seen_s=1.0, velocity_xy=(velocity_x, 0.0))


def test_a_face_is_looked_for_where_its_motion_takes_it():
    moving = track(300.0)

    assert start_box(moving, placement_of(moving.landmarks_xy), 1.033) == expected_box(moving, 1.033)


@pytest.mark.parametrize("velocity_x", [-900.0, 900.0])
def test_a_long_gap_carries_no_face_to_its_neighbour(velocity_x: float):
    moving = track(velocity_x)
    last = box_of_landmarks(moving.landmarks_xy)

    start = start_box(moving, placement_of(moving.landmarks_xy), 1.6)

    assert abs(expected_box(moving, 1.6).left - last.left) > 2 * last.width
    assert abs(start.left - last.left) == pytest.approx(last.width / 4)


def test_a_track_is_scaled_with_its_frame():
    moving = track(300.0)

    small = scaled(moving, 0.5)

    full, half = expected_box(moving, 1.1), expected_box(small, 1.1)
    assert half.center_xy == pytest.approx([value / 2 for value in full.center_xy])
    assert half.width == pytest.approx(full.width / 2)


def test_a_face_is_settled_while_its_check_was_clear_and_little_has_moved():
    seen = confirmed(track(0.0), 1.0, 0.9)
    width = box_of_landmarks(seen.landmarks_xy).width

    def moved(share: float) -> Track:
        return replace(seen, landmarks_xy=seen.landmarks_xy + np.float32(share * width))

    assert is_settled(moved(0.02), 0.8)
    assert not is_settled(moved(0.03), 0.8)
    assert not is_settled(seen, 0.95)
    assert is_settled(replace(seen, points_off=0.1), 0.8)
    assert not is_settled(replace(seen, points_off=0.2), 0.8)
    assert not is_settled(track(0.0), 0.8)
