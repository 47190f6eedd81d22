/** Plays a file from this device, once it is known that the browser can show a picture of it. Touches no page. */

import { PeerError } from './peer.js';

/** The first picture of a long clip on a slow machine is there by then. */
const FIRST_PICTURE_MS = 8000;
/** Sound and sizes are known, so a picture that can be decoded is a moment away. */
const DECODE_MS = 2000;
const LOOK_MS = 50;
const HAVE_CURRENT_DATA = 2;

/**
 * @param {File} file
 * @returns {Promise<HTMLVideoElement>} that plays, over and over; its `src` is to be revoked. Rejects with a PeerError
 *   where the browser can show no picture of it.
 */
export async function playClip(file) {
  const src = URL.createObjectURL(file);
  const video = Object.assign(document.createElement('video'), { muted: true, playsInline: true });
  try {
    // Asking for bytes of an empty file is an error that Chromium writes to the console.
    if (!file.size) throw new Error('empty');
    video.src = src;
    await firstPicture(video);
    // Not before: a clip of one frame would jump back for ever and never have one.
    video.loop = true;
    if (video.ended) await video.play();
    return video;
  } catch (error) {
    video.removeAttribute('src');
    URL.revokeObjectURL(src);
    throw new PeerError(error.name === 'NotAllowedError' ? 'clipBlocked' : 'badClip', file.name, error);
  }
}

/**
 * A file of sound plays, too; one with a codec that the browser lacks may play its sound, or have a size and no picture.
 * Only a frame that was decoded proves that there is one.
 *
 * @param {HTMLVideoElement} video @returns {Promise<void>}
 */
function firstPicture(video) {
  return new Promise((resolve, reject) => {
    const beganMs = performance.now();
    let readyMs = Infinity;
    const end = (result) => {
      clearInterval(timer);
      video.onerror = null;
      if (result instanceof Error) reject(result);
      else resolve();
    };
    const timer = setInterval(() => {
      const nowMs = performance.now();
      const picture = hasPicture(video);
      if (video.readyState >= HAVE_CURRENT_DATA) readyMs = Math.min(readyMs, nowMs);
      if (picture) end();
      else if (readyMs < Infinity && !video.videoWidth) end(new Error('sound only'));
      else if (nowMs - readyMs > DECODE_MS || nowMs - beganMs > FIRST_PICTURE_MS) end(new Error('no frame was decoded'));
    }, LOOK_MS);
    video.onerror = () => end(new Error(video.error?.message || 'not decoded'));
    video.play().catch(end);
  });
}

/** @param {HTMLVideoElement} video @returns {boolean} */
function hasPicture(video) {
  if (video.readyState < HAVE_CURRENT_DATA || !video.videoWidth || !video.videoHeight) return false;
  return (video.getVideoPlaybackQuality?.().totalVideoFrames ?? 1) > 0;
}
