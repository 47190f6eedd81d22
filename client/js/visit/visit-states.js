/** The states of a visit, the transitions between them, and what a visit needs and reports. Holds no state itself. */

/** @typedef {typeof State[keyof typeof State]} VisitState */

export const State = Object.freeze({
  IDLE: 'idle', // nothing has begun, or what has ended is no longer of interest
  STARTING: 'starting', // the camera or the clip is being opened
  QUEUED: 'queued', // the server has no room; counting down to the next try, with the camera off
  CONNECTING: 'connecting', // the camera is open, the connection is not
  WAITING: 'waiting', // connected, no frame has come back yet
  CONNECTED: 'connected', // annotated frames come back
  STALLED: 'stalled', // connected, but no message has arrived for a while
  INTERRUPTED: 'interrupted', // ICE reports that packets stopped arriving
  PAUSED: 'paused', // connected, but the camera sends no frames
  HELD: 'held', // the connection was lost while the camera was paused; the next try waits for the camera
  RECONNECTING: 'reconnecting', // the connection was lost; counting down to the next try, or trying
  STOPPED: 'stopped', // ended by the person
  FINISHED: 'finished', // the file has been analysed to its end
  FAILED: 'failed', // ended by an error before the first connection
  LOST: 'lost', // ended by an error after it
});

/** How frames travel. */
export const Transport = Object.freeze({ WEBRTC: 'webrtc', JPEG: 'jpeg' });

/**
 * @typedef {import('../connection/telemetry.js').Telemetry} Telemetry
 * @typedef {import('../connection/peer.js').Peer | import('../connection/jpeg-peer.js').JpegPeer} AnyPeer
 * @typedef {import('../source/video-source.js').SourceOptions} SourceOptions
 * @typedef {typeof Transport[keyof typeof Transport]} TransportName
 * @typedef {'camera' | 'clip'} SourceKind
 *
 * @typedef {object} OpenSource a source that is open
 * @property {MediaStream} stream with one video track
 * @property {string} cameraId empty: a clip
 * @property {import('../source/video-source.js').Facing} facing
 * @property {import('../source/video-source.js').ClipSize | null} clipSize null: a camera
 * @property {boolean} paused whether it sends no frames at the moment
 * @property {import('../source/clip-run.js').ClipRun | null} clipRun the frames of a file that is analysed once; null: `stream` is sent
 * @property {boolean} quiet true: it sends too few frames to keep the session open, so the page must ping
 * @property {(events: {onPause: () => void, onEnd: (error: import('../connection/errors.js').PeerError) => void, onFinish: () => void}) => void} listen
 * @property {(frames: number | null) => void} look
 * @property {() => void} close
 *
 * @typedef {object} ServerTraits what the page knows about the server before it connects
 * @property {boolean} hasFallback whether it accepts JPEG frames over a WebSocket
 * @property {boolean} needsToken
 * @property {boolean} hasRelays whether it names STUN or TURN servers, whose credentials are fetched for each connection
 *
 * @typedef {object} VisitPorts
 * @property {() => Promise<ServerTraits>} traits
 * @property {() => boolean} hasToken
 * @property {() => Promise<import('../connection/errors.js').PeerError | null>} checkToken why the server would reject the token; null: it would not, or it does not say
 * @property {(error: import('../connection/errors.js').PeerError | null) => Promise<boolean>} askToken whether the person entered a token; null: before the first try
 * @property {() => Promise<boolean>} askConsent
 * @property {() => boolean} hasWebrtc whether this browser has WebRTC at all
 * @property {() => import('../connection/errors.js').PeerError | null} [obstacle] why the chosen source can never open here
 * @property {() => SourceOptions} chosen what the person has chosen
 * @property {(options: SourceOptions) => Promise<OpenSource>} openSource rejects with a PeerError
 * @property {(transport: TransportName, events: import('../connection/jpeg-peer.js').JpegPeerEvents, resume: string, firstFaceId: number) => AnyPeer} makePeer
 * @property {() => Promise<RTCIceServer[]>} fetchIceServers
 * @property {() => boolean} hasFrame whether an annotated frame is on show
 * @property {() => boolean} isOffline whether this device has no network
 * @property {() => boolean} isHidden whether the tab is in the background
 *
 * @typedef {'began' | 'stopped' | 'finished' | 'queued' | 'failed' | 'ended' | 'lost' | 'fellBack' | 'back' | 'backAnew' | 'paused' | 'resumed'} Happening
 *
 * @typedef {object} VisitEvents
 * @property {(state: VisitState, error: import('../connection/errors.js').PeerError | null) => void} onState also again for the same state with another error
 * @property {(kind: Happening, error: import('../connection/errors.js').PeerError | null) => void} onHappening for the log of the visit
 * @property {(secondsLeft: number) => void} onCountdown 0: the next try begins
 * @property {(opened: OpenSource) => void} onSource
 * @property {() => void} onConnecting a new connection is being made
 * @property {(sessionId: string, session: 'resumed' | 'new') => void} onSession there is a connection; a new session counts faces anew
 * @property {() => void} onMove another connection takes the place of this one at once; `onConnecting` follows
 * @property {(session: 'resumed' | 'new', gapMs: number | null) => void} onMoved and its first frame is on show; `gapMs`: since the last report of the one before, null: not known
 * @property {() => void} onInterlude the connection is lost; the next one may resume the session
 * @property {() => void} onRelease everything is closed
 * @property {(stream: MediaStream) => void} onVideo
 * @property {(telemetry: Telemetry, atMs: number) => void} onTelemetry
 * @property {(message: import('../connection/telemetry.js').Control) => void} onControl
 * @property {(frame: import('../connection/jpeg-peer.js').Shown) => void} onShown in compatibility mode
 * @property {(newest: Telemetry) => void} onLook four times a second, while reports arrive and the tab is visible
 * @property {(rates: import('../connection/connection-stats.js').Rates) => void} onRates once a second
 */

const { IDLE, STARTING, QUEUED, CONNECTING, WAITING, CONNECTED, STALLED, INTERRUPTED, PAUSED, HELD, RECONNECTING, STOPPED, FINISHED, FAILED, LOST } = State;

/** Every allowed transition, by the state it leaves. @type {Readonly<Record<VisitState, readonly VisitState[]>>} */
export const TRANSITIONS = Object.freeze({
  [IDLE]: [STARTING],
  // After QUEUED, the page connects before it opens the camera. While the camera opens, the connection may be interrupted or lost.
  [STARTING]: [CONNECTING, WAITING, INTERRUPTED, HELD, RECONNECTING, STOPPED, FAILED],
  [QUEUED]: [STARTING, STOPPED, FAILED],
  // If the source is changed while the page connects, the connection may open before that source, and be interrupted or lost.
  [CONNECTING]: [QUEUED, WAITING, INTERRUPTED, HELD, RECONNECTING, STOPPED, FAILED],
  [WAITING]: [CONNECTED, INTERRUPTED, PAUSED, HELD, RECONNECTING, STOPPED, FINISHED, LOST],
  [CONNECTED]: [WAITING, STALLED, INTERRUPTED, PAUSED, HELD, RECONNECTING, STOPPED, FINISHED, LOST],
  [STALLED]: [WAITING, CONNECTED, INTERRUPTED, PAUSED, HELD, RECONNECTING, STOPPED, FINISHED, LOST],
  [INTERRUPTED]: [WAITING, CONNECTED, PAUSED, HELD, RECONNECTING, STOPPED, FINISHED, LOST],
  [PAUSED]: [WAITING, CONNECTED, INTERRUPTED, HELD, RECONNECTING, STOPPED, FINISHED, LOST],
  [HELD]: [RECONNECTING, STOPPED, FINISHED, LOST],
  [RECONNECTING]: [WAITING, INTERRUPTED, HELD, STOPPED, FINISHED, LOST],
  [STOPPED]: [IDLE, STARTING],
  [FINISHED]: [IDLE, STARTING],
  [FAILED]: [IDLE, STARTING],
  [LOST]: [IDLE, STARTING],
});

/** States of a running visit: it can be stopped, but not started. @type {readonly VisitState[]} */
export const RUNNING = [STARTING, QUEUED, CONNECTING, WAITING, CONNECTED, STALLED, INTERRUPTED, PAUSED, HELD, RECONNECTING];
/** States that count down to a next try. @type {readonly VisitState[]} */
export const COUNTING = [QUEUED, RECONNECTING];
/** States in which the annotated video is shown. @type {readonly VisitState[]} */
export const SHOWING = [CONNECTED, STALLED, INTERRUPTED];
/** States that change to PAUSED when the camera sends no frames. @type {readonly VisitState[]} */
export const PAUSABLE = [WAITING, CONNECTED, STALLED];
/** States from which an error leads to LOST instead of FAILED. @type {readonly VisitState[]} */
export const BEGUN = [WAITING, CONNECTED, STALLED, INTERRUPTED, PAUSED, HELD, RECONNECTING];
/** States that change to WAITING once both the connection and the source are open. @type {readonly VisitState[]} */
export const OPENING = [STARTING, CONNECTING, RECONNECTING];

/** @param {import('../connection/telemetry.js').PageConfig | null} config null: the server sent no settings @returns {ServerTraits} */
export function traitsOf(config) {
  if (!config) return { hasFallback: false, needsToken: false, hasRelays: false };
  const needsToken = config.auth === 'token';
  return { hasFallback: config.websocket, needsToken, hasRelays: needsToken || config.iceServers.length > 0 };
}
