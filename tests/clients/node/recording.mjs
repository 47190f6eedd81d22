/** Sends the packets that tests/clients/face_media.py wrote, in real time and in an endless loop. */

import { readFileSync } from 'node:fs';

const HEAD_BYTES = 7;
const RTP_HEAD_BYTES = 12;
const FRAME_TIME = 6000;
const TICK_MS = 1000 / 15;

export class Recording {
  #frames = [];
  #next = 0;
  #number = 0;
  #timer = 0;

  /** @param {string} path */
  constructor(path) {
    const file = readFileSync(path);
    let frame = [];
    for (let at = 0; at < file.length; ) {
      const payload = file.subarray(at + HEAD_BYTES, at + HEAD_BYTES + file.readUInt16BE(at + 5));
      frame.push(payload);
      if (file[at + 4]) {
        this.#frames.push(frame);
        frame = [];
      }
      at += HEAD_BYTES + payload.length;
    }
  }

  /** Call it once connected: the recording begins with a key frame. @param {number} ssrc @param {number} payloadType @param {(packet: Buffer) => void} send */
  start(ssrc, payloadType, send) {
    this.#timer = setInterval(() => {
      const payloads = this.#frames[this.#next % this.#frames.length];
      payloads.forEach((payload, index) => {
        const head = Buffer.alloc(RTP_HEAD_BYTES);
        head[0] = 0x80;
        head[1] = (index === payloads.length - 1 ? 0x80 : 0) | payloadType;
        head.writeUInt16BE(this.#number++ & 0xffff, 2);
        head.writeUInt32BE(this.#next * FRAME_TIME, 4);
        head.writeUInt32BE(ssrc, 8);
        send(Buffer.concat([head, payload]));
      });
      this.#next += 1;
    }, TICK_MS);
  }

  stop() {
    clearInterval(this.#timer);
  }
}
