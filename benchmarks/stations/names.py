"""The stations of a frame, and the functions that belong to each, in the media process and in a worker.

A function is named where it is looked up: `from x import f` makes a name of its own. What a function calls belongs to
its station, except what is at another one.
"""

RECEIVE_UDP = "receive: UDP"
RECEIVE_ICE = "receive: ICE, consent and rates"
RECEIVE_SRTP = "receive: SRTP"
RECEIVE_RTP = "receive: RTP, routing"
RECEIVE_JITTER = "receive: jitter buffer, losses, bandwidth estimate"
RTCP = "receive and send: RTCP"
DECODE = "decode: H264"
DECODE_CHECKS = "decode: checks of the headers, rest"
SLOT = "slot: rates, newest frame, lease of a worker"
COPY = "copy: planes into shared memory"
REQUEST_PICKLING = "pipe: request, pickling"
REQUEST_CALLS = "pipe: request, system calls"
REPORT_PICKLING = "pipe: report, pickling"
REPORT_CALLS = "pipe: report, system calls"
WAKE_SELECT = "wake-ups: epoll of the event loop"
WAKE_THREADS = "wake-ups: between threads"
DRAW_COPY = "copy: the frame that is drawn on"
DRAW_REST = "draw: rest"
DRAW_BOX = "draw: box"
DRAW_HULLS = "draw: hulls"
DRAW_POINTS = "draw: points and pose"
DRAW_LABEL = "draw: label"
DRAW_STATS = "draw: stats"
DRAW_STAMP = "draw: corner of a replay's counter"
TELEMETRY = "telemetry: message and JSON"
SCTP = "telemetry: SCTP and DTLS"
ENCODE = "encode: H264"
PACKETIZE_H264 = "packetize: H264"
PACKETIZE_RTP = "packetize: RTP"
SEND_SRTP = "send: SRTP"
SEND_ICE = "send: ICE"
SEND_UDP = "send: UDP"
LOOP = "event loop: rest"
LOOP_CALLBACKS = "event loop: callbacks"
LOOP_OTHER = "event loop: other tasks"
LANDMARKS = "analysis: landmarks"
CONTRAST = "analysis: contrast of the face"
DETECTION = "analysis: detection"
NETS_EMOTION = "analysis: emotion net with its crop"
NETS_TRUST = "analysis: trust net with its crop"
CUTS = "analysis: cuts"
FOLLOWING = "analysis: following"
GEOMETRY = "analysis: pose, eyes, lips, gaze, expression"
QUALITY = "analysis: quality"
LABEL = "analysis: label and trust"
STEADYING = "analysis: steady landmarks"
PACKING = "tracks: pickling"
WORKER_REST = "analysis: rest"

DRAWING: dict[str, tuple[str, ...]] = {
    DRAW_BOX: ("facestream.analysis.drawing.overlay:_draw_lines",),
    DRAW_HULLS: ("facestream.analysis.drawing.overlay:_draw_hulls",),
    DRAW_POINTS: (
        "facestream.analysis.drawing.overlay:_draw_points",
        "facestream.analysis.drawing.overlay:_draw_pose",
    ),
    DRAW_LABEL: ("facestream.analysis.drawing.overlay:_draw_label",),
    DRAW_STATS: ("facestream.analysis.drawing.overlay:_draw_stats",),
    DRAW_STAMP: ("facestream.analysis.drawing.overlay:_stamped_corners",),
}
"""In a worker, and in the media process for frames that were not analysed; in earlier commits for all frames."""

MEDIA: dict[str, tuple[str, ...]] = {
    RECEIVE_UDP: ("asyncio.selector_events:_SelectorDatagramTransport._read_ready",),
    RECEIVE_ICE: (
        "aioice.ice:StunProtocol.datagram_received",
        "aioice.ice:Connection.recv",
    ),
    RECEIVE_SRTP: ("pylibsrtp:Session.unprotect", "pylibsrtp:Session.unprotect_rtcp"),
    RECEIVE_JITTER: ("facestream.aiortc_patches.receiver:PatchedReceiver._handle_rtp_packet",),
    RTCP: ("aiortc.rtcdtlstransport:RTCDtlsTransport._handle_rtcp_data", "pylibsrtp:Session.protect_rtcp"),
    DECODE: (
        "aiortc.codecs.h264:H264Decoder.decode",
        "aiortc.codecs.vpx:Vp8Decoder.decode",
    ),
    DECODE_CHECKS: (
        "facestream.aiortc_patches.decoders:DecoderThread._run",
        "facestream.aiortc_patches.decoders:rejection",
        "facestream.aiortc_patches.decoders:DecoderThread._flood_rejection",
    ),
    SLOT: ("facestream.aiortc_patches.decoders:DecoderThread._deliver",),
    COPY: ("facestream.workers.frame_memory:FrameMemory.store",),
    REQUEST_PICKLING: ("facestream.workers.message_pipe:MessagePipe.send",),
    REQUEST_CALLS: ("facestream.workers.message_pipe:MessagePipe._write",),
    REPORT_PICKLING: (
        "facestream.workers.message_pipe:MessagePipe.receive",
        "facestream.workers.worker:Reply.from_plain",
    ),
    REPORT_CALLS: (
        "facestream.workers.message_pipe:MessagePipe._read",
        "facestream.workers.process:AnalysisProcess._on_readable",
    ),
    WAKE_SELECT: ("selectors:EpollSelector.select",),
    WAKE_THREADS: (
        "asyncio.base_events:BaseEventLoop.run_in_executor",
        "facestream.media.threads:MediaThreads.run",
        "asyncio.base_events:BaseEventLoop.call_soon_threadsafe",
        "asyncio.selector_events:BaseSelectorEventLoop._read_from_self",
        "queue:Queue.put",
        "queue:Queue.get",
    ),
    DRAW_COPY: ("facestream.media.pipeline:in_place_of",),
    DRAW_REST: ("facestream.media.pipeline:annotate",),
    **DRAWING,
    TELEMETRY: (
        "facestream.media.pipeline:FramePipeline._message",
        "facestream.media.pipeline:encode_telemetry",
        "facestream.media.listeners:Listeners.publish_frame",
    ),
    SCTP: (
        "facestream.media.outbox:TelemetryOutbox.send",
        "aiortc.rtcsctptransport:RTCSctpTransport._handle_data",
    ),
    ENCODE: (
        "facestream.aiortc_patches.encoders:FastH264Encoder.encode",
        "facestream.aiortc_patches.encoders:FastH264Encoder._encode_frame",
        "facestream.aiortc_patches.encoders:FastVp8Encoder.encode",
    ),
    PACKETIZE_H264: (
        "aiortc.codecs.h264:H264Encoder._packetize",
        "aiortc.codecs.h264:H264Encoder._split_bitstream",
    ),
    SEND_SRTP: ("pylibsrtp:Session.protect",),
    SEND_ICE: ("aioice.ice:Connection.send",),
    SEND_UDP: ("asyncio.selector_events:_SelectorDatagramTransport.sendto",),
}
"""Functions of the media process, by station."""

TASKS = {
    "RTCDtlsTransport.__run": RECEIVE_RTP,
    "Session._receive_frames": SLOT,
    "Session._analyze_frames": SLOT,
    "FramePipeline.receive": SLOT,
    "FramePipeline.analyze": SLOT,
    "PatchedSender._run_rtp": PACKETIZE_RTP,
    "RTCRtpSender._run_rtp": PACKETIZE_RTP,
    "PatchedSender._run_rtcp": RTCP,
    "PatchedReceiver._report": RTCP,
    "PatchedReceiver._repair_losses": RTCP,
    "RTCSctpTransport._data_channel_flush": SCTP,
    "RTCSctpTransport._transmit": SCTP,
    "Connection.query_consent": RECEIVE_ICE,
}
"""Stations of the tasks of the event loop, by the name of their coroutine."""

WORKER: dict[str, tuple[str, ...]] = {
    REQUEST_PICKLING: ("facestream.workers.message_pipe:MessagePipe.receive",),
    REQUEST_CALLS: ("facestream.workers.message_pipe:MessagePipe._read",),
    REPORT_PICKLING: (
        "facestream.workers.message_pipe:MessagePipe.send",
        "facestream.workers.worker:Reply.to_plain",
    ),
    REPORT_CALLS: ("facestream.workers.message_pipe:MessagePipe._write",),
    PACKING: (
        "facestream.workers.worker:TracksCache.pack",
        "facestream.workers.worker:TracksCache.unpack",
    ),
    LANDMARKS: (
        "facestream.analysis.dlib_landmarks:DlibLandmarks.predict",
        "facestream.analysis.mesh_landmarks:MeshLandmarks.predict",
    ),
    CONTRAST: ("facestream.analysis.following:predict_with_contrast",),
    DETECTION: (
        "facestream.analysis.detection.blazeface:BlazeFaceDetector.search",
        "facestream.analysis.detection.blazeface:BlazeFaceDetector.search_with_hints",
        "facestream.analysis.detection.blazeface:BlazeFaceDetector.check",
    ),
    NETS_EMOTION: ("facestream.analysis.emotion.reader:OwnEmotionNet.read",),
    NETS_TRUST: ("facestream.analysis.trust.reader:TrustNet.read",),
    CUTS: ("facestream.analysis.following:notice_cut",),
    FOLLOWING: ("facestream.analysis.following:Follower.next",),
    GEOMETRY: ("facestream.analysis.description:as_face",),
    QUALITY: ("facestream.analysis.description:next_quality",),
    LABEL: (
        "facestream.analysis.description:choose_label",
        "facestream.analysis.description:trust_of",
        "facestream.analysis.description:next_emotion_state",
    ),
    STEADYING: ("facestream.analysis.description:steady_landmarks",),
    DRAW_REST: ("facestream.workers.worker:annotate",),
    **DRAWING,
}
"""Functions of a worker, by station."""

EARLIER_IN_MEDIA: dict[str, tuple[str, ...]] = {
    REQUEST_PICKLING: ("multiprocessing.connection:_ConnectionBase.send",),
    REQUEST_CALLS: ("multiprocessing.connection:Connection._send_bytes",),
    REPORT_PICKLING: ("multiprocessing.connection:_ConnectionBase.recv",),
    REPORT_CALLS: ("multiprocessing.connection:Connection._recv_bytes",),
    DRAW_COPY: ("facestream.media.pipeline:FramePipeline._draw",),
    DRAW_REST: ("facestream.media.pipeline:draw", "facestream.media.pipeline:show_background"),
}
EARLIER_IN_WORKER: dict[str, tuple[str, ...]] = {
    REQUEST_PICKLING: ("multiprocessing.connection:_ConnectionBase.recv",),
    REQUEST_CALLS: ("multiprocessing.connection:Connection._recv_bytes",),
    REPORT_PICKLING: ("facestream.workers.worker:send_whole",),
    LANDMARKS: ("facestream.analysis.landmarks:LandmarkPredictor.predict",),
    DETECTION: ("facestream.analysis.detection.blazeface:BlazeFaceDetector.score_at",),
}
"""Names that such functions had in earlier commits, for `--against`."""

ORDER = (
    RECEIVE_UDP, RECEIVE_ICE, RECEIVE_SRTP, RECEIVE_RTP, RECEIVE_JITTER, DECODE, DECODE_CHECKS, SLOT, COPY,
    REQUEST_PICKLING, REQUEST_CALLS, CUTS, CONTRAST, LANDMARKS, DETECTION, FOLLOWING, STEADYING,
    NETS_EMOTION, NETS_TRUST, GEOMETRY, QUALITY, LABEL, WORKER_REST, DRAW_BOX, DRAW_HULLS, DRAW_POINTS,
    DRAW_LABEL, DRAW_STATS, DRAW_STAMP, DRAW_REST, PACKING, REPORT_PICKLING, REPORT_CALLS, DRAW_COPY, ENCODE,
    PACKETIZE_H264, PACKETIZE_RTP, SEND_SRTP, SEND_ICE, SEND_UDP, RTCP, TELEMETRY, SCTP, WAKE_THREADS,
    WAKE_SELECT, LOOP_CALLBACKS, LOOP_OTHER, LOOP,
)  # fmt: skip
"""All stations, in the order in which a frame passes them."""
