/**
 * One move of a running visit to another server: opens the next connection beside the present one, and hands over once frames come
 * back through it. The present one goes on until then, so a try that fails loses nothing. Does not know the state of the visit.
 */

import { asPeerError } from '../connection/errors.js';
import { isTemporary, leastDelayMs, retryDelayMs } from './retry.js';

/** How often a visit that cannot move yet is looked at again. */
const READY_MS = 500;
/** A connection that is open takes over after this time, even if no frame has come back: the present server is about to stop. */
const FIRST_FRAME_MS = 3000;
/** A first frame that takes longer is not waited for. */
const LONGEST_GAP_MS = 5000;

/**
 * @typedef {import('./visit-states.js').AnyPeer} AnyPeer
 * @typedef {import('./visit-states.js').OpenSource} OpenSource
 * @typedef {import('../connection/jpeg-peer.js').JpegPeerEvents} JpegPeerEvents
 * @typedef {import('../connection/errors.js').PeerError} PeerError
 *
 * @typedef {object} MovePorts
 * @property {() => boolean} isReady whether the present connection is set up and frames are sent
 * @property {() => boolean} sendsTrack whether frames come back without anything that the visit does after the change
 * @property {(events: JpegPeerEvents, resume: string) => AnyPeer} make the next connection; `resume`: of a try that was admitted; empty: of the present one
 * @property {(next: AnyPeer) => Promise<OpenSource | null>} open it; the source that it sends. Rejects with a PeerError
 * @property {JpegPeerEvents} events of the visit
 * @property {(next: AnyPeer, used: OpenSource | null, tellAll: () => void) => void} onReady change over; `tellAll` passes on what the next connection has said so far
 * @property {(loss: PeerError | null) => void} onEnd there is no further try; `loss`: why the present connection has ended meanwhile
 */

/** One try. @typedef {{next: AnyPeer, used: OpenSource | null, said: (() => void)[] | null, hasVideo: boolean, hasReport: boolean, isOpen: boolean}} Try */

export class Move {
  #ports;
  /** @type {Try | null} the one that runs */
  #try = null;
  /** @type {AnyPeer | null} the last one whose session the server had opened before it failed */
  #admitted = null;
  /** Why the present connection has ended while a try ran. @type {PeerError | null} */
  #loss = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #tries = 0;

  /** @param {MovePorts} ports */
  constructor(ports) {
    this.#ports = ports;
    this.#tryAfter(0);
  }

  /** @returns {AnyPeer | null} a connection that failed, and which has the session all the same; null: the present one has it */
  get admitted() {
    return this.#try?.next.resumeToken ? this.#try.next : this.#admitted;
  }

  /**
   * The present connection has ended, perhaps because the next one has taken over its session.
   *
   * @param {PeerError} error @returns {boolean} whether a try runs that may still succeed
   */
  takeLoss(error) {
    if (!this.#try) return false;
    this.#loss = error;
    return true;
  }

  /** The visit ends, or goes on another way. May be called twice. */
  close() {
    clearTimeout(this.#timer);
    const tried = this.#try;
    this.#try = null;
    tried?.next.close();
  }

  /** @param {number} ms */
  #tryAfter(ms) {
    this.#timer = setTimeout(() => (this.#ports.isReady() ? this.#begin() : this.#tryAfter(READY_MS)), ms);
  }

  async #begin() {
    /** @type {Try} */
    const tried = { next: /** @type {any} */ (null), used: null, said: [], hasVideo: false, hasReport: false, isOpen: false };
    tried.next = this.#ports.make(this.#eventsOf(tried), this.#admitted?.resumeToken ?? '');
    this.#try = tried;
    try {
      tried.used = await this.#ports.open(tried.next);
    } catch (thrown) {
      this.#fail(tried, asPeerError(thrown));
      return;
    }
    if (this.#try !== tried) return;
    tried.isOpen = true;
    if (!this.#ports.sendsTrack()) return this.#changeOver();
    this.#timer = setTimeout(() => this.#changeOver(), FIRST_FRAME_MS);
    this.#look(tried);
  }

  /** @param {Try} tried @returns {JpegPeerEvents} what it says is passed on in order, once it has taken over */
  #eventsOf(tried) {
    const { events } = this.#ports;
    /** @param {() => void} tell */
    const tell = (tell) => (tried.said ? tried.said.push(tell) : tell());
    return {
      onVideo: (stream) => {
        tell(() => events.onVideo(stream));
        tried.hasVideo = true;
        this.#look(tried);
      },
      onTelemetry: (telemetry) => {
        tell(() => events.onTelemetry(telemetry));
        tried.hasReport = true;
        this.#look(tried);
      },
      onControl: (message) => tell(() => events.onControl(message)),
      onFlow: (flow) => tell(() => events.onFlow(flow)),
      onShown: (frame) => tell(() => events.onShown(frame)),
      onLost: (error) => (tried.said ? this.#fail(tried, error) : events.onLost(error)),
    };
  }

  /** @param {Try} tried */
  #look(tried) {
    if (tried === this.#try && tried.isOpen && tried.hasVideo && tried.hasReport) this.#changeOver();
  }

  #changeOver() {
    const tried = this.#try;
    if (!tried) return;
    clearTimeout(this.#timer);
    this.#try = null;
    this.#ports.onReady(tried.next, tried.used, () => {
      const { said } = tried;
      tried.said = null;
      for (const tell of said ?? []) tell();
    });
  }

  /** @param {Try} tried @param {PeerError} error */
  #fail(tried, error) {
    if (this.#try !== tried) return;
    clearTimeout(this.#timer);
    this.#try = null;
    if (tried.next.resumeToken) this.#admitted = tried.next;
    if (this.#loss || !isTemporary(error, this.#tries)) return this.#ports.onEnd(this.#loss);
    this.#tryAfter(retryDelayMs(this.#tries, leastDelayMs(error)));
    this.#tries += 1;
  }
}

/** The time without video at a change of the connection: from the last report of the old one to the first frame of the new one. */
export class Gap {
  #sinceMs;
  #onEnd;
  #timer;
  #isOver = false;

  /** @param {number} sinceMs of the page's clock @param {(gapMs: number | null) => void} onEnd once, unless it is closed first; null: no frame came in time */
  constructor(sinceMs, onEnd) {
    this.#sinceMs = sinceMs;
    this.#onEnd = onEnd;
    this.#timer = setTimeout(() => this.#end(null), LONGEST_GAP_MS);
  }

  /** A frame of the new connection is on show. May be called for each. */
  end() {
    this.#end(performance.now() - this.#sinceMs);
  }

  /** Nothing is said. May be called twice. */
  close() {
    clearTimeout(this.#timer);
    this.#isOver = true;
  }

  /** @param {number | null} gapMs */
  #end(gapMs) {
    if (this.#isOver) return;
    this.close();
    this.#onEnd(gapMs);
  }
}
