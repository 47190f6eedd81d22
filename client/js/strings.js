/** Every English sentence of the page; nothing else in the page holds text for people. */

/** Static words, put in place of `data-text` attributes; a `data-label` becomes the name a screen reader says. */
export const TEXT = {
  start: 'Start camera',
  startClip: 'Start the clip',
  stop: 'Stop',
  way: 'Compatibility mode',
  wayLabel: 'Video is sent as single JPEG images over a WebSocket, because WebRTC does not work here',
  stageLabel: 'Annotated video',
  useClip: 'Use a clip',
  backToCamera: 'Back to the camera',
  setupLabel: 'Picture settings',
  cameraLabel: 'Camera',
  sizeLabel: 'Size',
  rateLabel: 'Frames a second',
  mirror: 'Mirror the picture',
  snapshot: 'Snapshot',
  record: 'Record',
  tryNow: 'Try now',
  giveUp: 'Stop trying',
  consentTitle: 'Before the camera opens',
  consentYes: 'I agree, go on',
  consentNo: 'Not now',
  tokenTitle: 'This server asks who comes in',
  tokenLabel: 'Token',
  tokenYes: 'Go on',
  tokenNo: 'Not now',
  viewsLabel: 'Show',
  layersLabel: 'Draw',
  layerBox: 'Box',
  layerHulls: 'Outlines',
  layerPoints: 'Points',
  layerLabel: 'Label',
  layerPose: 'Head pose',
  layerStats: 'Counter',
  faceHeading: 'Expression',
  faceChoice: 'Face to follow',
  linesHint: 'Probabilities; press one to hide or show its line',
  historyHeading: 'Last',
  windowLabel: 'Length of time in the chart',
  pause: 'Pause',
  lookBack: 'Look back in time',
  save: 'Save',
  saveCsv: 'Table (CSV)',
  saveJsonl: 'Messages (JSONL)',
  saveReport: 'Report (HTML)',
  axisLeft: 'probability',
  axisRight: 'frames a second',
  chartEmpty: 'The lines grow here while the camera runs.',
  healthHeading: 'How the server keeps up',
  stagesLabel: 'Where a picture spends its time',
};

/** The state of the connection in words, by the value of `data-state`. */
export const STATES = {
  idle: 'Ready',
  starting: 'Opening the camera',
  connecting: 'Connecting to the server',
  waiting: 'Connected, waiting for the first picture',
  connected: 'Live',
  stalled: 'Connected, but no picture comes back',
  paused: 'The camera is paused',
  queued: 'The server is full, waiting',
  interrupted: 'Connection interrupted, waiting for it to come back',
  reconnecting: 'Connection lost, trying again',
  stopped: 'Stopped, the camera is off',
  failed: 'Not connected',
  lost: 'Connection lost',
};

/** What stands where the picture will be, by state. */
export const INVITATIONS = {
  idle: {
    title: 'See your expression as it is read',
    text: 'A picture goes to this server, is analysed frame by frame and comes straight back. Nothing is stored.',
  },
  starting: { title: 'Opening the camera', text: 'Your browser may ask you to allow it.' },
  connecting: { title: 'Connecting', text: 'The camera is open; the server is being asked for a connection.' },
  waiting: { title: 'Almost there', text: 'The first picture is on its way.' },
  paused: {
    title: 'The camera is paused',
    text: 'It sends no video at the moment. A phone call, another program, a privacy shutter or a switch may have stopped it. The connection stays open, and the video resumes when the camera does.',
  },
  stopped: { title: 'The camera is off', text: 'Nothing is sent and nothing was kept.' },
};

/** Shown in place of the video when the connection was lost while the camera was paused. */
export const PAUSED_ALONE = {
  title: INVITATIONS.paused.title,
  text: 'The connection to the server was lost in the meantime. The page reconnects when the camera resumes.',
};

/** What went wrong and what to do, by the key of a PeerError; `text` may take the error's detail. */
export const PROBLEMS = {
  noCamera: { title: 'No camera was found', text: () => 'Connect a camera to this device and start again.' },
  denied: {
    title: 'The camera is blocked',
    text: () => 'Allow the camera for this page, with the symbol beside the address, and start again.',
  },
  busy: {
    title: 'The camera is in use',
    text: () => 'Another program or tab has the camera. Close it there and start again.',
  },
  insecure: {
    title: 'This address cannot use the camera',
    text: (address) =>
      `Browsers open the camera only on localhost or over https. On the server’s own machine, open ${address} instead. You can also use a clip here.`,
  },
  noCapture: {
    title: 'This browser does not give pages access to a camera',
    text: () => 'Allow camera access in the browser’s settings, use a clip instead, or open this page in a current Firefox, Chrome, Edge or Safari.',
  },
  badClip: {
    title: 'This clip cannot be played',
    text: (name) => `This browser cannot decode any video in ${name}. Convert it to MP4 with H264, or to WebM, and choose it again.`,
  },
  clipBroken: {
    title: 'The clip stopped playing',
    text: (name) => `This browser cannot decode the rest of ${name}. Convert it to MP4 with H264, or to WebM, and choose it again.`,
  },
  clipBlocked: {
    title: 'The browser did not start the clip',
    text: () => 'Some browsers require a second press, for example on phones in power-saving mode. Press the button again.',
  },
  unsupported: {
    title: 'This browser lacks a feature that the page needs',
    text: () => 'It cannot capture video from a canvas (captureStream). Use a current Firefox, Chrome, Edge or Safari.',
  },
  noCanvas: {
    title: 'The browser blocks access to the canvas',
    text: () => 'Allow this page to read its canvas, with the icon in the address bar, and start again.',
  },
  noWebrtc: {
    title: 'This browser has no WebRTC',
    text: (detail) =>
      [sentence(detail), 'This server accepts video by WebRTC only. Allow WebRTC in the browser’s settings, or use another browser.'].join(' ').trim(),
  },
  serverAway: { title: 'The server does not answer', text: () => 'See that it is running and start again.' },
  full: { title: 'The server is full', text: sentence },
  token: { title: 'The server wants a token', text: sentence },
  tooMany: { title: 'Too many from your network', text: sentence },
  noPort: { title: 'The server has no free port for video', text: sentence },
  offer: { title: 'The server refused the connection', text: sentence },
  refused: { title: 'The server refused the connection', text: sentence },
  noMedia: {
    title: 'No picture gets through',
    text: () => 'The server answered, but the connection for the picture failed. A firewall may block UDP in between.',
  },
  cut: {
    title: 'The connection was lost',
    text: () => 'Nothing has come from the server for some time. Check the network and start again.',
  },
  ended: { title: 'The server ended the session', text: (detail) => (detail ? sentence(detail) : 'Start again when it is ready.') },
  cameraEnded: { title: 'The camera went away', text: () => 'It was unplugged or taken back. Start again when it is there.' },
  unknown: { title: 'Something unexpected happened', text: (detail) => `${sentence(detail)} Start again.` },
};

/** Why the server ended a session and what to do, by the code of its notice (docs/telemetry.md). */
export const ENDINGS = {
  silence: {
    title: 'The server received nothing for too long',
    text: () => 'The device may have been asleep or offline. Start again.',
  },
  setup_timeout: {
    title: 'No video reached the server',
    text: () => 'The page was connected, but no video frame arrived in time. Check that the camera works, and start again.',
  },
  video_ended: {
    title: 'The video track ended',
    text: () => 'The connection signalled the end of the video to the server. Start again.',
  },
  frame_too_large: {
    title: 'The video is too large for this server',
    text: (detail) => `${sentence(detail)} Choose a smaller size and start again.`.trim(),
  },
  bad_frame: {
    title: 'The server cannot decode the video',
    text: (detail) => `${sentence(detail)} Choose another size or camera, and start again.`.trim(),
  },
  replaced: { title: 'The session continues in another connection', text: () => 'Another connection resumed this session. Start again to open a new one.' },
  ended: { title: 'The session was ended', text: () => 'An administrator of the server ended it. Ask them before you start again.' },
  time_over: { title: 'The session reached its time limit', text: () => 'The server limits the length of a session. Start again to open a new one.' },
  stopping: { title: 'The server is stopping', text: () => 'Start again when it is running again.' },
};

/** @param {string} code of a notice @returns {{title: string, text: (detail: string) => string} | null} null: an unknown code */
export const endingOf = (code) => (Object.hasOwn(ENDINGS, code) ? ENDINGS[code] : null);

export const EMOTION_LABELS = {
  angry: 'Angry',
  disgust: 'Disgust',
  fear: 'Fear',
  happy: 'Happy',
  sad: 'Sad',
  surprise: 'Surprise',
  neutral: 'Neutral',
  unsure: 'Unsure',
};

/** Why a face has no label. */
export const DOUBTS = {
  close: 'Two expressions are about equally likely',
  small: 'The face is too small in the picture',
  blurred: 'The face is blurred',
  turned: 'The face is turned away',
};

/** The stations of a picture from the camera to the screen, in its order. */
export const STAGE_LABELS = {
  camera: 'camera',
  network: 'network',
  wait: 'waiting',
  detect: 'finding',
  landmarks: 'landmarks',
  emotion: 'emotion',
  draw: 'drawing',
  encode: 'encoding',
  display: 'display',
};

/** Names of the figures under the picture. */
export const FIGURES = {
  'fps-in': 'Camera',
  'fps-out': 'Analysed',
  'fps-shown': 'Shown',
  dropped: 'Dropped',
  'round-trip': 'Round trip',
  loss: 'Loss',
  bitrate: 'Bitrate',
  codec: 'Codec',
  delay: 'Camera to screen',
  session: 'Session',
};

/** What the person is told before the camera opens, where the server's settings say nothing else. */
export const NOTICE =
  'The picture is sent to this server and analysed there for facial expressions, frame by frame. The server keeps nothing: ' +
  'no picture, no result. This page keeps the numbers until you close it, and only what you save or record stays with you.';

/** Why the page asks for a token before it has tried without. */
export const TOKEN_WANTED = 'Type the token that its owner gave you, or open the link that holds it.';

/** Ways to show the picture, by the server's name for them. */
export const VIEWS = { picture: 'Picture', blur: 'Background blurred', landmarks: 'Landmarks only' };
/** Lengths of the chart's window, by seconds; after "Last". */
export const WINDOWS = { 15: '15 seconds', 30: '30 seconds', 60: 'minute', 180: '3 minutes', 300: '5 minutes' };

export const CAMERAS = { front: 'Front camera', rear: 'Rear camera' };
export const PAUSED = { pause: 'Pause', resume: 'Go on' };
export const clipName = (name) => `Clip: ${name}`;
export const setupSummary = (width, height, fps) => `${width} × ${height}, ${fps} fps`;
export const recordingFor = (s) => `Stop recording (${clockTime(s)})`;
export const SNAPSHOT_SAVED = 'The snapshot was saved.';
export const RECORDING_SAVED = 'The recording was saved.';
export const NOT_SAVED = 'This could not be saved: the browser refused it.';
export const nextTry = (s) => `Next try in ${s} s`;
export const TRYING = 'Trying now';
/** What becomes of everything while the connection is tried again. */
export const MEANWHILE = 'The camera stays on, but nothing is sent in the meantime. The chart and the counters resume when the connection is back.';
/** The same for a clip. */
export const CLIP_MEANWHILE = 'Nothing is sent in the meantime. The chart and the counters resume when the connection is back.';
/** What happens to the camera while the page waits for a full server. */
export const CAMERA_MEANWHILE = 'The camera is off until then.';
export const retryAfter = (s) => `There may be room in ${s} s.`;

/** Why the page falls back to the WebSocket, by the key of the PeerError. After an error with any other key it does not fall back. */
export const COMPATIBILITY = {
  noMedia: 'WebRTC video does not get through',
  noWebrtc: 'This browser has no WebRTC',
  offer: 'The server cannot serve this browser’s video',
  noPort: 'The server has no free port for video',
};

/** @param {keyof COMPATIBILITY} why @returns {string} shown once when the page falls back to the WebSocket */
export const inCompatibility = (why) =>
  `${COMPATIBILITY[why]}, so the page sends single JPEG images over a WebSocket. Delay may be higher and the frame rate lower; the analysis is the same.`;

/** What an HTML report says. */
export const REPORT = {
  title: 'Expressions, frame by frame',
  length: 'Length',
  frames: 'Frames',
  rate: 'Frame rate',
  dropped: 'Dropped',
  faces: 'Faces',
  noFaces: 'No face was seen.',
  events: 'Events',
  noEvents: 'None.',
  chart: 'Probabilities of seven expressions over time; a gap is time without this face',
  expression: 'Expression',
  share: 'Share of frames',
  mean: 'Mean probability',
  seen: (first, last, frames) => `From ${first} to ${last}, in ${frames} frames`,
  caution: 'What this is, and is not',
  cautionText:
    'Each label is a guess at the expression in one picture by a small neural network, and often wrong. It does not say what a person feels, and must not decide anything about a person.',
};

/** @type {Record<string, (detail: string) => string>} */
const EVENTS = {
  began: () => 'Started',
  stopped: () => 'Stopped',
  lost: (detail) => `Connection lost: ${detail}`,
  otherWay: (why) => `Compatibility mode: ${COMPATIBILITY[why] ?? COMPATIBILITY.noMedia}`,
  back: () => 'Connection is back',
  paused: () => 'The camera is paused',
  resumed: () => 'The camera resumed',
  queued: (detail) => `Waiting: ${detail}`,
  came: (id) => `${faceName(id)} came`,
  left: (id) => `${faceName(id)} left`,
  changed: (detail) => {
    const [id, label] = detail.split(' ');
    return `${faceName(id)}: ${EMOTION_LABELS[label] ?? label}`;
  },
};

/** @param {import('./session-log.js').SessionEvent} event */
export const eventSentence = ({ kind, detail }) => EVENTS[kind]?.(detail) ?? kind;

export const FPS_LABEL = 'Frame rate';
export const NOTHING = '–';
export const NO_FACE = 'No face';
export const NO_FACE_REASON = 'Nobody is in the picture';
export const NOT_RUNNING = 'Nothing is read while the camera is off';
export const NO_CONNECTION = 'Nothing is read until the connection is back';
export const NO_PICTURES = 'No analysis until the camera resumes';
export const NOT_ANALYSED = 'Not analysed';
/** Why a frame was not analysed, by the reason in the telemetry. The server sends the frame back in any case. */
export const NOT_ANALYSED_REASONS = {
  off: 'Analysis is switched off on this server',
  unavailable: 'The server cannot analyse frames at the moment',
  fault: 'The analysis of this video fails on the server',
};
export const CHART_MISSING = 'The chart’s libraries are missing on the server: run “make setup” there. All else works.';

export const percent = (share) => `${Math.round(share * 100)} %`;
export const milliseconds = (ms) => `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
export const perSecond = (fps) => `${fps.toFixed(1)} fps`;
export const secondsAgo = (s) => (s === 0 ? 'now' : s > -120 ? `${Math.round(-s)} s` : clockTime(-s));
/** @param {number} s before the end of the chart @param {number} atS since the start */
export const frameTime = (s, atS) => `${(-s).toFixed(1)} s ago, frame of ${clockTime(atS, 1)}`;
/** @param {number} s @param {number} [decimals] @returns {string} minutes and seconds */
export function clockTime(s, decimals = 0) {
  const whole = Math.max(0, Number(s.toFixed(decimals)));
  const minutes = Math.floor(whole / 60);
  return `${minutes}:${(whole - minutes * 60).toFixed(decimals).padStart(decimals ? 3 + decimals : 2, '0')}`;
}
export const kilobits = (kbps) => (kbps < 1000 ? `${kbps.toFixed(0)} kbit/s` : `${(kbps / 1000).toFixed(1)} Mbit/s`);
export const faceName = (id) => `Face ${id}`;
export const LARGEST_FACE = 'Largest face';

/** Shares of frames a person can picture, largest first. */
const SHARES = [[3, 4], [2, 3], [1, 2], [1, 3], [1, 4], [1, 5], [1, 6], [1, 8], [1, 10]];

/**
 * @param {import('./telemetry.js').Telemetry} telemetry
 * @returns {string} in a few words what the server does when it cannot keep up; empty: it keeps up
 */
export function badge({ fpsIn, fpsOut, analysed }) {
  if (!analysed) return NOT_ANALYSED;
  if (fpsIn <= 0 || fpsOut >= 0.85 * fpsIn) return '';
  const share = fpsOut / fpsIn;
  const [some, all] = SHARES.reduce((best, next) => (Math.abs(next[0] / next[1] - share) < Math.abs(best[0] / best[1] - share) ? next : best));
  return `Analysing ${some} of ${all} frames`;
}

/** What is left out at each step of economy; each step keeps those before it. */
const ECONOMY = ['', 'looks for new faces less often', 'reads expressions less often', 'follows the two largest faces only'];

/**
 * @param {import('./telemetry.js').Telemetry} telemetry
 * @returns {string} what the server does when it cannot keep up; empty: it keeps up
 */
export function strain({ fpsIn, fpsOut, economy }) {
  const behind = fpsOut < 0.8 * fpsIn;
  if (!behind && !economy) return '';
  const share = behind ? `analyses ${fpsOut.toFixed(0)} of ${fpsIn.toFixed(0)} pictures a second` : '';
  return `The server is busy: it ${[share, ECONOMY[economy]].filter(Boolean).join(' and ')}.`;
}

/**
 * @param {import('./telemetry.js').Face} face
 * @returns {string} where it looks, what eyes and mouth do; empty where the server does not say
 */
export function bearing({ pose_deg: pose, eyes, mouth, blinks }) {
  if (!pose) return '';
  const [yaw, pitch] = pose;
  const turned = Math.abs(yaw) > 15 ? `Turned to the ${yaw > 0 ? 'right' : 'left'}` : '';
  const nodded = Math.abs(pitch) > 15 ? `looking ${pitch > 0 ? 'up' : 'down'}` : '';
  const words = [
    [turned, nodded].filter(Boolean).join(', ') || 'Facing the camera',
    eyes < 0.2 ? 'eyes closed' : '',
    mouth > 0.3 ? 'mouth open' : '',
    blinks > 0 ? `${blinks} ${blinks === 1 ? 'blink' : 'blinks'}` : '',
  ];
  const text = words.filter(Boolean).join(', ');
  return text[0].toUpperCase() + text.slice(1);
}

/** @param {string} window @param {string} verdict @param {number} fps @returns {string} the chart in one sentence */
export const chartSummary = (window, verdict, fps) =>
  `Probabilities of seven expressions and the frame rate over the last ${window}. Now: ${verdict}, ${fps.toFixed(0)} frames a second.`;

/** @param {string} detail what the server or the browser said @returns {string} with a capital and a full stop */
export function sentence(detail) {
  const text = detail.trim();
  return text && `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
