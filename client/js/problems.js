/** The texts of errors, ended sessions and states: what happened, and what to do. They are shown in place of the video. Decides nothing. */

import { State } from './visit-states.js';

/** @typedef {import('./errors.js').PeerError} PeerError */
/** @typedef {{title: string, text: string | ((detail: string) => string)}} Words a string is advice; a function also passes on the error's detail */

/** Shown in place of the video, by state; one without a title is appended to the text of the problem. @type {Record<string, {title?: string, text: string}>} */
export const INVITATIONS = {
  [State.IDLE]: {
    title: 'Facial expressions, live',
    text: 'Your video is sent to this server, analysed frame by frame and sent back at once. Nothing is stored.',
  },
  [State.STARTING]: { title: 'Opening the camera', text: 'Your browser may ask you to allow it.' },
  [State.CONNECTING]: { title: 'Connecting', text: 'The camera is open. The page is connecting to the server.' },
  [State.WAITING]: { title: 'Connected', text: 'Waiting for the first annotated frame.' },
  [State.PAUSED]: {
    title: 'The camera is paused',
    text: 'It sends no video at the moment. A phone call, another program, a privacy shutter or a switch may have stopped it. The connection stays open, and the video resumes when the camera does.',
  },
  [State.HELD]: {
    title: 'The camera is paused',
    text: 'The connection to the server was lost in the meantime. The page reconnects when the camera resumes.',
  },
  [State.QUEUED]: { text: 'The page tries again by itself; the camera stays off until then.' },
  [State.RECONNECTING]: { text: 'The camera stays on, but nothing is sent in the meantime. The chart and the counters resume when the connection is back.' },
  [State.STOPPED]: { title: 'The camera is off', text: 'Nothing is sent, and nothing was stored.' },
};
/** The same for a clip, where it differs. @type {Record<string, {title?: string, text: string}>} */
const CLIP_INVITATIONS = {
  [State.STARTING]: { title: 'Opening the clip', text: 'The browser is decoding the first frame.' },
  [State.CONNECTING]: { title: 'Connecting', text: 'The clip is open. The page is connecting to the server.' },
  [State.QUEUED]: { text: 'The page tries again by itself.' },
  [State.RECONNECTING]: { text: 'Nothing is sent in the meantime. The chart and the counters resume when the connection is back.' },
  [State.STOPPED]: { title: 'The clip has stopped', text: 'Nothing is sent, and nothing was stored.' },
};

/** By the key of a PeerError. @type {Record<string, Words>} */
export const PROBLEMS = {
  noCamera: { title: 'No camera was found', text: 'Connect a camera to this device and start again.' },
  denied: {
    title: 'The camera is blocked',
    text: 'Use the icon in the address bar to allow the camera for this page, then start again.',
  },
  busy: {
    title: 'The camera is in use',
    text: 'Another program or tab is using the camera. Close it and start again.',
  },
  insecure: {
    title: 'This address cannot use the camera',
    text: (address) =>
      `Browsers allow camera access only on localhost or over HTTPS. If the server runs on this computer, open ${address} instead. You can also use a clip here.`,
  },
  noCapture: {
    title: 'This browser does not give pages access to a camera',
    text: 'Allow camera access in the browser’s settings, use a clip instead, or open this page in a current Firefox, Chrome, Edge or Safari.',
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
    text: 'Some browsers require a second press, for example on a phone in power-saving mode. Press the button again.',
  },
  unsupported: {
    title: 'This browser lacks a feature that the page needs',
    text: 'It cannot capture video from a canvas (captureStream). Use a current Firefox, Chrome, Edge or Safari.',
  },
  noCanvas: {
    title: 'The browser blocks access to the canvas',
    text: 'Use the icon in the address bar to allow this page to read its canvas, then start again.',
  },
  noWebrtc: {
    title: 'This browser has no WebRTC',
    text: withAdvice('This server accepts video over WebRTC only. Allow WebRTC in the browser’s settings, or use another browser.'),
  },
  serverAway: { title: 'The server does not answer', text: 'Check that it is running, and start again.' },
  full: { title: 'The server is full', text: sentence },
  draining: { title: 'The server is stopping', text: sentence },
  token: { title: 'Access token required', text: sentence },
  tooMany: { title: 'Too many sessions from your network', text: sentence },
  // The detail names settings, which concern the operator only; the same holds for a fault.
  noPort: { title: 'The server has no free port for video', text: 'Tell the operator of this server.' },
  offer: { title: 'The server rejected the connection', text: sentence },
  rejected: { title: 'The server rejected the connection', text: sentence },
  fault: { title: 'Server error', text: 'Start again. If this happens again, tell the operator of this server.' },
  noMedia: {
    title: 'No video gets through',
    text: 'The server answered, but the connection for the video failed. A firewall may block UDP.',
  },
  cut: {
    title: 'The connection was lost',
    text: 'Nothing has arrived from the server for some time. Check the network and start again.',
  },
  closed: { title: 'The server ended the session', text: 'Try starting again in a moment.' },
  ended: { title: 'The server ended the session', text: (detail) => sentence(detail) || 'Try starting again in a moment.' },
  cameraEnded: { title: 'The camera was disconnected', text: 'Connect it again, or choose another one, and start again.' },
  unknown: { title: 'Unexpected error', text: withAdvice('Start again.') },
};

/** Why the server ended a session, by the code of its notice (docs/telemetry.md). @type {Record<string, Words>} */
export const ENDINGS = {
  silence: {
    title: 'The server received nothing for too long',
    text: 'The device may have been asleep or offline. Start again.',
  },
  setup_timeout: {
    title: 'No video reached the server',
    text: 'The page was connected, but no video frame arrived in time. Check that the camera works, and start again.',
  },
  video_ended: {
    title: 'The video from this page ended',
    text: 'Start again to open a new session.',
  },
  frame_too_large: {
    title: 'The video is too large for this server',
    text: withAdvice('Choose a smaller size and start again.'),
  },
  bad_frame: {
    title: 'The server cannot decode the video',
    text: withAdvice('Choose another size or camera, and start again.'),
  },
  replaced: { title: 'The session continues over another connection', text: 'Another connection resumed this session. Start again to open a new one.' },
  ended: { title: 'The operator ended the session', text: 'Ask the operator of this server before you start again.' },
  time_over: { title: 'The session reached its time limit', text: 'The server limits the length of a session. Start again to open a new one.' },
  stopping: { title: 'The server is stopping', text: 'Start again once it is back.' },
};

/** Why the page falls back to the compatibility mode, by the key of the PeerError. @type {Record<string, string>} */
export const COMPATIBILITY = {
  noMedia: 'WebRTC video does not get through',
  noWebrtc: 'This browser has no WebRTC',
  offer: 'The server cannot handle this browser’s video',
  fault: 'The server cannot handle this browser’s video',
  noPort: 'The server has no free port for video',
};

/** @param {string} code of a notice @returns {Words | null} null: an unknown code */
export const endingOf = (code) => (Object.hasOwn(ENDINGS, code) ? ENDINGS[code] : null);

/** @param {PeerError} error @returns {{key: string, title: string, text: string}} */
export function problemOf(error) {
  const { key, title, text } = wordsOf(error);
  return { key, title, text: typeof text === 'string' ? text : text(error.message) };
}

/**
 * @param {import('./visit-states.js').VisitState} state
 * @param {PeerError | null} error why the state was entered
 * @param {import('./visit-states.js').SourceKind} source
 * @returns {{key: string, title: string, text: string}} what is shown in place of the video; empty texts: nothing
 */
export function messageOf(state, error, source) {
  const { title = '', text = '' } = (source === 'clip' && CLIP_INVITATIONS[state]) || INVITATIONS[state] || {};
  if (!error) return { key: '', title, text };
  const problem = problemOf(error);
  /** @param {...string} parts */
  const saying = (...parts) => ({ ...problem, text: parts.filter(Boolean).join(' ') });
  switch (state) {
    case State.HELD:
      return { ...problem, title, text };
    case State.QUEUED:
      return saying(problem.text, text);
    case State.RECONNECTING:
      // Advice is for a person who has to start again; the page reconnects by itself.
      return saying(typeof wordsOf(error).text === 'string' ? '' : problem.text, text);
    default:
      return saying(problem.text, error.retryMs ? `Try again in ${Math.ceil(error.retryMs / 1000)} s.` : '');
  }
}

/** @param {PeerError} error for which the page falls back to the compatibility mode @returns {{key: string, title: string, text: string}} the reason and its consequences */
export function fallbackOf({ key }) {
  const title = COMPATIBILITY[key];
  const text = `${title}, so the page sends JPEG frames over a WebSocket. The delay may be longer and the frame rate lower; the analysis is the same.`;
  return { key, title, text };
}

/** @param {PeerError} error @returns {Words & {key: string}} */
function wordsOf({ key: given, code }) {
  const key = Object.hasOwn(PROBLEMS, given) ? given : 'unknown';
  return { key, ...(endingOf(code) ?? PROBLEMS[key]) };
}

/** @param {string} advice @returns {(detail: string) => string} the detail as a sentence, if there is any, then the advice */
function withAdvice(advice) {
  return (detail) => [sentence(detail), advice].filter(Boolean).join(' ');
}

/** @param {string} detail from the server or the browser @returns {string} with a capital and a full stop */
export function sentence(detail) {
  const text = detail.trim();
  return text && `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
