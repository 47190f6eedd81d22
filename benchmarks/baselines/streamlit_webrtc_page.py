"""The page of streamlit-webrtc whose callback runs the usual models, or returns the frame. For comparison only.

Streamlit runs this file again for each message of the browser, so what lasts is in a module that it imports.
"""

import os

import numpy as np
from av import VideoFrame

from benchmarks.baselines.handlers import Analysis, handler_of

ANALYSIS = "BENCHMARK_ANALYSIS"
"""Variable of the environment: `whole` or `none`."""


def show() -> None:
    """Show the video of the peer, as the callback returns it."""
    from streamlit_webrtc import WebRtcMode, webrtc_streamer

    analysis: Analysis = "none" if os.environ[ANALYSIS] == "none" else "whole"
    handler = handler_of(analysis)

    def annotated(frame: VideoFrame) -> VideoFrame:
        image_bgr = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
        return VideoFrame.from_ndarray(handler.handle(image_bgr), format="bgr24")

    def unchanged(frame: VideoFrame) -> VideoFrame:
        handler.count()
        return frame

    webrtc_streamer(
        key="benchmark",
        mode=WebRtcMode.SENDRECV,
        # Without lists, streamlit-webrtc asks other machines for some.
        server_rtc_configuration={"iceServers": []},
        frontend_rtc_configuration={"iceServers": []},
        media_stream_constraints={"video": True, "audio": False},
        video_frame_callback=annotated if analysis == "whole" else unchanged,
    )


if __name__ == "__main__":
    show()
