/** The colour of a face by its number, the same as on the video. Pure. */

/** As many as the server has (FACE_COLOURS in analysis/drawing/overlay.py); then they repeat. */
const COLOURS = 8;

/** @param {number} id of a face, from 1 @returns {string} a CSS colour; letters on it have the colour var(--on-face) */
export const faceColour = (id) => `var(--face-${((id - 1) % COLOURS) + 1})`;
