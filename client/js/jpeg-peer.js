/**
 * The compatibility mode: pictures over a WebSocket, where WebRTC does not get through. Opened, used and closed like a
 * Peer; slower than it, because JPEGs are larger than video and a lost packet holds up all that come after it.
 */

import { expiry } from './expiry.js';
import { JpegCamera } from './jpeg-camera.js';
import { JpegScreen } from './jpeg-screen.js';
import { PeerError, loss, refusal, withoutSlash } from './peer.js';
import { Flow, HEADER_BYTES, decodePicture, encodeHeader } from './jpeg-flow.js';
import { decodeControl, decodeTelemetry } from './telemetry.js';

const OPEN_MS = 10000;
const CHECK_MS = 3000;
/** A ping that is not answered for so long, and nothing else heard: the connection is gone. */
const SILENT_MS = 6000;
const DEFAULT_FPS = 30;
/** From a canvas to the screen by way of its stream: 20 to 33 ms in Chromium 156, which tells no page about it. */
const STREAM_MS = 26;

/**
 * @typedef {import('./peer.js').PeerEvents & {onPicture: (picture: Shown) => void}} PicturePeerEvents
 *
 * @typedef {object} Shown a picture that was drawn
 * @property {number} ptsS of its message
 * @property {Record<string, number>} ms its time by station, where the page knows it
 */

export class PicturePeer {
  #events;
  #server;
  #resume;
  #token;
  /** @type {WebSocket | null} */
  #socket = null;
  #camera = new JpegCamera((takenMs) => this.#take(takenMs));
  #screen = new JpegScreen();
  #flow = new Flow(DEFAULT_FPS);
  #originMs = performance.now();
  #lastTimeMs = -1;
  #encoding = false;
  #shown = false;
  /** @type {{telemetry: import('./telemetry.js').Telemetry, atMs: number} | null} the message of the picture that comes next */
  #told = null;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  #sessionId = '';
  #resumeToken = '';
  /** @type {import('./telemetry.js').Control | null} the last one of the server */
  #notice = null;
  #closed = false;
  #heardMs = 0;
  #ping = { id: 0, sentMs: 0, answered: true };
  #rttMs = null;
  #sums = { atMs: performance.now(), drawn: 0, bytes: 0, sentBytes: 0 };

  /**
   * @param {PicturePeerEvents} events
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
   * @returns {Promise<void>} when pictures may flow; rejects with a PeerError
   */
  async open(stream) {
    this.#track ??= stream?.getVideoTracks()[0] ?? null;
    try {
      await this.#connect();
      if (this.#closed) throw new PeerError('ended');
      this.#socket.onmessage = ({ data }) => this.#hear(data);
      this.#socket.onclose = ({ code }) => this.#lose(code === 1006 ? 'cut' : 'ended');
    } catch (error) {
      this.close();
      throw error;
    }
    // The track may have been replaced meanwhile.
    if (this.#track) this.#use(this.#track);
  }

  /** @param {object} message a request of docs/telemetry.md, "control" */
  send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** @param {MediaStreamTrack} track sent from now on instead of the one before @returns {Promise<void>} */
  async replaceTrack(track) {
    this.#track = track;
    if (this.#sessionId && !this.#closed) this.#use(track);
  }

  /** @returns {Promise<import('./connection-stats.js').Rates | null>} since the last call; null: closed */
  async rates() {
    const nowMs = performance.now();
    const { atMs, drawn, bytes, sentBytes } = this.#sums;
    const seconds = Math.max(0.001, (nowMs - atMs) / 1000);
    this.#sums = { atMs: nowMs, drawn: 0, bytes: 0, sentBytes: 0 };
    // Before the first frame there is nothing to measure, and pings do not extend its deadline.
    if (this.#lastTimeMs >= 0) this.#sendPing(nowMs);
    if (this.#closed) return null;
    return {
      rttMs: this.#rttMs,
      codec: 'JPEG',
      shownFps: drawn / seconds,
      lossShare: 0,
      kbps: (bytes * 8) / 1000 / seconds,
      sentKbps: (sentBytes * 8) / 1000 / seconds,
      sourceFrames: this.#camera.frames,
    };
  }

  /** Keep the session open while this peer sends no frames. */
  ping() {
    this.#sendPing(performance.now());
  }

  /** Ask whether the server is there at all. */
  async check() {
    if (!(await this.#serverAnswers())) this.#lose('cut');
  }

  /** Leave, and tell the server; also from `pagehide`. May be called twice. */
  close() {
    this.send({ type: 'bye' });
    this.#disconnect();
  }

  /** Not awaited, because a muted camera plays only when it is unmuted. @param {MediaStreamTrack} track */
  #use(track) {
    this.#flow = new Flow(track.getSettings().frameRate || DEFAULT_FPS);
    this.#camera.use(track).catch((error) => this.#end(error instanceof PeerError ? error : new PeerError('unknown', error.message, error)));
  }

  #disconnect() {
    this.#closed = true;
    this.#camera.close();
    this.#screen.close();
    this.#socket?.close();
  }

  /** @param {string} key */
  #lose(key) {
    this.#end(loss(key, this.#notice));
  }

  /** @param {PeerError} error */
  #end(error) {
    if (this.#closed) return;
    // No goodbye: the server may keep what it knows for a connection that comes back.
    this.#disconnect();
    this.#events.onLost(error);
  }

  /** @returns {Promise<void>} once the server has taken this peer */
  async #connect() {
    const address = new URL(`${this.#server}/pictures`, location.href);
    address.protocol = address.protocol.replace('http', 'ws');
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.send({ type: 'open', token: this.#token, resume: this.#resume });
    const answer = await firstAnswer(socket);
    if (!answer) throw new PeerError((await this.#serverAnswers()) ? 'noMedia' : 'serverAway');
    if (answer.type === 'refused') throw refusal(answer.status, answer, answer.retry_after_s);
    this.#sessionId = answer.session_id;
    this.#resumeToken = answer.resume;
  }

  async #serverAnswers() {
    try {
      await fetch(`${this.#server}/healthz`, { signal: expiry(CHECK_MS) });
      return true;
    } catch {
      return false;
    }
  }

  /** @param {string | ArrayBuffer} data */
  #hear(data) {
    if (this.#closed) return;
    const nowMs = performance.now();
    this.#heardMs = nowMs;
    if (typeof data !== 'string') return this.#onPicture(data, nowMs);
    const telemetry = decodeTelemetry(data);
    if (!telemetry) return this.#onControl(data, nowMs);
    this.#told = { telemetry, atMs: nowMs };
    this.#events.onTelemetry(telemetry);
  }

  /** @param {string} text @param {number} nowMs */
  #onControl(text, nowMs) {
    const message = decodeControl(text);
    if (!message) return;
    if (message.type === 'pong') {
      this.#rttMs = nowMs - this.#ping.sentMs;
      this.#ping.answered = true;
      return;
    }
    if (message.type === 'notice') this.#notice = message;
    this.#events.onControl(message);
  }

  /** @param {number} nowMs */
  #sendPing(nowMs) {
    const { answered, sentMs, id } = this.#ping;
    if (answered) {
      this.#ping = { id: id + 1, sentMs: nowMs, answered: false };
      this.send({ type: 'ping', id: id + 1 });
    } else if (nowMs - sentMs > SILENT_MS && this.#heardMs < sentMs) this.#lose('cut');
  }

  /** A frame is there: take it, where that makes the delay no longer. @param {number} takenMs */
  async #take(takenMs) {
    const socket = this.#socket;
    const ready = socket?.readyState === WebSocket.OPEN && socket.bufferedAmount === 0;
    if (this.#closed || this.#encoding || !ready || !this.#flow.mayTake(performance.now())) return;
    const timeMs = Math.max(this.#lastTimeMs + 1, Math.round(takenMs - this.#originMs), 0);
    this.#encoding = true;
    try {
      const jpeg = await this.#camera.take();
      if (!jpeg || this.#closed || socket.readyState !== WebSocket.OPEN) return;
      this.#lastTimeMs = timeMs;
      this.#flow.send({ timeMs, takenMs, sentMs: performance.now() });
      this.#sums.sentBytes += HEADER_BYTES + jpeg.size;
      socket.send(new Blob([encodeHeader(timeMs), jpeg]));
    } finally {
      this.#encoding = false;
    }
  }

  /** @param {ArrayBuffer} message @param {number} nowMs */
  #onPicture(message, nowMs) {
    const picture = decodePicture(message);
    if (!picture) return;
    this.#sums.bytes += message.byteLength;
    const sent = this.#flow.comeBack(picture.timeMs, nowMs);
    const told = this.#told;
    this.#screen.show(picture.jpeg, () => {
      // Only now: an empty canvas would play as a picture that is none.
      if (!this.#shown) this.#events.onVideo(this.#screen.stream);
      this.#shown = true;
      this.#sums.drawn += 1;
      if (sent && told) this.#events.onPicture({ ptsS: told.telemetry.pts, ms: times(sent, told, nowMs, performance.now()) });
    });
  }
}

/**
 * Where the time of one picture went, but for what its message says itself. The page's own clock saw it go and come
 * back, so that all stations together are what it took: what nobody else had is the network's.
 *
 * @param {import('./jpeg-flow.js').Sent} sent
 * @param {{telemetry: import('./telemetry.js').Telemetry, atMs: number}} told
 * @param {number} backMs
 * @param {number} drawnMs
 * @returns {Record<string, number>} milliseconds by station
 */
function times(sent, told, backMs, drawnMs) {
  const encode = backMs - told.atMs;
  const server = Object.values(told.telemetry.ms).reduce((sum, ms) => sum + ms, 0);
  const network = Math.max(0, backMs - sent.sentMs - encode - server);
  return { camera: sent.sentMs - sent.takenMs, network, encode, display: drawnMs - backMs + STREAM_MS };
}

/** @param {WebSocket} socket @returns {Promise<any>} "opened" or "refused"; null: it closed before, or nothing came */
function firstAnswer(socket) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), OPEN_MS);
    const end = (answer) => {
      clearTimeout(timer);
      resolve(answer);
    };
    socket.onclose = () => end(null);
    socket.onmessage = ({ data }) => end(JSON.parse(data));
  });
}
