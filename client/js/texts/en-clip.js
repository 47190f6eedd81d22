/** English: a video file that is analysed once. */

import { clockTime, decimal } from './format.js';

export const CLIP_PAUSE = { pause: 'Pause the file', resume: 'Continue the file' };
/** @param {number} timeS @param {number} durationS 0: not known */
export const clipTime = (timeS, durationS) => (durationS ? `${clockTime(timeS)} of ${clockTime(durationS)}` : clockTime(timeS));
/** @param {number} frames */
export const clipCount = (frames) => `${decimal(frames)} ${frames === 1 ? 'frame' : 'frames'} analysed`;

/**
 * @param {{read: number, analysed: number, missed: number, blank: number}} counts
 * @param {number} skippedS seconds that were skipped on the person's wish
 * @param {boolean} [inSteps] whether the browser does not tell its frames apart
 * @returns {string} what was analysed of a file that has ended
 */
export function clipResult({ read, analysed, missed, blank }, skippedS, inSteps = false) {
  const share = `${decimal(analysed)} of ${decimal(read)} ${inSteps ? 'moments, 30 in each second, because this browser does not tell single frames apart' : 'frames'}`;
  const lack = `${missed ? ` The server did not analyse ${decimal(missed)}.` : ''}${blank ? ` This browser gave no image for ${decimal(blank)}.` : ''}`;
  if (skippedS > 0) return `The file was analysed, except ${decimal(skippedS, 1)} s that you skipped: ${share}.${lack}`;
  return lack ? `The file was read to its end: ${share} were analysed.${lack}` : `The whole file was analysed: ${share}.`;
}
export const CLIP_ONLY_LOOPS =
  'The file plays in a loop, like a camera, and frames may be dropped: this server does not accept single frames (its compatibility mode is off).';
export const CLIP_HELD = 'No analysis until the file continues';
