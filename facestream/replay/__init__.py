"""The headless peer: sends a clip over a real peer connection and keeps what comes back. Serves nobody."""

from facestream.replay.options import ReplayOptions, add_replay_arguments, options_from
from facestream.replay.peer import ReplayPeer, replay
from facestream.replay.summary import Summary

__all__ = [
    "ReplayOptions",
    "ReplayPeer",
    "Summary",
    "add_replay_arguments",
    "options_from",
    "replay",
]
