/** Shows JPEGs as a video stream. At most one waits while another is decoded; a newer one replaces it. Does not touch the page. */

import { contextOf, fit, make } from '../browser/elements.js';
import { PeerError } from './errors.js';

export class JpegScreen {
  #canvas = make('canvas');
  #stream;
  /** @type {{jpeg: Uint8Array<ArrayBuffer>, onDrawn: () => void} | null} */
  #waiting = null;
  #decoding = false;
  #closed = false;

  constructor() {
    if (!this.#canvas.captureStream) throw new PeerError('unsupported');
    // A canvas without a context has no stream in Firefox.
    contextOf(this.#canvas);
    this.#stream = this.#canvas.captureStream();
  }

  /** @returns {MediaStream} */
  get stream() {
    return this.#stream;
  }

  /** @param {Uint8Array<ArrayBuffer>} jpeg @param {() => void} onDrawn not called if a newer one replaced it */
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
        const image = await createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' }));
        if (!this.#closed) this.#draw(image);
        image.close();
        if (!this.#closed) onDrawn();
      } catch (error) {
        console.warn('a frame from the server cannot be decoded:', error);
      }
    }
    this.#decoding = false;
  }

  /** @param {ImageBitmap} image */
  #draw(image) {
    fit(this.#canvas, image.width, image.height);
    contextOf(this.#canvas).drawImage(image, 0, 0);
  }
}
