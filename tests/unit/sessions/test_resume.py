import asyncio
from types import SimpleNamespace

from facestream.config import Config
from facestream.sessions.resume import ResumeStates


async def test_what_is_kept_of_a_lost_peer_is_gone_in_time_though_nobody_else_comes():
    states = ResumeStates(Config(resume_s=0.05))
    # Only these members are asked; a real one needs a peer connection and a second.
    left = SimpleNamespace(
        resume_token="token",
        resume_state=lambda: SimpleNamespace(ended_s=0.0),
        handed_over=False,
        frames_in=1,
    )
    states.keep(left)  # type: ignore[arg-type]
    assert states._states

    await asyncio.sleep(0.2)

    assert not states._states
