/** The chunks of a session that only the memory holds; adding some costs the same however long the session is. */

/** @typedef {import('../session/session-log.js').Chunk} Chunk */

export class HeldChunks {
  /** In order of time. @type {Chunk[]} */
  #frames = [];
  /** @type {Chunk[]} */
  #others = [];

  /** @param {Chunk[]} chunks */
  constructor(chunks) {
    this.add(chunks);
  }

  /** @returns {Chunk[]} those of frames first */
  get all() {
    return [...this.#frames, ...this.#others];
  }

  /** @param {Chunk[]} chunks later than those that are there */
  add(chunks) {
    for (const chunk of chunks) (chunk.kind === 'frames' ? this.#frames : this.#others).push(chunk);
  }

  /** @param {number} timeS frames that were all before it are not kept */
  dropFramesBefore(timeS) {
    const firstKept = this.#frames.findIndex(({ toS }) => toS >= timeS);
    this.#frames.splice(0, firstKept < 0 ? this.#frames.length : firstKept);
  }
}
