/** Opens what the person has chosen: a camera, a file that plays in a loop, or one that is analysed once. */

import { PeerError } from '../connection/errors.js';
import { ClipSource } from './clip-source.js';
import { VideoSource } from './video-source.js';

/** Types of files that have no video. Others may, or the browser does not know them. */
const OTHER_KINDS = /^(image|audio|text|font)\/|^application\/(pdf|zip|json)$/;

/** @type {import('../visit/visit-states.js').VisitPorts['openSource']} */
export async function openSource(options) {
  const { clip, clipPlays } = options;
  try {
    return await (clip && clipPlays === 'once' ? ClipSource.open(options, clip) : VideoSource.open(options));
  } catch (error) {
    // Only now: the browser may be able to play what its type does not promise.
    if (clip && error instanceof PeerError && error.key === 'badClip' && OTHER_KINDS.test(clip.type)) throw new PeerError('notVideo', clip.name, error);
    throw error;
  }
}
