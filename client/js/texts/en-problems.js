/** English: the texts of errors, ended sessions and states: what happened, and what to do. They are shown in place of the video. */

import { State } from '../visit/visit-states.js';
import { sentence } from './format.js';

/**
 * @typedef {object} Words
 * @property {string} title
 * @property {string} [reason] also shown while the page tries again by itself
 * @property {string | ((detail: string) => string)} text advice for a person who has to start again; a function also passes on the error's detail
 */

/** What the compatibility mode means, after the reason for it. */
export const SINGLE_IMAGES = 'the page sends single images. The video may come later and less smoothly; the analysis is the same.';

/** Why the page asks for a token before its first try. */
export const TOKEN_WANTED = 'Enter the token that you received from the operator of this server, or open the link that contains it.';

const AFTER_STOP = 'Nothing is sent any more. The server has stored nothing.';
const DELETED_AFTER_STOP = 'Nothing is sent any more. The server has deleted what it kept of this session.';
const RECORDED_AFTER_STOP = 'Nothing is sent any more. The server keeps the results of this session, not the video.';
/** What has become of the measurements, after AFTER_STOP. @type {Record<import('./problems.js').Measurements, string>} */
export const MEASUREMENTS = {
  listed: 'The measurements are under “Sessions”.',
  elsewhere: 'The measurements are under “Sessions” on the full page.',
  deleted: 'The measurements are deleted.',
  unsaid: '',
};

/** Shown in place of the video, by state; one without a title is appended to the text of the problem. @type {Record<string, {title?: string, text: string}>} */
export const INVITATIONS = {
  [State.IDLE]: {
    title: 'Facial expressions, live',
    text: 'Your video is sent to this server, analysed frame by frame and sent back at once. The server stores neither the video nor the results. The numbers stay in this browser; you can delete them.',
  },
  [State.STARTING]: { title: 'Opening the camera', text: 'Your browser may ask you to allow it.' },
  [State.CONNECTING]: { title: 'Connecting', text: 'The camera is open. The page is connecting to the server.' },
  [State.WAITING]: { title: 'Connected', text: 'Waiting for the first frame of the video.' },
  [State.PAUSED]: {
    title: 'The camera is paused',
    text: 'It sends no video at the moment. A phone call, another program, a privacy shutter or a switch may have stopped it. The connection stays open, and the video resumes when the camera does.',
  },
  [State.HELD]: {
    title: 'The camera is paused',
    text: 'The connection to the server was lost in the meantime. The page reconnects when the camera resumes.',
  },
  [State.QUEUED]: { text: 'The page tries again by itself; the camera stays off until then.' },
  [State.RECONNECTING]: { text: 'The camera stays on, but nothing is sent in the meantime. The chart goes on when the connection is back; if the server has restarted, counters begin again.' },
  [State.STOPPED]: { title: 'The camera is off', text: AFTER_STOP },
  [State.FINISHED]: { title: 'The file has ended', text: AFTER_STOP },
};
/** Texts of INVITATIONS and CLIP_INVITATIONS on a server that records sessions. @type {Record<string, string>} */
export const RECORDED_INVITATIONS = {
  [State.IDLE]: 'Your video is sent to this server, analysed frame by frame and sent back at once. The server keeps the results, not the video; you are asked before. This browser keeps the numbers too.',
  [State.STOPPED]: RECORDED_AFTER_STOP,
  [State.FINISHED]: RECORDED_AFTER_STOP,
};
/** The same after the person has deleted what the server kept. @type {Record<string, string>} */
export const DELETED_INVITATIONS = { [State.STOPPED]: DELETED_AFTER_STOP, [State.FINISHED]: DELETED_AFTER_STOP };
/** The same while nothing runs and a past session is open. */
export const PAST_INVITATION = { title: 'A past session is open', text: 'Its numbers were kept, its video was not. Word, bars and chart are those of the session.' };
/** The same for a clip, where it differs. @type {Record<string, {title?: string, text: string}>} */
export const CLIP_INVITATIONS = {
  [State.STARTING]: { title: 'Opening the video file', text: 'The browser is reading the first frame.' },
  [State.CONNECTING]: { title: 'Connecting', text: 'The video file is open. The page is connecting to the server.' },
  [State.QUEUED]: { text: 'The page tries again by itself.' },
  [State.RECONNECTING]: { text: 'Nothing is sent in the meantime. The chart goes on when the connection is back; if the server has restarted, counters begin again.' },
  [State.HELD]: { title: 'The file is paused', text: 'The connection to the server was lost in the meantime. The page reconnects when the file continues.' },
  [State.STOPPED]: { title: 'The video file has stopped', text: AFTER_STOP },
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
      `Open the https address of this page; ask whoever gave you the link. A video file works here too. For the operator: browsers give a camera only over https (“facestream certs”), or on the server’s own computer at ${address}.`,
  },
  noCapture: {
    title: 'This browser does not give pages access to a camera',
    text: 'Allow camera access in the browser’s settings, use a video file instead, or open this page in a current Firefox, Chrome, Edge or Safari.',
  },
  badClip: {
    title: 'This video file cannot be played',
    text: (name) => `This browser cannot decode any video in ${name}. Convert it to MP4 with H264, or to WebM, and choose it again.`,
  },
  notVideo: { title: 'This is not a video', text: (name) => `${name} is a file of another kind. Choose a video file.` },
  clipBroken: {
    title: 'The video file stopped playing',
    text: (name) => `This browser cannot decode the rest of ${name}. Convert it to MP4 with H264, or to WebM, and choose it again.`,
  },
  clipBlocked: {
    title: 'The browser did not start the video file',
    text: 'Some browsers require a second press, for example on a phone in power-saving mode. Press the button again.',
  },
  unsupported: {
    title: 'This browser lacks a feature that the page needs',
    text: 'Open this page in a current Firefox, Chrome, Edge or Safari. In this browser, only the camera may work.',
  },
  noCanvas: {
    title: 'The browser hides the video from this page',
    text: 'Its protection against tracking replaces the frames with noise. Use the icon in the address bar to allow this page to read canvas images, or use another browser. Then start again.',
  },
  noWebrtc: {
    title: 'This browser has no WebRTC',
    text: withAdvice('This server accepts video over WebRTC only. Allow WebRTC in the browser’s settings, or use another browser.'),
  },
  serverAway: { title: 'The server does not answer', text: 'Check that it is running, or start again in a moment.' },
  offline: { title: 'You are offline', text: 'Start again when you are connected.' },
  full: { title: 'The server is full', reason: 'It cannot serve more people at the moment.', text: 'Start again later.' },
  draining: { title: 'The server is stopping', text: 'Start again once it is back.' },
  token: { title: 'Access token required', text: TOKEN_WANTED },
  tooMany: { title: 'Too many sessions from your network', reason: 'The server allows no more of them at the moment.', text: 'Start again later.' },
  noPort: { title: 'The server has no free port for video', reason: 'Tell the operator of this server.', text: '' },
  offer: {
    title: 'The server rejected the connection',
    text: 'It cannot use what this browser sends. Use a current Firefox, Chrome, Edge or Safari, or tell the operator of this server.',
  },
  rejected: { title: 'The server rejected the connection', text: 'Start again. If this happens again, tell the operator of this server.' },
  fault: { title: 'Server error', text: 'Start again. If this happens again, tell the operator of this server.' },
  noMedia: {
    title: 'No video gets through',
    text: 'The server answers, but the video does not reach it. Your network may block video: try another network, or tell the operator of this server.',
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

/** Why the server rejected a request, by the code of its problem, where the key says too little. @type {Record<string, Partial<Words>>} */
export const REJECTIONS = {
  token_wrong: { reason: 'This token is not valid on this server.', text: 'Ask its operator for a new one.' },
  token_expired: { reason: 'This token has expired.', text: 'Ask the operator of this server for a new one.' },
  too_many_sessions_for_address: {
    reason: 'Other pages or devices in your network are already using this server, and it allows no more of them at the moment.',
    text: 'Stop one of them, or start again later.',
  },
  rate_limited: { title: 'Too many attempts from your network', reason: 'The server was asked too often within a minute.', text: 'Wait a minute, and start again.' },
  origin_not_allowed: { text: 'The server does not accept this page. Tell its operator.' },
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
  replaced: { title: 'This session continues in another tab or connection', text: 'Start again to open a new session here.' },
  ended: { title: 'The operator ended the session', text: 'Ask the operator of this server before you start again.' },
  time_over: { title: 'The session reached its time limit', text: 'The server limits the length of a session. Start again to open a new one.' },
  stopping: { title: 'The server is stopping', text: 'Start again once it is back.' },
};

/** Why the page falls back to the compatibility mode, by the key of the PeerError. @type {Record<string, string>} */
export const COMPATIBILITY = {
  noMedia: 'The direct video connection does not work here',
  noWebrtc: 'This browser has no WebRTC',
  offer: 'The server cannot handle this browser’s video',
  fault: 'The server cannot handle this browser’s video',
  noPort: 'The server has no free port for video',
};

/** @param {string} title of COMPATIBILITY @returns {string} the reason for the compatibility mode and its consequences */
export const fallbackSentence = (title) => `${title}, so ${SINGLE_IMAGES}`;

/** @param {number} s */
export const startAgainIn = (s) => `Start again in ${s} s.`;

/** @param {string} advice @returns {(detail: string) => string} the detail as a sentence, if there is any, then the advice */
function withAdvice(advice) {
  return (detail) => [sentence(detail), advice].filter(Boolean).join(' ');
}
