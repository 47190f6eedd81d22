/**
 * The connections of a visit, one after the other: makes them, opens them with the source that is sent, keeps the present one, and
 * moves to the next one when the server asks for it. Does not know the state of the visit.
 */

import { MOVE_CODE } from '../connection/base-peer.js';
import { PeerError } from '../connection/errors.js';
import { Heard } from './heard.js';
import { Gap, Move } from './move.js';
import { Transport } from './visit-states.js';

/** Media that do not flow by then rarely do; shorter than a Peer's own limit, because there is a fallback, or another try. */
const FALLBACK_MS = 6000;
/** Codes of a notice that the session goes on in another connection of this page. */
const CONTINUED_CODES = ['moved', 'replaced'];
/** After its server has stopped, a visit that was asked to move finds another one at once. */
const OTHER_SERVER_MS = 500;

/**
 * @typedef {import('./visit-states.js').AnyPeer} AnyPeer
 * @typedef {import('./visit-states.js').OpenSource} OpenSource
 * @typedef {import('../connection/jpeg-peer.js').JpegPeerEvents} JpegPeerEvents
 *
 * @typedef {object} ConnectionUser the visit
 * @property {() => boolean} mayMove whether it is connected and sends frames: without any, the next server would end the session soon
 * @property {(sessionId: string) => void} onSession a connection is open
 * @property {() => void} onMoved another connection has taken over
 * @property {(flow: 'connected' | 'interrupted') => void} onFlow
 * @property {(error: PeerError) => void} onLost see `takeLoss`
 */

export class Connections {
  #ports;
  #events;
  #sources;
  #user;
  /** @type {import('./visit-states.js').ServerTraits} */
  #traits = { hasFallback: false, needsToken: false, hasRelays: false };
  /** Once WebRTC has failed, it is not tried again before the next start. @type {import('./visit-states.js').TransportName} */
  #transport = Transport.WEBRTC;
  /** @type {AnyPeer | null} */
  #peer = null;
  #heard = new Heard();
  /** @type {Move | null} null: the server has not asked for one, or it is over */
  #move = null;
  /** @type {Gap | null} at the last change of the connection by a move */
  #gap = null;

  /**
   * @param {import('./visit-states.js').VisitPorts} ports
   * @param {import('./visit-states.js').VisitEvents} events
   * @param {import('../source/current-source.js').CurrentSource<import('../source/video-source.js').SourceOptions, OpenSource>} sources
   * @param {ConnectionUser} user
   */
  constructor(ports, events, sources, user) {
    this.#ports = ports;
    this.#events = events;
    this.#sources = sources;
    this.#user = user;
  }

  /** @returns {AnyPeer | null} the present connection, also after its loss; null: there is none */
  get peer() {
    return this.#peer;
  }

  /** @returns {Heard} */
  get heard() {
    return this.#heard;
  }

  /** @returns {boolean} whether the compatibility mode is left to try */
  get hasFallback() {
    return this.#transport === Transport.WEBRTC && this.#traits.hasFallback;
  }

  /** @returns {'resumed' | 'new'} what the session of the present connection is */
  get session() {
    return this.#peer?.resumed ? 'resumed' : 'new';
  }

  /** A visit begins. @param {import('./visit-states.js').ServerTraits} traits */
  begin(traits) {
    this.#traits = traits;
    this.#transport = Transport.WEBRTC;
    this.#heard.begin();
  }

  /** Use the compatibility mode from now on. */
  fallBack() {
    this.#transport = Transport.JPEG;
  }

  /** @param {string} resume token of a session that it continues; empty: none @returns {AnyPeer} the present connection from now on, not opened */
  make(resume) {
    this.#heard.endConnection();
    this.#events.onConnecting();
    this.#peer = this.#makePeer(this.#peerEvents(), resume);
    return this.#peer;
  }

  /** A try has failed. @param {AnyPeer | null} lost the connection before it, whose session the next one resumes, unless the try has got it */
  giveBack(lost) {
    if (!this.#peer?.resumeToken) this.#peer = lost;
  }

  /** @param {AnyPeer} peer @param {number} [connectMs] @returns {Promise<OpenSource | null>} the source that it sends. Rejects if there is no connection */
  async open(peer, connectMs = this.hasFallback ? FALLBACK_MS : undefined) {
    const iceServers = this.#transport === Transport.WEBRTC && this.#traits.hasRelays ? await this.#ports.fetchIceServers() : [];
    const used = await this.#sources.last();
    if (!peer.closed) await peer.open(used?.stream ?? null, connectMs, iceServers);
    return used;
  }

  /** @param {AnyPeer} peer that is open @param {OpenSource} opened @param {OpenSource | null} used the source that it was opened with */
  async sendSource(peer, opened, used) {
    if (opened.clipRun) /** @type {import('../connection/jpeg-peer.js').JpegPeer} */ (peer).sendClip(opened.clipRun);
    else if (opened !== used) await peer.replaceTrack(trackOf(opened));
  }

  /** A frame of the present connection may be on show. */
  frameShown() {
    this.#gap?.end();
  }

  /**
   * The present connection has ended.
   *
   * @param {PeerError} error
   * @returns {PeerError | null} why, for the next try; null: the next connection of a move decides, and `onLost` follows if it fails
   */
  takeLoss(error) {
    if (this.#move?.takeLoss(error)) return null;
    if (!this.#move) return error;
    // A try that failed may have got the session.
    this.#peer = this.#move.admitted ?? this.#peer;
    this.#endMove();
    const cause = CONTINUED_CODES.includes(error.code) ? new PeerError('closed', '', error) : error;
    if (cause.code === 'stopping') cause.retryMs = OTHER_SERVER_MS;
    return cause;
  }

  /** Close all of them. May be called twice. */
  close() {
    this.#endMove();
    this.#peer?.close();
    this.#peer = null;
    this.#heard.endConnection();
  }

  /** @param {JpegPeerEvents} events @param {string} resume @returns {AnyPeer} */
  #makePeer(events, resume) {
    return this.#ports.makePeer(this.#transport, events, resume, this.#heard.firstFaceId);
  }

  /** @returns {JpegPeerEvents} */
  #peerEvents() {
    const { onVideo, onControl, onShown, onTelemetry } = this.#events;
    return {
      onVideo,
      onControl: (message) => (message.type === 'notice' && message.code === MOVE_CODE ? this.#beginMove() : onControl(message)),
      onShown: (frame) => {
        onShown(frame);
        this.frameShown();
      },
      onTelemetry: (telemetry) => {
        const heard = this.#heard.add(telemetry, performance.now(), this.session);
        if (heard) onTelemetry(heard, this.#heard.atMs);
      },
      onFlow: (flow) => this.#user.onFlow(flow),
      onLost: (error) => this.#user.onLost(error),
    };
  }

  /** The server asks this page to connect again, and serves it until then. */
  #beginMove() {
    this.#move ??= new Move({
      isReady: () => this.#user.mayMove(),
      sendsTrack: () => Boolean(this.#sources.current && !this.#sources.current.paused && !this.#sources.current.clipRun),
      make: (events, resume) => this.#makePeer(events, resume || (this.#peer?.resumeToken ?? '')),
      open: (next) => this.open(next, FALLBACK_MS),
      events: this.#peerEvents(),
      onReady: (next, used, tellAll) => this.#changeOver(next, used, tellAll),
      onEnd: (loss) => (loss ? this.#user.onLost(loss) : this.#endMove()),
    });
  }

  /** The next connection works: it takes the place of the present one, which may have ended. @param {AnyPeer} next @param {OpenSource | null} used @param {() => void} tellAll */
  #changeOver(next, used, tellAll) {
    const old = this.#peer;
    const { atMs } = this.#heard;
    this.#endMove();
    this.#heard.endConnection();
    this.#events.onMove();
    this.#events.onConnecting();
    this.#peer = next;
    this.#user.onSession(next.sessionId);
    if (this.#sources.current) this.sendSource(next, this.#sources.current, used);
    const { session } = this;
    this.#gap = new Gap(atMs, (gapMs) => this.#events.onMoved(session, gapMs));
    tellAll();
    // Only now, so that its video stays until the next one plays.
    old?.close();
    this.#user.onMoved();
  }

  #endMove() {
    this.#move?.close();
    this.#move = null;
    this.#gap?.close();
    this.#gap = null;
  }
}

/** @param {OpenSource} opened @returns {MediaStreamTrack} */
export const trackOf = (opened) => opened.stream.getVideoTracks()[0];
