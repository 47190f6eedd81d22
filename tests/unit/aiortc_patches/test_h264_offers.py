import pytest

from facestream.aiortc_patches.h264_offers import HIGHEST_LEVEL, level_for


@pytest.mark.parametrize(
    ("width", "height", "fps", "bitrate_bps", "level"),
    [
        (176, 144, 15, 64_000, 10),
        (640, 480, 30, 2_500_000, 30),
        (641, 480, 30, 2_500_000, 30),
        (640, 480, 30, 12_000_000, 31),
        (1920, 1088, 30, 2_500_000, 40),
        (1920, 1088, 31, 2_500_000, 42),
        (1920, 16, 5, 64_000, 31),
        (16384, 16384, 60, 1_000_000, HIGHEST_LEVEL),
    ],
)
def test_the_level_is_the_lowest_that_size_rate_and_bitrate_allow(width, height, fps, bitrate_bps, level):
    assert level_for(width, height, fps, bitrate_bps) == level
