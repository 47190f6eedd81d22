"""Find the lowest H264 level that a stream conforms to (ITU-T H.264, table A-1). Pure."""

import math

# level_idc: macroblocks a second, macroblocks a frame, kbit/s
_LEVELS: dict[int, tuple[int, int, int]] = {
    10: (1_485, 99, 64),
    11: (3_000, 396, 192),
    12: (6_000, 396, 384),
    13: (11_880, 396, 768),
    20: (11_880, 396, 2_000),
    21: (19_800, 792, 4_000),
    22: (20_250, 1_620, 4_000),
    30: (40_500, 1_620, 10_000),
    31: (108_000, 3_600, 14_000),
    32: (216_000, 5_120, 20_000),
    40: (245_760, 8_192, 20_000),
    41: (245_760, 8_192, 50_000),
    42: (522_240, 8_704, 50_000),
    50: (589_824, 22_080, 135_000),
    51: (983_040, 36_864, 240_000),
    52: (2_073_600, 36_864, 240_000),
    60: (4_177_920, 139_264, 240_000),
    61: (8_355_840, 139_264, 480_000),
    62: (16_711_680, 139_264, 800_000),
}
HIGHEST = max(_LEVELS)


def level_for(width_px: int, height_px: int, fps: float, bitrate_bps: int) -> int:
    """The level_idc; the highest one if none is high enough."""
    columns, rows = math.ceil(width_px / 16), math.ceil(height_px / 16)
    blocks = columns * rows
    for level, (blocks_per_s, blocks_per_frame, kbps) in _LEVELS.items():
        if (
            blocks <= blocks_per_frame
            and max(columns, rows) ** 2 <= 8 * blocks_per_frame
            and blocks * fps <= blocks_per_s
            and bitrate_bps <= kbps * 1000
        ):
            return level
    return HIGHEST
