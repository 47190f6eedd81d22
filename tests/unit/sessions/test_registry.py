import asyncio
from pathlib import Path
from types import SimpleNamespace

from facestream.analysis.options import AnalysisOptions
from facestream.config import Config
from facestream.sessions.registry import SessionRegistry
from facestream.workers.pool import AnalysisPool


async def test_what_is_kept_of_a_lost_peer_is_gone_in_time_though_nobody_else_comes(tmp_path: Path):
    registry = SessionRegistry(Config(resume_s=0.05), AnalysisPool(tmp_path, AnalysisOptions(), 0, 1))
    # Only these members are asked; a real one needs a peer connection and a second.
    left = SimpleNamespace(
        resume_token="token",
        resume_state=lambda: SimpleNamespace(ended_s=0.0),
        handed_over=False,
        frames_in=1,
    )
    registry._keep_resume_state(left)  # type: ignore[arg-type]
    assert registry._resume_states

    await asyncio.sleep(0.2)

    assert not registry._resume_states
    await registry.close()
