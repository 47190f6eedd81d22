"""FastRTC with the usual models in its handler, or with a handler that returns the frame. For comparison only.

Runs in an environment of its own (`benchmarks/environments.py`). FastRTC takes an offer at POST /webrtc/offer, with an
id that the client chooses. It calls the handler of a video stream on the event loop, and only after `set_input`.
"""

import os

from benchmarks.baselines import signalling
from benchmarks.baselines.handlers import Handler
from benchmarks.baselines.whole_frame import ImageBGR
from facestream.ice.addresses import offer_addresses


def main() -> None:
    """Serve until it is stopped."""
    options = signalling.parser(__doc__ or "")
    options.add_argument(
        "--skip-frames", action="store_true", help="FastRTC's setting for handlers that are slow"
    )
    args = options.parse_args()
    # Without these, Gradio reports to its maker that it was started.
    os.environ.update(GRADIO_ANALYTICS_ENABLED="False", HF_HUB_OFFLINE="1")
    from fastapi import FastAPI
    from fastrtc import Stream, VideoStreamHandler
    from fastrtc.stream import Body

    offer_addresses(("127.0.0.1",))
    handler = Handler(args.analysis)
    handler.prepare()

    def annotated(image_bgr: ImageBGR) -> ImageBGR:
        return handler.handle(image_bgr)

    stream = Stream(
        handler=VideoStreamHandler(annotated, skip_frames=args.skip_frames),
        modality="video",
        mode="send-receive",
        server_rtc_configuration={"iceServers": []},
        verbose=False,
    )

    async def answer_to(sdp: str, session_id: str) -> str:
        answer = await stream.offer(Body(sdp=sdp, type="offer", webrtc_id=session_id))
        # Without inputs, the frames do not go through the handler. FastRTC replaces the first one by the frame.
        stream.set_input(session_id, None)
        return str(answer["sdp"])

    async def leave(session_id: str) -> None:
        if session_id in stream.pcs:
            await stream.pcs[session_id].close()

    app = FastAPI()
    stream.mount(app)
    app.router.routes.extend(signalling.routes(answer_to, leave))
    signalling.serve(app, signalling.listen(args.port))


if __name__ == "__main__":
    main()
