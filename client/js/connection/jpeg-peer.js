/**
 * The compatibility mode: JPEG frames over a WebSocket, for networks and browsers without WebRTC. Opened, used and closed like
 * a Peer; slower, because JPEGs are larger than video and a lost packet delays all that follow it. Does not touch the page.
 */

import { BasePeer } from './base-peer.js';
import { PeerError, asPeerError, rejection } from './errors.js';
import { isReachable } from './http.js';
import { JpegCamera } from './jpeg-camera.js';
import { FramesInFlight, HEADER_BYTES, decodeFrame, encodeHeader } from './jpeg-flow.js';
import { JpegScreen } from './jpeg-screen.js';
import { decodeControl, decodeTelemetry } from './telemetry.js';

const OPEN_MS = 10000;
/** The connection is lost if a ping stays unanswered for this long and nothing else arrives. */
const SILENT_MS = 6000;
const DEFAULT_FPS = 30;
const CLIP_MS = 50;
/** From a canvas through its stream to the screen: 20 to 33 ms in Chromium 156, which pages cannot measure. */
const STREAM_MS = 26;
/** WebSocket close code of a connection that broke without a close frame. */
const ABNORMAL_CLOSURE = 1006;

/**
 * @typedef {import('./base-peer.js').PeerEvents & {onShown: (frame: Shown) => void}} JpegPeerEvents
 *
 * @typedef {object} Shown a frame that was drawn
 * @property {number} ptsS of its report
 * @property {Record<string, number>} ms its latency by stage, where the page knows it
 *
 * @typedef {{telemetry: import('./telemetry.js').Telemetry, atMs: number}} Announced a message and its time of arrival
 */

/** @extends {BasePeer<JpegPeerEvents>} */
export class JpegPeer extends BasePeer {
  /** @type {WebSocket | null} */
  #socket = null;
  #camera = new JpegCamera((takenMs) => this.#take(takenMs));
  #screen = new JpegScreen();
  #inFlight = new FramesInFlight(DEFAULT_FPS);
  #originMs = performance.now();
  #lastTimeMs = -1;
  #encoding = false;
  #shown = false;
  /** @type {Announced | null} the message of the frame that comes next */
  #announced = null;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  /** @type {import('../source/clip-run.js').ClipRun | null} */
  #run = null;
  /** @type {import('../source/clip-run.js').RunListener} */
  #clipListener = { onReady: () => this.#sendClipFrames(), onReport: (telemetry) => this.events.onTelemetry(telemetry) };
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #clipTimer;
  #heardMs = 0;
  #ping = { id: 0, sentMs: 0, answered: true };
  /** @type {number | null} */
  #rttMs = null;
  #sums = { atMs: performance.now(), drawn: 0, bytes: 0, sentBytes: 0 };

  /**
   * @param {MediaStream | null} stream with one video track; null: `replaceTrack` gives it later
   * @returns {Promise<void>} when frames may flow; rejects with a PeerError
   */
  async open(stream) {
    this.#track ??= stream?.getVideoTracks()[0] ?? null;
    try {
      const socket = await this.#connect();
      if (this.closed) throw new PeerError('closed');
      socket.onmessage = ({ data }) => this.#hear(data);
      socket.onclose = ({ code }) => this.lose(code === ABNORMAL_CLOSURE ? 'cut' : 'closed');
    } catch (error) {
      this.close();
      throw error;
    }
    // The track may have been replaced in the meantime.
    if (this.#track) this.#use(this.#track);
  }

  /** @override @param {object} message a request of docs/telemetry.md, "control" @returns {boolean} whether it was sent */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** @param {MediaStreamTrack} track sent from now on instead of the one before @returns {Promise<void>} */
  async replaceTrack(track) {
    this.#track = track;
    if (this.sessionId && !this.closed) this.#use(track);
  }

  /** Send the frames of a file one by one, instead of a track. @param {import('../source/clip-run.js').ClipRun} run */
  sendClip(run) {
    if (this.closed) return;
    this.#run = run;
    // Some frames wait only for time to pass.
    this.#clipTimer ??= setInterval(() => this.#sendClipFrames(), CLIP_MS);
    run.attach(this.#clipListener);
    this.#sendClipFrames();
  }

  /** @returns {Promise<import('./connection-stats.js').Rates | null>} since the last call; null: closed */
  async rates() {
    const nowMs = performance.now();
    const { atMs, drawn, bytes, sentBytes } = this.#sums;
    const seconds = Math.max(0.001, (nowMs - atMs) / 1000);
    this.#sums = { atMs: nowMs, drawn: 0, bytes: 0, sentBytes: 0 };
    // Before the first frame there is nothing to measure, and pings do not extend its deadline.
    if (this.#lastTimeMs >= 0) this.#sendPing(nowMs);
    if (this.closed) return null;
    return {
      rttMs: this.#rttMs,
      codec: 'JPEG',
      shownFps: drawn / seconds,
      lossShare: 0,
      kbps: (bytes * 8) / 1000 / seconds,
      sentKbps: (sentBytes * 8) / 1000 / seconds,
      sourceFrames: this.#camera.frames,
      // `onShown` reports them for each frame.
      ms: {},
    };
  }

  /** Keep the session open while this peer sends no frames. @override */
  ping() {
    this.#sendPing(performance.now());
  }

  /** @protected @override */
  disconnect() {
    clearInterval(this.#clipTimer);
    this.#run?.detach(this.#clipListener);
    this.#camera.close();
    this.#screen.close();
    this.#socket?.close();
  }

  /** @protected @override */
  sayGoodbye() {
    this.send({ type: 'bye' });
  }

  /** Not awaited, because a muted camera plays only once it is unmuted. @param {MediaStreamTrack} track */
  #use(track) {
    this.#inFlight = new FramesInFlight(track.getSettings().frameRate || DEFAULT_FPS);
    this.#camera.use(track).catch((error) => this.end(asPeerError(error)));
  }

  /** @returns {Promise<WebSocket>} once the server has admitted this peer */
  async #connect() {
    const address = new URL(`${this.server}/pictures`, location.href);
    address.protocol = address.protocol.replace('http', 'ws');
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.send({ type: 'open', token: this.token, resume: this.resume, first_face_id: this.firstFaceId, ...this.record });
    const reply = await firstReply(socket);
    if (!reply) throw new PeerError((await isReachable(this.server)) ? 'noMedia' : 'serverAway');
    if (reply.type === 'refused') throw rejection(reply.status, reply, reply.retry_after_s);
    this.admitted(reply);
    return socket;
  }

  /** @param {string | ArrayBuffer} data */
  #hear(data) {
    if (this.closed) return;
    const nowMs = performance.now();
    this.#heardMs = nowMs;
    if (typeof data !== 'string') return this.#onFrame(data, nowMs);
    const telemetry = decodeTelemetry(data);
    if (!telemetry) return this.#onControl(decodeControl(data), nowMs);
    this.#announced = { telemetry, atMs: nowMs };
    // For a file, its frame says which one was analysed.
    if (!this.#run) this.events.onTelemetry(telemetry);
  }

  /** @param {import('./telemetry.js').Control | null} message @param {number} nowMs */
  #onControl(message, nowMs) {
    if (message?.type !== 'pong') return this.hearControl(message);
    this.#rttMs = nowMs - this.#ping.sentMs;
    this.#ping.answered = true;
  }

  /** @param {number} nowMs */
  #sendPing(nowMs) {
    const { answered, sentMs, id } = this.#ping;
    if (answered) {
      this.#ping = { id: id + 1, sentMs: nowMs, answered: false };
      this.send({ type: 'ping', id: id + 1 });
    } else if (nowMs - sentMs > SILENT_MS && this.#heardMs < sentMs) this.lose('cut');
  }

  /** Send the new frame, unless it would only wait in a buffer. @param {number} takenMs when it was captured */
  async #take(takenMs) {
    const socket = this.#socket;
    if (!socket || socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > 0) return;
    if (this.closed || this.#encoding || !this.#inFlight.mayTake(performance.now())) return;
    const timeMs = Math.max(this.#lastTimeMs + 1, Math.round(takenMs - this.#originMs), 0);
    this.#encoding = true;
    try {
      const jpeg = await this.#camera.take();
      if (!jpeg || this.closed || socket.readyState !== WebSocket.OPEN) return;
      this.#lastTimeMs = timeMs;
      this.#inFlight.send({ timeMs, takenMs, sentMs: performance.now() });
      this.#sums.sentBytes += HEADER_BYTES + jpeg.size;
      socket.send(new Blob([encodeHeader(timeMs), jpeg]));
    } finally {
      this.#encoding = false;
    }
  }

  async #sendClipFrames() {
    const socket = this.#socket;
    if (!this.#run || !socket || this.#encoding) return;
    this.#encoding = true;
    try {
      while (!this.closed && socket.readyState === WebSocket.OPEN) {
        const takenMs = performance.now();
        const frame = this.#run.next(takenMs);
        if (!frame) break;
        const jpeg = await frame.jpeg;
        // The run takes the frame back when this peer lets go of it.
        if (this.closed || socket.readyState !== WebSocket.OPEN) return;
        if (!jpeg) {
          this.#run.giveUp(frame);
          continue;
        }
        this.#lastTimeMs = frame.wireMs;
        this.#inFlight.send({ timeMs: frame.wireMs, takenMs, sentMs: performance.now() });
        this.#sums.sentBytes += HEADER_BYTES + jpeg.size;
        socket.send(new Blob([encodeHeader(frame.wireMs), jpeg]));
      }
    } finally {
      this.#encoding = false;
    }
  }

  /** @param {ArrayBuffer} message @param {number} nowMs */
  #onFrame(message, nowMs) {
    const frame = decodeFrame(message);
    if (!frame) return;
    this.#sums.bytes += message.byteLength;
    const sent = this.#inFlight.comeBack(frame.timeMs, nowMs);
    const announced = this.#announced;
    const clipS = announced && this.#run ? this.#run.comeBack(frame.timeMs, announced.telemetry, nowMs) : null;
    this.#screen.show(frame.jpeg, () => {
      // Not earlier: the stream of an empty canvas would play an empty frame.
      if (!this.#shown) this.events.onVideo(this.#screen.stream);
      this.#shown = true;
      this.#sums.drawn += 1;
      if (sent && announced) this.events.onShown({ ptsS: clipS ?? announced.telemetry.pts, ms: times(sent, announced, nowMs, performance.now()) });
    });
  }
}

/**
 * The latency of one frame by stage, without the stages that its message reports. The page measures the round trip with its
 * own clock and counts as network what no other stage used, so the stages add up to the measured total.
 *
 * @param {import('./jpeg-flow.js').Sent} sent
 * @param {Announced} announced
 * @param {number} backMs
 * @param {number} drawnMs
 * @returns {Record<string, number>} milliseconds by stage
 */
function times(sent, announced, backMs, drawnMs) {
  const encode = backMs - announced.atMs;
  const server = Object.values(announced.telemetry.ms).reduce((sum, ms) => sum + ms, 0);
  const network = Math.max(0, backMs - sent.sentMs - encode - server);
  return { camera: sent.sentMs - sent.takenMs, network, encode, display: drawnMs - backMs + STREAM_MS };
}

/** @param {WebSocket} socket @returns {Promise<any>} the message "opened" or "refused"; null: the socket closed first, or no message arrived */
function firstReply(socket) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), OPEN_MS);
    /** @param {any} reply */
    const end = (reply) => {
      clearTimeout(timer);
      resolve(reply);
    };
    socket.onclose = () => end(null);
    socket.onmessage = ({ data }) => end(JSON.parse(data));
  });
}
