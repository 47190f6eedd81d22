/** Plays a file from this device after checking that the browser can decode its video. Does not touch the page. */

import { make } from '../browser/elements.js';
import { PeerError } from '../connection/errors.js';

/** Enough for the first frame of a long clip on a slow machine. */
const FIRST_FRAME_MS = 8000;
/** When the metadata has loaded, a frame that can be decoded follows within this time. */
const DECODE_MS = 2000;
const LOOK_MS = 50;
const HAVE_CURRENT_DATA = 2;

/** @param {File} file @returns {Promise<HTMLVideoElement>} as from `openClip`, but it plays in a loop */
export async function loopClip(file) {
  const video = await openClip(file);
  // Not earlier: a clip with one frame would loop forever without ever decoding it.
  video.loop = true;
  if (video.ended) await video.play();
  return video;
}

/**
 * @param {File} file
 * @returns {Promise<HTMLVideoElement>} that plays and has shown a frame; the caller revokes its `src`. Rejects with a PeerError
 *   if the browser cannot decode its video.
 */
export async function openClip(file) {
  const src = URL.createObjectURL(file);
  const video = make('video', { muted: true, playsInline: true });
  try {
    // For an empty file, Chromium would log an error to the console.
    if (!file.size) throw new Error('empty');
    video.src = src;
    await firstFrame(video);
    return video;
  } catch (error) {
    video.removeAttribute('src');
    URL.revokeObjectURL(src);
    const isBlocked = error instanceof Error && error.name === 'NotAllowedError';
    throw new PeerError(isBlocked ? 'clipBlocked' : 'badClip', file.name, error);
  }
}

/**
 * An audio file plays too, and a file with an unsupported video codec may play its audio, or have a size but no frames.
 * Only a decoded frame proves that the video can be shown.
 *
 * @param {HTMLVideoElement} video @returns {Promise<void>}
 */
function firstFrame(video) {
  return new Promise((resolve, reject) => {
    const beganMs = performance.now();
    let readyMs = Infinity;
    /** @param {Error} [error] */
    const end = (error) => {
      clearInterval(timer);
      video.onerror = null;
      if (error) reject(error);
      else resolve();
    };
    const timer = setInterval(() => {
      const nowMs = performance.now();
      const isDecoded = hasFrame(video);
      if (video.readyState >= HAVE_CURRENT_DATA) readyMs = Math.min(readyMs, nowMs);
      if (isDecoded) end();
      else if (readyMs < Infinity && !video.videoWidth) end(new Error('sound only'));
      else if (nowMs - readyMs > DECODE_MS || nowMs - beganMs > FIRST_FRAME_MS) end(new Error('no frame was decoded'));
    }, LOOK_MS);
    video.onerror = () => end(new Error(video.error?.message || 'not decoded'));
    video.play().catch(end);
  });
}

/** @param {HTMLVideoElement} video @returns {boolean} */
function hasFrame(video) {
  if (video.readyState < HAVE_CURRENT_DATA || !video.videoWidth || !video.videoHeight) return false;
  return (video.getVideoPlaybackQuality?.().totalVideoFrames ?? 1) > 0;
}
