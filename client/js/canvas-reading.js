/** Checks that a canvas returns what was drawn: browsers that resist fingerprinting return noise. Touches no page. */

import { PeerError } from './peer.js';

const SIDE_PX = 16;
const COLOUR = [18, 52, 86];
/** Some browsers change a few pixels slightly, which is harmless. */
const HARMLESS = 16;

/** Check that a canvas returns frames unchanged; throws a PeerError otherwise. */
export function requireReadableCanvas() {
  const canvas = Object.assign(document.createElement('canvas'), { width: SIDE_PX, height: SIDE_PX });
  const context = canvas.getContext('2d', { alpha: false });
  context.fillStyle = `rgb(${COLOUR.join()})`;
  context.fillRect(0, 0, SIDE_PX, SIDE_PX);
  const { data } = context.getImageData(0, 0, SIDE_PX, SIDE_PX);
  const spoilt = data.filter((value, i) => i % 4 < 3 && Math.abs(value - COLOUR[i % 4]) > HARMLESS);
  if (spoilt.length > data.length / 10) throw new PeerError('noCanvas');
}
