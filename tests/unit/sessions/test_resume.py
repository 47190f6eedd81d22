import asyncio
from types import SimpleNamespace

from facestream.config import Config
from facestream.sessions.resume import ResumeStates


async def test_resume_states_expire_without_further_requests():
    states = ResumeStates(Config(resume_s=0.05))
    # A fake with the members in use; a real session would need a peer connection and a second.
    left = SimpleNamespace(
        resume_token="token",
        resume_state=lambda: SimpleNamespace(ended_s=0.0),
        lineage=(),
        record=None,
        handed_over=False,
        frames_in=1,
    )
    states.keep(left)  # type: ignore[arg-type]
    assert states._states

    await asyncio.sleep(0.2)

    assert not states._states
