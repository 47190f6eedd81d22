"""Measure whether memory and delay stay constant for half an hour with two peers; writes a line every five seconds."""

import argparse
import json

from benchmarks import measured, servers
from benchmarks.clips import TURN_S, face_clip
from benchmarks.measured import median, percentile, say, slope
from benchmarks.peers import sending

LOOK_EVERY_S = 5.0
SETTLING_MINUTES = 5.0


async def measure(args: argparse.Namespace) -> dict[str, object]:
    """Run two peers for the whole time."""
    minutes = 0.25 if args.quick else args.minutes
    settling = 0.0 if args.quick else SETTLING_MINUTES
    progress = measured.RESULTS / "soak.jsonl"
    progress.parent.mkdir(parents=True, exist_ok=True)
    looks: list[dict[str, float]] = []
    with servers.running(servers.OURS) as server, progress.open("w", encoding="utf-8") as out:
        async with sending(server, face_clip(), 2, length_s=TURN_S) as group:
            began = group.look()
            while not looks or looks[-1]["minute"] < minutes:
                window = await group.watch(LOOK_EVERY_S)
                now = group.look()
                looks.append(
                    {
                        "minute": round((now.at_s - began.at_s) / 60, 3),
                        "rss_mb": now.server.rss_mb,
                        "own_rss_mb": now.server.own_rss_mb,
                        "threads": now.server.threads,
                        "file_descriptors": now.server.file_descriptors,
                        "p50_ms": percentile(window.delays_ms, 50) or 0.0,
                        "p95_ms": percentile(window.delays_ms, 95) or 0.0,
                        "fps_analysed_min": min(window.fps_analysed),
                        "dropped": window.dropped,
                        "foreign_cores": window.foreign_cores,
                    }
                )
                out.write(json.dumps(looks[-1]) + "\n")
                out.flush()
    say(f"soak: {len(looks)} looks")
    return summed_up(looks, settling)


def summed_up(looks: list[dict[str, float]], settling: float) -> dict[str, object]:
    """Slopes without the first minutes; works on an unfinished file too."""
    settled = [look for look in looks if look["minute"] >= settling]
    return {
        "minutes": looks[-1]["minute"],
        "peers": 2,
        "slopes_after_minutes": settling,
        "rss_mb_per_minute": _slope(settled, "rss_mb"),
        "media_process_rss_mb_per_minute": _slope(settled, "own_rss_mb"),
        "p50_ms_per_minute": _slope(settled, "p50_ms"),
        "p95_ms_per_minute": _slope(settled, "p95_ms"),
        "bars": {"rss_mb_per_minute": 1.0, "delay": "flat"},
        "first": settled[:1],
        "last": settled[-1:],
        "p50_ms": median([look["p50_ms"] for look in settled]),
        "p95_ms": median([look["p95_ms"] for look in settled]),
        "fps_analysed_min": min(look["fps_analysed_min"] for look in settled),
        "foreign_cores": median([look["foreign_cores"] for look in settled]),
        "dropped": sum(look["dropped"] for look in settled),
    }


def _slope(looks: list[dict[str, float]], name: str) -> float:
    return round(slope([(look["minute"], look[name]) for look in looks]), 3)


def main() -> None:
    """Measure and write the JSON."""
    options = measured.parser(__doc__ or "")
    options.add_argument("--minutes", type=float, default=30.0)
    args = options.parse_args()
    measured.run("soak", args, measure(args))


if __name__ == "__main__":
    main()
