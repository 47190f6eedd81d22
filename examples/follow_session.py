"""Print the expressions and markers of the newest session of a server: `python follow_session.py URL FILE`.

FILE has an admin token, as `facestream token --admin > FILE` writes it.
"""

import asyncio
import sys
from pathlib import Path

import facestream


async def follow(url: str, token: str) -> None:
    """Print until Ctrl-C."""
    async for event in facestream.follow_events(url, token=token):
        match event:
            case facestream.Telemetry():
                for face in event.faces:
                    print(f"{event.pts:.3f} s  face {face.id}  {face.label}")
            case facestream.Marker():
                print(f"{event.pts:.3f} s  marker {event.name} {event.note}")
            case facestream.SessionEnd():
                print(f"the session has ended: {event.ending}", flush=True)


if __name__ == "__main__":
    asyncio.run(follow(sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8").split()[0]))
