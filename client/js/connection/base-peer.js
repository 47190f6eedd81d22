/** What both kinds of peer share: the session's id and tokens, notices, and how a connection ends. Opens nothing itself. */

import { loss } from './errors.js';
import { isReachable, withoutSlash } from './http.js';

/**
 * @typedef {object} PeerEvents
 * @property {(stream: MediaStream) => void} onVideo the annotated video
 * @property {(telemetry: import('./telemetry.js').Telemetry) => void} onTelemetry
 * @property {(message: import('./telemetry.js').Control) => void} onControl a reply or notice of the server
 * @property {(flow: 'connected' | 'interrupted') => void} onFlow packets stopped arriving, or arrive again
 * @property {(error: import('./errors.js').PeerError) => void} onLost the connection ended, but not by close()
 *
 * @typedef {object} Admission what the server sends to a peer that it admits
 * @property {string} session_id
 * @property {string} [resume] token with which another connection can resume this session
 * @property {string} [secret] with which the peer may end its session over HTTP
 * @property {boolean} [recorded] whether the server keeps the results of this session
 * @property {boolean} [resumed] whether it goes on where the session of the resume token was; absent: a server of an earlier version
 */

/** Code of a notice that does not announce the end of the session: the server asks the peer to connect again, and serves it until then. */
export const MOVE_CODE = 'move';

/** @abstract @template {PeerEvents} [Events=PeerEvents] */
export class BasePeer {
  #sessionId = '';
  #resumeToken = '';
  /** @type {import('./telemetry.js').Control | null} the last one of the server */
  #notice = null;
  #closed = false;
  /** @protected */
  events;
  /** @protected address without a slash at its end */
  server;
  /** @protected */
  resume;
  /** @protected */
  token;
  /** @protected */
  firstFaceId;
  /** @protected */
  record;
  /** @protected */
  secret = '';
  #recorded = false;
  #resumed = false;

  /**
   * @param {Events} events
   * @param {string} [server] address of the server, its path included; default: the root of the host that the page came from
   * @param {string} [resume] `resumeToken` of a lost connection; the new session continues with its faces
   * @param {string} [token] access token, if the server requires one
   * @param {number} [firstFaceId] number of the first face, unless the session is resumed; 1,000,000 at most
   * @param {number | null} [recordDays] days for which the server may keep the results, as the person agreed; 0: as long as it wants; null: it keeps none of this session
   */
  constructor(events, server = '', resume = '', token = '', firstFaceId = 1, recordDays = null) {
    this.events = events;
    this.server = withoutSlash(server);
    this.resume = resume;
    this.token = token;
    this.firstFaceId = firstFaceId;
    this.record = { record: recordDays !== null, ...(recordDays && { record_days: recordDays }) };
  }

  /** @returns {string} with which another connection can resume this session; empty before the admission */
  get resumeToken() {
    return this.#resumeToken;
  }

  /** @returns {string} the id of this session; empty before the admission */
  get sessionId() {
    return this.#sessionId;
  }

  /** @returns {boolean} whether the server keeps the results of this session; false before the admission */
  get recorded() {
    return this.#recorded;
  }

  /** @returns {boolean} whether this session goes on where that of `resume` was, with its faces and counters; false before the admission */
  get resumed() {
    return this.#resumed;
  }

  /** @returns {{sessionId: string, secret: string, recorded: boolean}} what the server has said at the admission */
  get admission() {
    return { sessionId: this.#sessionId, secret: this.secret, recorded: this.#recorded };
  }

  /** @returns {boolean} whether it was closed or lost; it is never opened again */
  get closed() {
    return this.#closed;
  }

  /** @abstract @param {object} _message a request of docs/telemetry.md, "control"; dropped while there is no connection @returns {boolean} whether it was sent */
  send(_message) {
    throw new TypeError('abstract');
  }

  /** Keep the session open while this peer sends no frames. */
  ping() {
    this.send({ type: 'ping', id: 0 });
  }

  /** Check now whether the server is gone: ICE and TCP notice it only after many seconds. */
  async check() {
    if (!(await isReachable(this.server))) this.lose('cut');
  }

  /** Close the connection and say goodbye to the server; also called from `pagehide` and after a loss. May be called twice. */
  close() {
    this.sayGoodbye();
    this.#disconnect();
  }

  /** @protected @param {Admission} admission */
  admitted({ session_id: sessionId, resume, secret, recorded, resumed }) {
    this.#sessionId = sessionId;
    this.#resumeToken = resume ?? sessionId;
    this.secret = secret ?? '';
    this.#recorded = recorded === true;
    this.#resumed = resumed === true;
  }

  /** @protected @param {import('./telemetry.js').Control | null} message null: it could not be decoded */
  hearControl(message) {
    if (!message || this.#closed) return;
    if (message.type === 'notice' && message.code !== MOVE_CODE) this.#notice = message;
    this.events.onControl(message);
  }

  /** @protected @param {string} key of PROBLEMS in problems.js, unless a notice of the server says more */
  lose(key) {
    this.end(loss(key, this.#notice));
  }

  /** End without a goodbye, so that the server keeps the session and another connection can resume it. @protected @param {import('./errors.js').PeerError} error */
  end(error) {
    if (this.#closed) return;
    this.#disconnect();
    this.events.onLost(error);
  }

  /** Tell the server that this peer leaves; at most once, and only if there is a session. @abstract @protected */
  sayGoodbye() {
    throw new TypeError('abstract');
  }

  /** Close what carries the session. May be called twice. @abstract @protected */
  disconnect() {
    throw new TypeError('abstract');
  }

  #disconnect() {
    this.#closed = true;
    this.disconnect();
  }
}
