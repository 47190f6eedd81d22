/**
 * One WebRTC connection to the server: open it, close it, never reuse it. Does not touch the page.
 *
 *   const peer = new Peer({ onVideo, onTelemetry, onControl, onFlow, onLost });
 *   await peer.open(mediaStream);
 */

import { BasePeer } from './base-peer.js';
import { look, rates } from './connection-stats.js';
import { PeerError, rejection } from './errors.js';
import { bearer, expiry } from './http.js';
import { decodeControl, decodeTelemetry } from './telemetry.js';
import { Trickle } from './trickle.js';

/** Enough for the host candidates; candidates of STUN and TURN servers are sent after the offer. */
const GATHERING_MS = 100;
const ANSWER_MS = 10000;
const CONNECT_MS = 15000;
/** Browsers report "disconnected" after five seconds without packets and "failed" only after twenty more. */
const INTERRUPTION_MS = 6000;

/** The parts of an open peer. @typedef {{pc: RTCPeerConnection, trickle: Trickle, telemetry: RTCDataChannel, control: RTCDataChannel}} Parts */

export class Peer extends BasePeer {
  /** @type {Parts | null} null: not opened yet */
  #parts = null;
  #saidGoodbye = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #interruption;
  /** @type {import('./connection-stats.js').Look | null} */
  #look = null;

  /**
   * @param {MediaStream | null} stream with one video track; null: `replaceTrack` gives it later
   * @param {number} [connectMs] how long media may take to flow; shorter if there is a fallback
   * @param {RTCIceServer[]} [iceServers] STUN and TURN servers
   * @returns {Promise<void>} when media flows; rejects with a PeerError
   */
  async open(stream, connectMs = CONNECT_MS, iceServers = []) {
    if (this.closed) throw new PeerError('closed');
    let parts;
    try {
      parts = this.#parts = prepare(stream, iceServers);
      await parts.pc.setLocalDescription();
    } catch (error) {
      this.close();
      // Hardened browsers remove the class or make it throw.
      throw new PeerError('noWebrtc', globalThis.RTCPeerConnection && error instanceof Error ? error.message : '', error);
    }
    const { pc, trickle, control } = parts;
    this.#listen(parts);
    try {
      await gatheringComplete(pc);
      if (this.closed) throw new PeerError('closed');
      // Without any candidate (no UDP allowed, no relay), no connection can come about: do not wait for one.
      if (trickle.foundNothing) throw new PeerError('noMedia');
      trickle.offerMade();
      const answer = await this.#postOffer(parts);
      if (this.closed) throw new PeerError('closed');
      await pc.setRemoteDescription(answer).catch((error) => {
        throw new PeerError('noWebrtc', error.message, error);
      });
      await connected(pc, connectMs, trickle);
    } catch (error) {
      this.close();
      throw error;
    }
    pc.onconnectionstatechange = () => this.#onConnectionState(pc.connectionState);
    control.onclose = () => this.lose('closed');
  }

  /** @override @param {object} message a request of docs/telemetry.md, "control" @returns {boolean} whether it was sent */
  send(message) {
    const control = this.#parts?.control;
    if (control?.readyState !== 'open') return false;
    control.send(JSON.stringify(message));
    return true;
  }

  /** @param {MediaStreamTrack} track sent from now on instead of the one before @returns {Promise<void>} */
  async replaceTrack(track) {
    // After a lost connection, the next one uses the newest track.
    if (this.closed) return;
    await this.#parts?.pc.getSenders()[0]?.replaceTrack(track);
  }

  /** Behind a gateway, the address answers although the server of this session is gone. @override */
  async check() {
    const served = await this.#parts?.trickle.isServed();
    if (served === false) this.lose('cut');
    else if (served !== true) await super.check();
  }

  /** @returns {Promise<import('./connection-stats.js').Rates | null>} since the last call; null: the first call, or closed */
  async rates() {
    // Firefox before 151 rejects getStats() of a closed connection.
    if (!this.#parts || this.closed) return null;
    const before = this.#look;
    this.#look = look((await this.#parts.pc.getStats()).values(), performance.now());
    return before && !this.closed ? rates(before, this.#look) : null;
  }

  /** @protected @override */
  disconnect() {
    clearTimeout(this.#interruption);
    this.#parts?.trickle.close();
    this.#parts?.pc.close();
  }

  /** @protected @override */
  sayGoodbye() {
    if (!this.sessionId || this.#saidGoodbye) return;
    this.#saidGoodbye = true;
    // Browsers send a beacon even while the page is being closed.
    navigator.sendBeacon(`${this.server}/sessions/${this.sessionId}/bye`, this.secret);
  }

  /** @param {Parts} parts */
  #listen({ pc, telemetry, control }) {
    telemetry.onmessage = ({ data }) => {
      const decoded = decodeTelemetry(data);
      // The browser still delivers the messages that waited when the connection was closed.
      if (decoded && !this.closed) this.events.onTelemetry(decoded);
    };
    control.onmessage = ({ data }) => this.hearControl(decodeControl(data));
    pc.ontrack = ({ track, receiver }) => {
      // The newest frame matters, not the smoothest playback: no play-out delay beyond what the network needs.
      if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
      this.events.onVideo(new MediaStream([track]));
    };
  }

  /** @param {RTCPeerConnectionState} state */
  #onConnectionState(state) {
    if (this.closed) return;
    clearTimeout(this.#interruption);
    if (state === 'failed') this.lose('cut');
    if (state === 'closed') this.lose('closed');
    if (state === 'connected') this.events.onFlow('connected');
    if (state === 'disconnected') {
      this.events.onFlow('interrupted');
      this.#interruption = setTimeout(() => this.lose('cut'), INTERRUPTION_MS);
    }
  }

  /** @param {Parts} parts @returns {Promise<RTCSessionDescriptionInit>} the answer */
  async #postOffer({ pc, trickle }) {
    const { sdp, type } = pc.localDescription ?? {};
    let response;
    try {
      response = await fetch(`${this.server}/offer`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...bearer(this.token) },
        body: JSON.stringify({ sdp, type, ...(this.resume && { resume: this.resume }), first_face_id: this.firstFaceId, ...this.record }),
        signal: expiry(ANSWER_MS),
      });
    } catch (error) {
      throw new PeerError('serverAway', '', error);
    }
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw rejection(response.status, answer, Number(response.headers.get('Retry-After')));
    this.admitted(answer);
    trickle.begin(`${this.server}/sessions/${this.sessionId}`, this.secret);
    // Stopped before the answer arrived: the server must not wait for this peer.
    if (this.closed) this.sayGoodbye();
    return { sdp: answer.sdp, type: answer.type };
  }
}

/** @param {MediaStream | null} stream @param {RTCIceServer[]} iceServers @returns {Parts} a connection that can make its offer */
function prepare(stream, iceServers) {
  const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers });
  const trickle = new Trickle(pc);
  pc.addTransceiver(stream?.getVideoTracks()[0] ?? 'video', { direction: 'sendrecv', streams: stream ? [stream] : [] });
  const telemetry = pc.createDataChannel('telemetry', { ordered: false, maxRetransmits: 0 });
  return { pc, trickle, telemetry, control: pc.createDataChannel('control') };
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
