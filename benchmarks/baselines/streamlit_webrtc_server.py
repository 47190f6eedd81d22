"""Streamlit with the page of streamlit-webrtc, driven without a browser. For comparison only.

Runs in an environment of its own (`benchmarks/environments.py`). streamlit-webrtc has no route for an offer: its page
gives it to Streamlit as the value of a component, in a message of Streamlit's WebSocket (protobuf), and gets the answer
as an argument of the component when the script has run again. Here a route for the offer does what the page does.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from benchmarks.baselines import signalling, streamlit_webrtc_page
from facestream.ice.addresses import offer_addresses

ANSWER_DEADLINE_S = 15.0


def component_value(sdp: str) -> str:
    """What the page's component tells the server when it has made an offer."""
    return json.dumps({"playing": True, "sdpOffer": {"type": "offer", "sdp": sdp}, "iceCandidates": {}})


def answer_of(arguments: str) -> str | None:
    """The SDP of the answer in the arguments of the component; None: there is none yet."""
    answer = json.loads(arguments).get("sdp_answer_json")
    return json.loads(answer)["sdp"] if answer else None


class Pages:
    """The open WebSockets, as those of browsers that show the page."""

    def __init__(self, port: int) -> None:
        self._url = f"ws://127.0.0.1:{port}/_stcore/stream"
        self._sockets: dict[str, Any] = {}

    async def open(self, sdp: str, session_id: str) -> str:
        """Load the page, press its button, and return the answer to the offer; raises TimeoutError."""
        from streamlit.proto.BackMsg_pb2 import BackMsg
        from streamlit.proto.ClientState_pb2 import ClientState
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
        from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
        from websockets.asyncio.client import connect

        socket = await connect(self._url, subprotocols=["streamlit"], max_size=None, proxy=None)
        self._sockets[session_id] = socket
        offered = False
        async with asyncio.timeout(ANSWER_DEADLINE_S):
            await socket.send(BackMsg(rerun_script=ClientState()).SerializeToString())
            while True:
                message = ForwardMsg.FromString(await socket.recv())
                component = message.delta.new_element.component_instance
                if not component.id:
                    continue
                if answer := answer_of(component.json_args):
                    return answer
                if not offered:
                    offered = True
                    state = WidgetState(id=component.id, json_value=component_value(sdp))
                    states = ClientState(widget_states=WidgetStates(widgets=[state]))
                    await socket.send(BackMsg(rerun_script=states).SerializeToString())

    async def close(self, session_id: str) -> None:
        """Close the page."""
        if socket := self._sockets.pop(session_id, None):
            await socket.close()


def main() -> None:
    """Serve until it is stopped."""
    args = signalling.parser(__doc__ or "").parse_args()
    os.environ[streamlit_webrtc_page.ANALYSIS] = args.analysis
    os.environ.update(STREAMLIT_BROWSER_GATHER_USAGE_STATS="false", STREAMLIT_SERVER_FILE_WATCHER_TYPE="none")
    from streamlit.starlette import App

    offer_addresses(("127.0.0.1",))
    listener = signalling.listen(args.port)
    pages = Pages(listener.getsockname()[1])
    page = Path(streamlit_webrtc_page.__file__)
    signalling.serve(App(page, routes=signalling.routes(pages.open, pages.close)), listener)


if __name__ == "__main__":
    main()
