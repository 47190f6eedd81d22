/** Counts what a peer receives, and posts its offer and goodbye: tests/clients/peers/seen.py for Node.js. */

import { readFileSync } from 'node:fs';

const ENOUGH_FRAMES = 20;
const ENOUGH_FACES = 3;
const DEADLINE_MS = 25000;
const REQUEST_MS = 10000;
const LOOK_AGAIN_MS = 50;
export const PING = '{"type": "ping", "id": 7}';

/** @param {string} name of a package in node_modules @returns {string} its name and version */
export function clientNamed(name) {
  const { version } = JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url)));
  return `${name} ${version}`;
}

export class Seen {
  #began = performance.now();
  #secret = '';
  /** The peer's test reads them as an `Outcome`. */
  counts = {
    client: '', wants_channels: true, status: 0, detail: '', session_id: '', sections: [], codec: '', states: [],
    frames: 0, spread: null, telemetry: 0, faces: 0, pong: false, goodbye: 0,
  };

  /** @param {string} client name of its package */
  constructor(client) {
    this.counts.client = clientNamed(client);
  }

  get #done() {
    const { frames, faces, pong, status } = this.counts;
    const enough = frames >= ENOUGH_FRAMES && faces >= ENOUGH_FACES && pong;
    return enough || performance.now() - this.#began > DEADLINE_MS || (status !== 0 && status !== 200);
  }

  /** @param {'telemetry' | 'control'} label @param {string} text */
  onMessage(label, text) {
    const message = JSON.parse(text);
    if (label === 'telemetry') {
      this.counts.telemetry += 1;
      if (message.faces.length) this.counts.faces += 1;
    } else if (message.type === 'pong' && message.id === 7) this.counts.pong = true;
  }

  /** @param {string} sdp @returns {Promise<string | null>} the SDP of the answer; null: the offer was rejected */
  async postOffer(sdp) {
    this.counts.sections = sdp.match(/^m=.*$/gm).map((line) => line.trim());
    const response = await fetch(`${process.env.SERVER}/offer`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ sdp, type: 'offer' }),
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    const body = await response.json();
    this.counts.status = response.status;
    this.counts.detail = body.detail ?? '';
    if (response.status !== 200) return null;
    this.counts.session_id = body.session_id;
    this.#secret = body.secret;
    this.counts.codec = body.sdp.match(/^a=rtpmap:\d+ (\w+)\/90000/m)?.[1] ?? '';
    return body.sdp;
  }

  /** @returns {Promise<void>} when it has received enough, was rejected, or is out of time */
  async enough() {
    while (!this.#done) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }

  /** Say goodbye as the page does when it is closed, and print the counts as JSON. */
  async report() {
    if (this.counts.session_id) {
      const url = `${process.env.SERVER}/sessions/${this.counts.session_id}/bye`;
      const response = await fetch(url, { method: 'POST', body: this.#secret, signal: AbortSignal.timeout(REQUEST_MS) });
      this.counts.goodbye = response.status;
    }
    console.log(JSON.stringify(this.counts));
  }
}
