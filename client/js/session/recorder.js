/** Snapshot, recording and saving of files in the browser. Sends nothing anywhere. */

import { contextOf, make } from '../browser/elements.js';

/** About two hours at the server's highest bitrate; what is recorded stays in memory until it is saved. */
const MOST_BYTES = 2 * 1024 ** 3;
const SLICE_MS = 1000;
const TYPES = [
  ['video/mp4;codecs=avc1.42E01F', 'mp4'],
  ['video/webm;codecs=vp9', 'webm'],
  ['video/webm', 'webm'],
];

/** @param {HTMLVideoElement} video @returns {Promise<Blob>} the frame on show, as PNG */
export function takeSnapshot(video) {
  const canvas = make('canvas', { width: video.videoWidth, height: video.videoHeight });
  contextOf(canvas).drawImage(video, 0, 0);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the browser made no image'))), 'image/png');
  });
}

/** @param {Blob} blob @param {string} name */
export function saveFile(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = make('a', { href: address, download: name });
  link.click();
  // The browser reads the blob after this task, and no event reports when it has.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** One recording: begins when made, ends with close() or with its track. */
export class Recorder {
  #recorder;
  #extension = 'webm';
  /** @type {Blob[]} */
  #parts = [];
  #bytes = 0;

  /** @returns {boolean} whether this browser can record */
  static get possible() {
    return Boolean(globalThis.MediaRecorder);
  }

  /** @param {MediaStream} stream @param {(blob: Blob, extension: string) => void} onEnd called once, with the whole recording */
  constructor(stream, onEnd) {
    const found = TYPES.find(([type]) => MediaRecorder.isTypeSupported(type));
    this.#extension = found?.[1] ?? 'webm';
    this.#recorder = new MediaRecorder(stream, found ? { mimeType: found[0] } : {});
    this.#recorder.ondataavailable = ({ data }) => this.#keep(data);
    this.#recorder.onstop = () => onEnd(new Blob(this.#parts, { type: this.#recorder.mimeType }), this.#extension);
    this.#recorder.start(SLICE_MS);
  }

  /** End the recording; onEnd gets it. May be called twice. */
  close() {
    if (this.#recorder.state !== 'inactive') this.#recorder.stop();
  }

  /** @param {Blob} data */
  #keep(data) {
    if (data.size) this.#parts.push(data);
    this.#bytes += data.size;
    if (this.#bytes > MOST_BYTES) this.close();
  }
}
