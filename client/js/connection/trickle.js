/** ICE candidates that the browser finds after its offer: which are worth sending, and their format (RFC 8840). */

import { expiry } from './http.js';

const TOGETHER_MS = 50;
const SEND_MS = 5000;

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
    const { url, secret } = this.#session;
    const body = fragmentOf(this.#pc.localDescription?.sdp ?? '', this.#waiting.splice(0));
    const headers = { 'Content-Type': 'application/trickle-ice-sdpfrag', 'X-Session-Secret': secret };
    try {
      await fetch(url, { method: 'PATCH', headers, body, signal: expiry(SEND_MS) });
    } catch {
      // Often the server needs no further candidate; if it does, the connection fails, which is reported.
    }
  }
}
