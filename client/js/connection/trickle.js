/** ICE candidates that the browser finds after its offer: which are worth sending, and their format (RFC 8840). */

import { expiry } from './http.js';

const TOGETHER_MS = 50;
const SEND_MS = 5000;
const CHECK_MS = 3000;
/** HTTP status of a server that has no such session (any more), and of a gateway whose node does not answer. */
const GONE = [404, 502, 503, 504];

/**
 * @param {string} text a candidate as browsers write it, with or without `candidate:` @returns {boolean} false: the server
 * cannot use it, because it has an mDNS name, uses TCP, or is the empty text that ends the list
 */
export function isUseful(text) {
  const words = text.split(' ');
  return words.length >= 8 && words[2].toLowerCase() === 'udp' && !words[4].endsWith('.local');
}

/**
 * @param {string} sdp the offer
 * @param {string[]} candidates as browsers write them
 * @returns {string} a fragment of RFC 8840
 */
export function fragmentOf(sdp, candidates) {
  /** @param {string} name */
  const find = (name) => sdp.match(new RegExp(`^a=${name}:.*$`, 'm'))?.[0].trim() ?? '';
  const lines = [find('ice-ufrag'), find('ice-pwd'), 'm=video 9 UDP/TLS/RTP/SAVPF 0', find('mid')];
  return [...lines, ...candidates.map((text) => `a=${text}`), ''].join('\r\n');
}

/** Sends the candidates that are found after the offer; those found within 50 ms in one request. */
export class Trickle {
  #pc;
  /** @type {string[]} */
  #waiting = [];
  #found = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {{url: string, secret: string} | null} */
  #session = null;

  /** @param {RTCPeerConnection} pc before it gathers */
  constructor(pc) {
    this.#pc = pc;
    pc.addEventListener('icecandidate', ({ candidate }) => candidate && this.#add(candidate.candidate));
  }

  /** @returns {boolean} true: gathering has ended without any candidate, not even one with an mDNS name */
  get foundNothing() {
    return this.#pc.iceGatheringState === 'complete' && this.#found === 0;
  }

  /** The offer has been made; it contains the candidates found so far. */
  offerMade() {
    this.#waiting = [];
  }

  /** @param {string} url of the session @param {string} secret of the session; empty: the server accepts no candidates */
  begin(url, secret) {
    if (!secret) return;
    this.#session = { url, secret };
    this.#sendSoon();
  }

  /** @returns {Promise<boolean | null>} whether the server still has the session, asked with a fragment without candidates; null: it cannot be asked */
  async isServed() {
    if (!this.#session) return null;
    try {
      const response = await this.#patch(this.#session, [], CHECK_MS);
      return !GONE.includes(response.status);
    } catch {
      return false;
    }
  }

  close() {
    clearTimeout(this.#timer);
    this.#session = null;
  }

  /** @param {string} text */
  #add(text) {
    if (text) this.#found += 1;
    if (!isUseful(text)) return;
    this.#waiting.push(text);
    this.#sendSoon();
  }

  #sendSoon() {
    if (!this.#session || !this.#waiting.length || this.#timer) return;
    this.#timer = setTimeout(() => this.#send(), TOGETHER_MS);
  }

  async #send() {
    this.#timer = undefined;
    if (!this.#session) return;
    try {
      await this.#patch(this.#session, this.#waiting.splice(0), SEND_MS);
    } catch {
      // Often the server needs no further candidate; if it does, the connection fails, which is reported.
    }
  }

  /** @param {{url: string, secret: string}} session @param {string[]} candidates @param {number} ms @returns {Promise<Response>} */
  #patch({ url, secret }, candidates, ms) {
    const body = fragmentOf(this.#pc.localDescription?.sdp ?? '', candidates);
    const headers = { 'Content-Type': 'application/trickle-ice-sdpfrag', 'X-Session-Secret': secret };
    return fetch(url, { method: 'PATCH', headers, body, signal: expiry(ms) });
  }
}
