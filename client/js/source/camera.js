/** Opens a camera, or rejects with the reason; lists the cameras. Does not touch the page. */

import { PeerError } from '../connection/errors.js';

/** Keys of PROBLEMS in problems.js by the name of the browser's error. @type {Record<string, string>} */
const KEYS = {
  NotFoundError: 'noCamera',
  OverconstrainedError: 'noCamera',
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotReadableError: 'busy',
  AbortError: 'busy',
};

/** Choices until the cameras can be listed: browsers reveal their names only after the person has allowed one. */
export const FRONT = 'front';
export const REAR = 'rear';

/**
 * @typedef {object} CameraOptions
 * @property {string} camera FRONT, REAR or the id of a camera
 * @property {number} width
 * @property {number} height
 * @property {number} fps
 */

/** @param {CameraOptions} options @returns {MediaStreamConstraints} what the page requests; the camera may deliver something else */
export function constraints({ camera, width, height, fps }) {
  const size = { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: fps, max: fps } };
  if (camera === FRONT) return { video: { ...size, facingMode: 'user' }, audio: false };
  if (camera === REAR) return { video: { ...size, facingMode: 'environment' }, audio: false };
  return { video: { ...size, deviceId: { ideal: camera } }, audio: false };
}

/** @returns {PeerError | null} why this page can open no camera in this browser; null: it may */
export function cameraObstacle() {
  // Missing in pages loaded over plain http from another machine, and in some browsers altogether.
  if (typeof navigator.mediaDevices?.getUserMedia === 'function') return null;
  const here = `http://localhost${location.port && `:${location.port}`}${location.pathname}`;
  return globalThis.isSecureContext ? new PeerError('noCapture') : new PeerError('insecure', here);
}

/** @param {CameraOptions} options @returns {Promise<MediaStream>} with one video track; rejects with a PeerError */
export async function openCamera(options) {
  const obstacle = cameraObstacle();
  if (obstacle) throw obstacle;
  try {
    return await navigator.mediaDevices.getUserMedia(constraints(options));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new PeerError(KEYS[error.name] ?? 'unknown', error.message, error);
  }
}

/** @returns {Promise<{id: string, name: string}[]>} cameras whose names the browser reveals; none until the person has allowed one */
export async function listCameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return devices
    .filter((device) => device.kind === 'videoinput' && device.deviceId && device.label)
    .map((device) => ({ id: device.deviceId, name: device.label }));
}
