/**
 * One peer connection to the server: open it, close it, never reuse it. Touches no page.
 *
 *   const peer = new Peer({ onVideo, onTelemetry, onControl, onFlow, onLost });
 *   await peer.open(mediaStream);
 */

import { look, rates } from './connection-stats.js';
import { expiry } from './expiry.js';
import { decodeControl, decodeTelemetry } from './telemetry.js';
import { Trickle } from './trickle.js';

/** Addresses of this machine are found by then; what STUN and TURN find is told later. */
const GATHERING_MS = 100;
const ANSWER_MS = 10000;
const CHECK_MS = 3000;
const CONNECT_MS = 15000;
/** Browsers say "disconnected" after five silent seconds and "failed" only after twenty more. */
const INTERRUPTION_MS = 6000;

/** Keys of PROBLEMS in strings.js by HTTP status: no token, too many of one address, full, or an offer that cannot be served. */
const REFUSALS = { 401: 'token', 429: 'tooMany', 503: 'full', 400: 'offer', 413: 'offer', 500: 'offer' };
/** The title of a 503 when the server is not full but has no UDP port for video. */
const NO_PORT = 'The server has no port for media';

/** What can go wrong, with a key of PROBLEMS in strings.js. */
export class PeerError extends Error {
  /** Milliseconds after which the server wants to be asked again; 0: it did not say. */
  retryMs = 0;
  /** The code of the notice that ended the session (docs/telemetry.md); empty: none. */
  code = '';

  /** @param {string} key @param {string} [detail] @param {unknown} [cause] */
  constructor(key, detail = '', cause = undefined) {
    super(detail, { cause });
    this.key = key;
  }
}

/** @param {string} token @returns {Record<string, string>} the header that shows it; none where there is none */
export const bearer = (token) => (token ? { Authorization: `Bearer ${token}` } : {});

/**
 * @param {number} status of HTTP
 * @param {{title?: string, detail?: string}} problem of RFC 9457, as far as the server sent one
 * @param {number} [retryAfterS] not a number or 0: it did not say
 * @returns {PeerError}
 */
export function refusal(status, { title = '', detail = `HTTP ${status}` }, retryAfterS = 0) {
  const error = new PeerError(title === NO_PORT ? 'noPort' : (REFUSALS[status] ?? 'refused'), detail);
  error.retryMs = 1000 * (retryAfterS || 0);
  return error;
}

/** @param {string} server address, with or without a slash at its end @returns {string} without; a path is added after it */
export const withoutSlash = (server) => server.replace(/\/+$/, '');

/**
 * @param {string} key of what this side saw
 * @param {import('./telemetry.js').Control | null} notice what the server said before, which tells more
 * @returns {PeerError}
 */
export function loss(key, notice) {
  if (!notice) return new PeerError(key);
  const error = new PeerError('ended', notice.detail);
  error.code = notice.code;
  return error;
}

/**
 * @typedef {object} PeerEvents
 * @property {(stream: MediaStream) => void} onVideo the annotated video
 * @property {(telemetry: import('./telemetry.js').Telemetry) => void} onTelemetry
 * @property {(message: import('./telemetry.js').Control) => void} onControl a reply or notice of the server
 * @property {(flow: 'connected' | 'interrupted') => void} onFlow packets came to a halt, or come again
 * @property {(error: PeerError) => void} onLost the connection ended, and not by close()
 */

export class Peer {
  /** @type {RTCPeerConnection | null} */
  #pc = null;
  /** @type {Trickle | null} */
  #trickle = null;
  #events;
  #server;
  #telemetry;
  #control;
  #sessionId = '';
  #resumeToken = '';
  #resume;
  #token;
  #secret = '';
  /** @type {import('./telemetry.js').Control | null} the last one of the server */
  #notice = null;
  #closed = false;
  #farewell = false;
  #interruption = 0;
  #look = null;

  /**
   * @param {PeerEvents} events
   * @param {string} [server] address of the server, its path included; default: the root of the host that the page came from
   * @param {string} [resume] `resumeToken` of a lost connection whose faces shall go on
   * @param {string} [token] where the server asks who comes in
   */
  constructor(events, server = '', resume = '', token = '') {
    this.#events = events;
    this.#server = withoutSlash(server);
    this.#resume = resume;
    this.#token = token;
  }

  /** @returns {string} with which another connection can go on where this one was lost; empty before the answer */
  get resumeToken() {
    return this.#resumeToken;
  }

  /** @returns {string} the server's name for this session */
  get sessionId() {
    return this.#sessionId;
  }

  /**
   * @param {MediaStream | null} stream with one video track; null: `replaceTrack` gives it later
   * @param {number} [connectMs] how long media may take to flow; shorter where there is another way
   * @param {RTCIceServer[]} [iceServers] by which it may be reached
   * @returns {Promise<void>} when media flows; rejects with a PeerError
   */
  async open(stream, connectMs = CONNECT_MS, iceServers = []) {
    if (this.#closed) throw new PeerError('ended');
    try {
      this.#makeOffer(stream, iceServers);
      await this.#pc.setLocalDescription();
    } catch (error) {
      this.close();
      // Hardened browsers remove the class or make it throw.
      throw new PeerError('noWebrtc', globalThis.RTCPeerConnection ? error.message : '', error);
    }
    const pc = this.#pc;
    const trickle = this.#trickle;
    this.#telemetry.onmessage = ({ data }) => {
      const telemetry = decodeTelemetry(data);
      if (telemetry) this.#events.onTelemetry(telemetry);
    };
    this.#control.onmessage = ({ data }) => this.#onControl(decodeControl(data));
    pc.ontrack = ({ track, receiver }) => {
      // The newest picture matters, not the smoothest: no play-out delay beyond what the network needs.
      if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
      this.#events.onVideo(new MediaStream([track]));
    };
    try {
      await gatheringComplete(pc);
      // A browser that may use no UDP and has no relay need not wait to learn that nothing comes.
      if (trickle.foundNothing) throw new PeerError('noMedia');
      trickle.offerMade();
      const answer = await this.#postOffer();
      if (this.#closed) throw new PeerError('ended');
      await pc.setRemoteDescription(answer).catch((error) => {
        throw new PeerError('noWebrtc', error.message, error);
      });
      await connected(pc, connectMs, trickle);
    } catch (error) {
      this.close();
      throw error;
    }
    pc.onconnectionstatechange = () => this.#onConnectionState();
    this.#control.onclose = () => this.#lose('ended');
  }

  /** @param {MediaStream | null} stream @param {RTCIceServer[]} iceServers */
  #makeOffer(stream, iceServers) {
    const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers });
    this.#trickle = new Trickle(pc);
    pc.addTransceiver(stream?.getVideoTracks()[0] ?? 'video', { direction: 'sendrecv', streams: stream ? [stream] : [] });
    this.#telemetry = pc.createDataChannel('telemetry', { ordered: false, maxRetransmits: 0 });
    this.#control = pc.createDataChannel('control');
    this.#pc = pc;
  }

  /** @param {object} message a request of docs/telemetry.md, "control" */
  send(message) {
    if (this.#control?.readyState === 'open') this.#control.send(JSON.stringify(message));
  }

  /** @param {MediaStreamTrack} track sent from now on instead of the one before @returns {Promise<void>} */
  async replaceTrack(track) {
    // After a lost connection, the next one uses the newest track.
    if (this.#closed) return;
    await this.#pc?.getSenders()[0]?.replaceTrack(track);
  }

  /** @returns {Promise<import('./connection-stats.js').Rates | null>} since the last call; null: the first, or closed */
  async rates() {
    if (!this.#pc) return null;
    const before = this.#look;
    this.#look = look((await this.#pc.getStats()).values(), performance.now());
    return before && !this.#closed ? rates(before, this.#look) : null;
  }

  /** Keep the session open while this peer sends no frames. */
  ping() {
    this.send({ type: 'ping', id: 0 });
  }

  /** Ask whether the server is there at all: a dead one is known at once then, and by ICE only after many seconds. */
  async check() {
    try {
      await fetch(`${this.#server}/healthz`, { signal: expiry(CHECK_MS) });
    } catch {
      this.#lose('cut');
    }
  }

  /** Leave, and tell the server; also from `pagehide`, and after the connection was lost. May be called twice. */
  close() {
    this.#disconnect();
    this.#sayGoodbye();
  }

  #disconnect() {
    this.#closed = true;
    clearTimeout(this.#interruption);
    this.#trickle?.close();
    this.#pc?.close();
  }

  #sayGoodbye() {
    if (!this.#sessionId || this.#farewell) return;
    this.#farewell = true;
    // A beacon leaves even from a page that is being closed.
    navigator.sendBeacon(`${this.#server}/sessions/${this.#sessionId}/bye`, this.#secret);
  }

  /** @param {import('./telemetry.js').Control | null} message */
  #onControl(message) {
    if (!message) return;
    if (message.type === 'notice') this.#notice = message;
    this.#events.onControl(message);
  }

  #onConnectionState() {
    if (this.#closed) return;
    clearTimeout(this.#interruption);
    const state = this.#pc.connectionState;
    if (state === 'failed') this.#lose('cut');
    if (state === 'closed') this.#lose('ended');
    if (state === 'connected') this.#events.onFlow('connected');
    if (state === 'disconnected') {
      this.#events.onFlow('interrupted');
      this.#interruption = setTimeout(() => this.#lose('cut'), INTERRUPTION_MS);
    }
  }

  /** @param {string} key */
  #lose(key) {
    if (this.#closed) return;
    // No goodbye: the server may keep what it knows for a connection that comes back.
    this.#disconnect();
    this.#events.onLost(loss(key, this.#notice));
  }

  async #postOffer() {
    const { sdp, type } = this.#pc.localDescription;
    let response;
    try {
      response = await fetch(`${this.#server}/offer`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...bearer(this.#token) },
        body: JSON.stringify({ sdp, type, ...(this.#resume && { resume: this.#resume }) }),
        signal: expiry(ANSWER_MS),
      });
    } catch (error) {
      throw new PeerError('serverAway', '', error);
    }
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) {
      throw refusal(response.status, answer, Number(response.headers.get('Retry-After')));
    }
    this.#sessionId = answer.session_id;
    this.#resumeToken = answer.resume ?? answer.session_id;
    this.#secret = answer.secret ?? '';
    this.#trickle.begin(`${this.#server}/sessions/${answer.session_id}`, answer.secret ?? '');
    // Stopped while the answer was under way: the server must not wait for this peer.
    if (this.#closed) this.#sayGoodbye();
    return { sdp: answer.sdp, type: answer.type };
  }
}

/** @param {RTCPeerConnection} pc @returns {Promise<void>} after all candidates, or a moment */
function gatheringComplete(pc) {
  if (pc.iceGatheringState === 'complete') return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHERING_MS);
    pc.onicegatheringstatechange = () => {
      if (pc.iceGatheringState !== 'complete') return;
      clearTimeout(timer);
      resolve();
    };
  });
}

/** @param {RTCPeerConnection} pc @param {number} ms @param {Trickle} trickle @returns {Promise<void>} */
function connected(pc, ms, trickle) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new PeerError('noMedia')), ms);
    const look = () => {
      if (pc.connectionState === 'connected') resolve();
      else if (['failed', 'closed'].includes(pc.connectionState) || trickle.foundNothing) reject(new PeerError('noMedia'));
      else return;
      clearTimeout(timer);
    };
    pc.onconnectionstatechange = look;
    pc.onicegatheringstatechange = look;
    look();
  });
}
