/** Shows JPEGs as a video stream; one that comes while another is decoded replaces the one that waits. Touches no page. */

import { PeerError } from './peer.js';

export class JpegScreen {
  #canvas = document.createElement('canvas');
  #stream;
  /** @type {{jpeg: Uint8Array, onDrawn: () => void} | null} */
  #waiting = null;
  #decoding = false;
  #closed = false;

  constructor() {
    if (!this.#canvas.captureStream) throw new PeerError('unsupported');
    // A canvas without a context has no stream in Firefox.
    this.#canvas.getContext('2d', { alpha: false });
    this.#stream = this.#canvas.captureStream();
  }

  /** @returns {MediaStream} */
  get stream() {
    return this.#stream;
  }

  /** @param {Uint8Array} jpeg @param {() => void} onDrawn not called where a newer one came in time */
  show(jpeg, onDrawn) {
    this.#waiting = { jpeg, onDrawn };
    if (!this.#decoding) this.#drawWaiting();
  }

  /** May be called twice. */
  close() {
    this.#closed = true;
    this.#waiting = null;
    for (const track of this.#stream.getTracks()) track.stop();
  }

  async #drawWaiting() {
    this.#decoding = true;
    while (this.#waiting) {
      const { jpeg, onDrawn } = this.#waiting;
      this.#waiting = null;
      try {
        const picture = await createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' }));
        if (!this.#closed) this.#draw(picture);
        picture.close();
        if (!this.#closed) onDrawn();
      } catch (error) {
        console.warn('a picture of the server cannot be decoded:', error);
      }
    }
    this.#decoding = false;
  }

  /** @param {ImageBitmap} picture */
  #draw(picture) {
    const { width, height } = picture;
    if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
    this.#canvas.getContext('2d').drawImage(picture, 0, 0);
  }
}
