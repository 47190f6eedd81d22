/** English: labels, states, figures, and sentences made of measurements. Errors have theirs in en-problems.js. */

import { SINGLE_IMAGES } from './en-problems.js';
import { keepsUp } from '../connection/telemetry.js';
import { clockTime, decimal } from './format.js';

export * from './en-exports.js';
export * from './en-clip.js';
export * from './en-controls.js';
export * from './en-problems.js';
export * from './en-sessions.js';
export * from './en-record.js';
export * from './en-share.js';
export * from './en-values.js';

/** Texts of index.html: for `data-text`, `data-title` (tooltip) and `data-label` (accessible name). @type {Record<string, string>} */
export const TEXT = {
  start: 'Start camera',
  startClip: 'Start video file',
  stop: 'Stop',
  compatibility: 'Compatibility mode',
  compatibilityTitle: `The direct video connection does not work here, so ${SINGLE_IMAGES}`,
  stageLabel: 'Video',
  fullPage: 'Full page',
  useClip: 'Use a video file',
  otherClip: 'Choose another file',
  noClip: 'Use the camera instead',
  clipLabel: 'The video file',
  clipPosition: 'Position in the file',
  clipForward: 'Forward only: what comes before was analysed or skipped',
  clipPause: 'Pause the file',
  clipLoop: 'Loop',
  clipLoopTitle: 'Play the file again and again, like a camera: frames may be dropped',
  settings: 'Settings',
  close: 'Close',
  view: 'View',
  viewWord: 'Big word',
  viewFull: 'Full screen',
  viewSmall: 'Video in a small window',
  leaveWord: 'Leave the big word',
  shortcuts: 'Keyboard shortcuts',
  shortcutsName: 'Shortcuts',
  setupLabel: 'Video',
  cameraLabel: 'Camera',
  sizeLabel: 'Size in pixels',
  rateLabel: 'Frames per second',
  mirror: 'Mirror my own view',
  mirrorTitle: 'Shows a front camera as in a mirror. Only the view is mirrored: the angles of the head and all numbers stay as the camera sees you. A rear camera and a video file are never mirrored.',
  estimates: 'Estimates, often wrong.',
  whatTheyMean: 'What they mean',
  sayNow: 'Read aloud',
  sayNowTitle: 'For screen readers: reads the word and its probability once',
  announce: 'Announce changes of the expression',
  announceTitle: 'A screen reader reads the word when it changes, at most every 5 seconds, and only if its probability is at least 60 %',
  meaningTitle: 'What these labels mean',
  meaningLabels:
    'A small neural network compares each face with seven groups of photographs: angry, disgust, fear, happy, sad, surprise and neutral. A percentage says how sure the network is, not how strong an expression is. Below 60 % the page says "Perhaps". "Right for about 90% of similar test faces" says how often people chose the same word for test photographs that were like this face for the network; with a camera it may be fewer. "Unsure" means that two labels are about equally likely, or that the face is too small, too dark, blurred, covered or turned away.',
  meaningMoment: 'The word and the bars may be up to a quarter of a second behind the label in the video, so that they can be read.',
  meaningErrors:
    'On photographs that people had labelled before, the network agrees with them in about 84 of 100 cases, and in fewer with a camera. It finds about half of the cases of disgust and fear. It often calls a sad face neutral, a neutral face sad, and a fearful face surprised.',
  meaningLimits:
    'A label describes what a face looks like, not in a single frame: the probabilities are averaged over a short time, usually about 0.3 seconds, and a label stays until another one has been more likely for a moment, for longer while somebody speaks. It does not show what a person feels, thinks or intends, and it is no diagnosis. Do not base any decision about a person on it.',
  valuesLabel: 'Values of this server’s own analysis',
  peopleLabel: 'Faces in the video; press one to follow it',
  snapshot: 'Snapshot',
  record: 'Record',
  tryNow: 'Try now',
  giveUp: 'Stop trying',
  consentTitle: 'Before your video is sent',
  consentYes: 'I agree',
  consentNo: 'Not now',
  consentEach: 'Ask for consent at each start',
  consentEachTitle: 'For a computer that several people use one after the other',
  nextPerson: 'Next person',
  nextPersonTitle: 'Forgets that somebody agreed: the next start asks again',
  tokenTitle: 'Access token required',
  tokenLabel: 'Token',
  tokenYes: 'Continue',
  tokenNo: 'Not now',
  sessions: 'Sessions',
  openSession: 'Open',
  sessionName: 'Session name (optional)',
  keepSessions: 'Keep sessions in this browser',
  deleteAll: 'Delete all sessions',
  delete: 'Delete',
  forget: 'Delete measurements',
  marker: 'Marker',
  markers: 'Markers',
  moreMarkers: 'More markers',
  markerList: 'Show in the chart',
  stimulusStart: 'Stimulus starts',
  stimulusEnd: 'Stimulus ends',
  markerNote: 'Note (optional)',
  markerSave: 'Add',
  recordSign: 'Server keeps results',
  recordSignTitle: 'Server keeps results: delete them',
  deleteRecord: 'Delete on the server',
  questionYes: 'Delete',
  questionNo: 'Cancel',
  overlayHeading: 'Overlay',
  backgroundLabel: 'Background',
  layersLabel: 'Draw on the video',
  layerBox: 'Box',
  layerHulls: 'Outlines',
  layerPoints: 'Points',
  layerLabel: 'Label',
  layerPose: 'Head pose',
  layerStats: 'Frame number',
  faceHeading: 'Expression',
  faceChoice: 'Face to follow',
  followLargest: 'Follow the largest face',
  linesHint: 'Probability of each expression; press one to keep its line in the chart',
  historyLabel: 'Chart of',
  windowLabel: 'Time span of the chart',
  pause: 'Pause chart',
  pauseTitle: 'Pauses the chart; video and analysis go on',
  lookBack: 'Look back in time',
  save: 'Save',
  saveMeasurements: 'Save measurements',
  saveTables: 'Tables and dictionary (ZIP)',
  saveCsv: 'Table only (CSV)',
  germanExcel: 'Tables for German Excel',
  saveJsonl: 'For programs (JSONL)',
  saveReport: 'Report (HTML)',
  compare: 'Compare',
  compareTitle: 'Show the labels of up to four faces under each other',
  chartView: 'Chart',
  linesLabel: 'Lines',
  nameFace: 'Name this face',
  faceNameTitle: 'Name of a face',
  faceName: 'Name (empty: none)',
  faceNameYes: 'Save',
  faceNameNo: 'Cancel',
  neutral: 'This is neutral',
  neutralTitle: 'The last two seconds of this face become its neutral face; the chart then shows differences to it, too',
  neutralClear: 'Clear the neutral face',
  changes: 'Difference to neutral',
  asTable: 'As a table',
  tableTitle: 'The chart as a table',
  chartEmpty: 'The chart appears here once the analysis starts.',
  qualityHeading: 'Quality',
  details: 'Details',
  stagesLabel: 'Delay by step',
  share: 'Share',
  shareOperator: 'Create a link with a token (operators)',
  shareAdmin: 'Admin token',
  shareLifetime: 'Hours until the link expires',
  shareName: 'Name for the server’s log (optional)',
  shareCreate: 'Create link',
  shareSend: 'Send with an app',
  shareWhere: 'Address for other devices',
  languageLabel: 'Language / Sprache',
};

/** The state of a visit that sends a camera, in words. @type {Record<import('../visit/visit-states.js').VisitState, string>} */
export const STATES = {
  idle: 'Ready',
  starting: 'Opening the camera',
  connecting: 'Connecting',
  waiting: 'Waiting for the video',
  connected: 'Live',
  stalled: 'The video has stopped arriving',
  paused: 'Camera paused',
  held: 'Camera paused',
  queued: 'Waiting for the server',
  interrupted: 'Connection interrupted',
  reconnecting: 'Reconnecting',
  stopped: 'Stopped',
  finished: 'The file has ended',
  failed: 'Not connected',
  lost: 'Ended',
};
/** The same for a clip, where it differs. @type {Partial<Record<import('../visit/visit-states.js').VisitState, string>>} */
const CLIP_STATES = { starting: 'Opening the video file', connected: 'Analysing the file', paused: 'The file is paused', held: 'The file is paused' };

/** In place of "Not connected", by the key of the problem. @type {Record<string, string>} */
const FAILED_STATES = { denied: 'Camera blocked', busy: 'Camera in use', noCamera: 'No camera', offline: 'Offline', badClip: 'File not readable', notVideo: 'File not readable', insecure: 'No camera here', noCapture: 'No camera here' };

/** @param {import('../visit/visit-states.js').VisitState} state @param {import('../visit/visit-states.js').SourceKind} source @param {string} [problem] key of the error that led to the state @returns {string} */
export const stateName = (state, source, problem = '') => ((state === 'failed' || state === 'idle') && FAILED_STATES[problem]) || (source === 'clip' && CLIP_STATES[state]) || STATES[state];

/** @type {Record<string, string>} */
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

/** Why a face has no label. @type {Record<string, string>} */
export const UNSURE_REASONS = {
  close: 'Two expressions are about equally likely',
  small: 'The face is too small: come closer',
  blurred: 'The face is blurred: hold still, and turn on more light',
  turned: 'The face is turned away: look into the camera',
  hidden: 'Eyes or mouth are covered: uncover them',
  dark: 'The face is too dark: turn on a light',
  misplaced: 'The points do not lie on the face: look into the camera',
};

/** @param {string} share @returns {string} how often the word was right for faces like this one */
export const trusted = (share) => `Right for about ${share} of similar test faces`;

/** The stages of a frame from the camera to the screen, in order. @type {Record<string, string>} */
export const STAGE_LABELS = {
  camera: 'camera',
  network: 'network',
  wait: 'waiting',
  detect: 'finding faces',
  landmarks: 'landmarks',
  emotion: 'expression',
  draw: 'drawing',
  encode: 'encoding',
  display: 'display',
};

/** Names of the figures below the video. */
export const FIGURES = {
  'fps-in': 'Sent',
  'fps-out': 'Analysed',
  'fps-shown': 'Shown',
  dropped: 'Dropped frames',
  'round-trip': 'Round trip',
  loss: 'Lost packets',
  bitrate: 'Data rate',
  codec: 'Video format',
  delay: 'Camera to screen',
  session: 'Session number',
};

/** @param {string} kept what the server keeps, a sentence @returns {string} what the person agrees to, unless the server has a `notice`. True whether or not the browser keeps sessions. */
export const noticeWith = (kept, numbers = 'Copies of the numbers') =>
  `Your video is sent to this server and analysed there for facial expressions. ${kept} ${numbers}, without images, stay in this browser; you can delete them under “Sessions”. ` +
  `The video is not recorded unless you press “${TEXT.record}”; when the recording ends, it is saved to your downloads. If the page closes before that, it stays in this browser until you save or delete it. ` +
  'Others in the camera’s view are analysed too: tell them.';
export const NOTICE = noticeWith('The server stores neither frames nor results.', 'The numbers');
/** @param {number} days 0: without a limit @returns {string} */
export const recordedNotice = (days) =>
  `This server keeps the results of this session: emotions, landmarks and times, not the video, ${days === 0 ? 'without a limit of time' : days === 1 ? 'for 1 day' : `for ${days} days`}. The people who run it can read and delete them.`;

/** Background modes, by their names on the wire ("views"). @type {Record<string, string>} */
export const BACKGROUND_MODES = { picture: 'Video', blur: 'Background blurred', landmarks: 'Points only' };
/** A letter or two for a label where its word has no room. @type {Record<string, string>} */
export const EMOTION_LETTERS = { angry: 'A', disgust: 'D', fear: 'F', happy: 'H', sad: 'Sa', surprise: 'Su', neutral: 'N', unsure: '?' };
/** Which lines the chart shows. */
export const LINE_CHOICES = { leading: 'The two leading', all: 'All seven', rate: 'All seven and frame rate' };
/** Texts at marks that have no text of their own. @type {Record<string, string>} */
export const MARKS = { marker: 'Marker', 'stimulus-start': 'Start', 'stimulus-end': 'End' };
/** @param {number} s */
export const smoothedOver = (s) => `Probability, smoothed over ${decimal(s, s < 1 ? 1 : 0)} s`;
/** @param {string} from @param {string} to times since the session's start */
export const timesShown = (from, to) => `${from} to ${to} of the session`;
/** @param {string} at time since the session's start @param {string | null | undefined} label null: no face */
export const momentTitle = (at, label) => `${at}, ${label ? EMOTION_LABELS[label] : NO_FACE}`;
export const TABLE = {
  time: 'Time',
  label: 'Label',
  /** @param {string} from @param {string} to @param {number} stepS */
  caption: (from, to, stepS) => `From ${from} to ${to} of the session, one row for ${stepS === 1 ? 'each second' : `${stepS} seconds`}`,
};
/** The same for all of a session that is over. */
export const WHOLE_SESSION = 'Whole session';
/** Lengths of the chart's window by seconds, as they follow "over the last". @type {Record<string, string>} */
export const WINDOWS = { 15: '15 seconds', 30: '30 seconds', 60: '1 minute', 180: '3 minutes', 300: '5 minutes' };
/** In the list, where there is little room. @param {number} seconds */
export const windowName = (seconds) => (seconds < 60 ? `${seconds} s` : `${seconds / 60} min`);

export const CAMERAS = { front: 'Front camera', rear: 'Rear camera' };
export const PAUSED = { pause: 'Pause chart', resume: 'Resume chart' };
/** @param {string} name */
export const clipName = (name) => `File: ${name}`;
/** @param {number} width @param {number} height @param {number} fps */
export const setupSummary = (width, height, fps) => `${width} × ${height}, ${fps} per second`;
export const SNAPSHOT_SAVED = 'The snapshot was saved.';
export const NOT_SAVED = 'The browser could not save the file.';
/** @param {number} s */
export const nextTry = (s) => `Next try in ${s} s`;
export const TRYING = 'Trying now';
/** Where a connection does not continue the session before it. */
export const FACES_ANEW = 'The server does not know this session, so faces have new numbers.';
/** @param {string} gapS seconds without video; empty: not known */
const movedSentence = (gapS) => `Moved to another server${gapS && `, ${gapS === '0.0' ? 'less than 0.1' : decimal(Number(gapS), 1)} s without video`}`;
/** @type {Record<string, (detail: string, nameOf: (id: number) => string) => string>} */
const EVENTS = {
  began: () => 'Started',
  stopped: () => 'Stopped',
  finished: () => 'The file has ended',
  failed: (problem) => `Not started: ${problem}`,
  ended: (problem) => `Ended: ${problem}`,
  lost: (problem) => `Connection lost: ${problem}`,
  fellBack: (reason) => `Compatibility mode: ${reason}`,
  back: () => 'The connection is back',
  backAnew: () => `The connection is back. ${FACES_ANEW}`,
  moved: (gapS) => movedSentence(gapS),
  movedAnew: (gapS) => `${movedSentence(gapS)}. ${FACES_ANEW}`,
  paused: () => 'The camera is paused',
  resumed: () => 'The camera resumed',
  queued: (detail) => `Waiting: ${detail}`,
  'extra-fault': () => 'The server’s own analysis (its plug-in) failed for the first time; values of it are missing',
  neutral: (detail, nameOf) => `Neutral face of ${nameOf(Number(detail.split(' ')[0]))}`,
  'neutral-cleared': (id, nameOf) => `${nameOf(Number(id))} has no neutral face any more`,
  cut: () => 'Ended without Stop: closed, reloaded or crashed',
  connection: (number) => `First frame of connection ${number}`,
  'recording-start': (part) => `Recording starts, part ${part}`,
  'recording-end': (part) => `Recording ends, part ${part}`,
  appeared: (id, nameOf) => `${nameOf(Number(id))} appeared`,
  left: (id, nameOf) => `${nameOf(Number(id))} left`,
  marker: (note) => (note ? `Marker: ${note}` : 'Marker'),
  'stimulus-start': (note) => (note ? `Stimulus starts: ${note}` : 'Stimulus starts'),
  'stimulus-end': (note) => (note ? `Stimulus ends: ${note}` : 'Stimulus ends'),
  changed: (detail, nameOf) => {
    const [id, label] = detail.split(' ');
    return `${nameOf(Number(id))}: ${EMOTION_LABELS[label] ?? label}`;
  },
};

/** @param {import('../session/session-log.js').SessionEvent} event @param {(id: number) => string} [nameOf] a face */
export const eventSentence = ({ kind, detail }, nameOf = faceName) => EVENTS[kind]?.(detail, nameOf) ?? kind;

export const FPS_LABEL = 'Frame rate';
export const NOTHING = '–';
export const NO_FACE = 'No face';
/** In the chart's table: the server reported nothing. */
export const NOT_MEASURED = 'Not measured';
/** Below the label in `<facestream-view>`. */
export const ESTIMATE = 'Estimate, often wrong';
export const NO_FACE_REASON = 'There is no face in the frame';
export const NOT_RUNNING = 'The analysis is not running';
/** In place of a reason, where the numbers are of a session that is over. @param {string} at time since its start */
export const momentShown = (at) => `At ${at} of the session, mean of one second`;
/** @param {string} at */
export const nothingAt = (at) => `No measurements at ${at} of the session`;
export const NO_CONNECTION = 'No analysis until the connection is back';
export const NO_FRAMES = 'No analysis until the camera resumes';
export const NOT_ANALYSED = 'Not analysed';
/** Why a frame was not analysed, by the reason in the telemetry. The server sends the frame back in any case. @type {Record<string, string>} */
export const NOT_ANALYSED_REASONS = {
  off: 'Analysis is switched off on this server',
  unavailable: 'The server cannot analyse frames at the moment',
  fault: 'The server fails to analyse this video',
};
export const CHART_MISSING = 'The chart could not be loaded. Everything else works. Tell the operator of this server.';

/** @param {number} s */
export const secondsAgo = (s) => (s === 0 ? 'now' : s > -120 ? `${Math.round(-s)} s` : clockTime(-s));
/** @param {number | string} id */
export const faceName = (id) => `Face ${id}`;
export const LARGEST_FACE = 'Largest face';
/** @param {string} name */
export const faceAway = (name) => `${name} is not in the video`;
export const FACE_AWAY_REASON = 'A face that returns after more than a moment gets a new number';
/** In the list of faces. @param {string} name */
export const faceNameAway = (name) => `${name} (not in the video)`;
export const NOT_IN_VIDEO = 'Not in the video';
/** Tooltip of a face in the strip. */
export const FOLLOW_FACE = 'Follow this face; press it again for the largest face';
/** What a screen reader says on request. @param {string} who @param {string} word @param {string} share @param {string} reason */
export const spokenFace = (who, word, share, reason) => [[who, [word, share].filter(Boolean).join(' ')].filter(Boolean).join(': '), reason].filter(Boolean).join('. ');
/** @param {string} label whose probability is low */
export const perhaps = (label) => `Perhaps ${EMOTION_LABELS[label].toLowerCase()}`;

/** What the analysis leaves out at each degradation level; each level includes those before it. */
const DEGRADATION = ['', 'looks for new faces less often', 'classifies expressions less often', 'follows two faces at most'];

/**
 * @param {import('../connection/telemetry.js').Telemetry} telemetry
 * @returns {string} what the server does when it cannot keep up; empty: it keeps up
 */
export function busySentence(telemetry) {
  const { fpsIn, fpsOut, degradationLevel, notFollowed } = telemetry;
  // Two people do not need to read how many faces are followed.
  const behind = !keepsUp(telemetry);
  if (!behind && !degradationLevel) return '';
  const share = behind ? `analyses ${decimal(fpsOut)} of ${decimal(fpsIn)} frames a second` : '';
  return `The server is busy: it ${[share, DEGRADATION[notFollowed ? degradationLevel : Math.min(degradationLevel, 2)]].filter(Boolean).join(' and ')}.`;
}

/** @type {Record<string, string>} */
const GAZE = { left: 'eyes to the left', right: 'eyes to the right', up: 'eyes up', down: 'eyes down' };

/**
 * @param {import('../connection/telemetry.js').Face} face
 * @param {'mirrored' | 'as it is'} [view] how the video is shown
 * @returns {string} where the face looks, and what its eyes and mouth do; empty: the server sends no pose
 */
export function describePose({ pose_deg: pose, mouth = 0, blinks = 0, eyes_closed_s: closedS = 0, yawns = 0, gaze = '' }, view = 'as it is') {
  if (!pose) return '';
  const [yaw, pitch] = pose;
  // Yaw counts in the frame as it was sent; the server may mirror what it sends back.
  const side = yaw > 0 === (view === 'as it is') ? 'right' : 'left';
  const looked = gaze === 'left' || gaze === 'right' ? ((gaze === 'right') === (view === 'as it is') ? 'right' : 'left') : gaze;
  const turned = Math.abs(yaw) > 15 ? `Turned towards the ${side} of the video` : '';
  const nodded = Math.abs(pitch) > 15 ? `looking ${pitch > 0 ? 'up' : 'down'}` : '';
  const words = [
    [turned, nodded].filter(Boolean).join(', ') || 'Facing the camera',
    closedS > 0 ? `eyes closed for ${decimal(closedS, 0)} s` : '',
    GAZE[looked] ?? '',
    mouth > 0.3 ? 'mouth open' : '',
    blinks > 0 ? `${blinks} ${blinks === 1 ? 'blink' : 'blinks'}` : '',
    yawns > 0 ? `${yawns} ${yawns === 1 ? 'yawn' : 'yawns'}` : '',
  ];
  const text = words.filter(Boolean).join(', ');
  return text[0].toUpperCase() + text.slice(1);
}

/** @param {string} window @param {string} verdict @param {number} fps @returns {string} the chart in one sentence */
export const chartSummary = (window, verdict, fps) =>
  `Expressions over the last ${window} and their probabilities. Now: ${verdict}, ${decimal(fps)} frames a second.`;


/** Why the language cannot be changed. */
export const LANGUAGE_WAITS = 'The language can be changed once the video is stopped, because the page reloads for it.';
/** The same for a chart that does not follow the video. @param {string} from @param {string} to times since the session's start */
export const chartSummaryBetween = (from, to) => `Expressions from ${from} to ${to} of the session and their probabilities.`;
