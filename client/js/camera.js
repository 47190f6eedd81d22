/** Opens a camera, or rejects with the reason; lists the cameras. Does not touch the page. */

import { PeerError } from './errors.js';

/** Keys of PROBLEMS in problems.js by the name of the browser's error. @type {Record<string, string>} */
const KEYS = {
  NotFoundError: 'noCamera',
  OverconstrainedError: 'noCamera',
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotReadableError: 'busy',
  AbortError: 'busy',
};

/** Choices before cameras have names: browsers name them only after one was allowed. */
export const FRONT = 'front';
export const REAR = 'rear';

/**
 * @typedef {object} Wish
 * @property {string} camera FRONT, REAR or the id of a camera
 * @property {number} width
 * @property {number} height
 * @property {number} fps
 */

/** @param {Wish} wish @returns {MediaStreamConstraints} what is asked of the browser; a camera may do otherwise */
export function constraints({ camera, width, height, fps }) {
  const size = { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: fps, max: fps } };
  if (camera === FRONT) return { video: { ...size, facingMode: 'user' }, audio: false };
  if (camera === REAR) return { video: { ...size, facingMode: 'environment' }, audio: false };
  return { video: { ...size, deviceId: { ideal: camera } }, audio: false };
}

/** @param {Wish} wish @returns {Promise<MediaStream>} with one video track; rejects with a PeerError */
export async function openCamera(wish) {
  // Missing in pages loaded over plain http from another machine, and in some browsers altogether.
  if (!navigator.mediaDevices?.getUserMedia) {
    const here = `http://localhost${location.port && `:${location.port}`}${location.pathname}`;
    throw globalThis.isSecureContext ? new PeerError('noCapture') : new PeerError('insecure', here);
  }
  try {
    return await navigator.mediaDevices.getUserMedia(constraints(wish));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new PeerError(KEYS[error.name] ?? 'unknown', error.message, error);
  }
}

/** @returns {Promise<{id: string, name: string}[]>} cameras whose names the browser tells; none before one was allowed */
export async function listCameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return devices
    .filter((device) => device.kind === 'videoinput' && device.deviceId && device.label)
    .map((device) => ({ id: device.deviceId, name: device.label }));
}
