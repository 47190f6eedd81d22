/** What the reports of a visit say over all its connections: the newest one, the frames dropped, the largest number of a face. Pure. */

/** The server accepts no larger one. */
const MOST_FIRST_FACE_ID = 1_000_000;

/** @typedef {import('../connection/telemetry.js').Telemetry} Telemetry */

export class Heard {
  /** @type {Telemetry | null} of this connection */
  #newest = null;
  #atMs = 0;
  /** Frames dropped in the connections before this one, which its reports do not count. */
  #droppedBefore = 0;
  /** Frames that the last connection dropped after its server had passed on the count. */
  #droppedAside = 0;
  #lastFaceId = 0;

  /** @returns {Telemetry | null} the newest of this connection */
  get newest() {
    return this.#newest;
  }

  /** @returns {number} when the server was last known to send, in milliseconds of the page's clock */
  get atMs() {
    return this.#atMs;
  }

  /** @returns {number} frames dropped since the start */
  get dropped() {
    return this.#droppedBefore + (this.#newest?.dropped ?? 0);
  }

  /** @returns {number} what the first face gets, unless the session is resumed: no face gets the number of an earlier one */
  get firstFaceId() {
    return Math.min(this.#lastFaceId + 1, MOST_FIRST_FACE_ID);
  }

  /** A visit begins. */
  begin() {
    this.#newest = null;
    this.#droppedBefore = this.#droppedAside = this.#lastFaceId = 0;
  }

  /** @param {number} nowMs the server sends, or may need a moment before it does */
  touch(nowMs) {
    this.#atMs = nowMs;
  }

  /** What follows is of another connection. May be called twice. */
  endConnection() {
    this.#droppedBefore = this.dropped;
    this.#newest = null;
  }

  /**
   * @param {Telemetry} telemetry
   * @param {number} nowMs
   * @param {'resumed' | 'new'} session of this connection
   * @returns {Telemetry | null} the same, with a count of drops that never falls in a resumed session; null: a newer one has overtaken it
   */
  add(telemetry, nowMs, session) {
    // The channel is unordered.
    if (this.#newest && telemetry.seq < this.#newest.seq) return null;
    if (!this.#newest) this.#countOn(telemetry.dropped, session);
    this.#newest = this.#droppedAside ? { ...telemetry, dropped: telemetry.dropped + this.#droppedAside } : telemetry;
    this.#lastFaceId = Math.max(this.#lastFaceId, ...telemetry.faces.map(({ id }) => id));
    this.#atMs = nowMs;
    return this.#newest;
  }

  /** @param {number} dropped of the first report of a connection @param {'resumed' | 'new'} session */
  #countOn(dropped, session) {
    // A session that moved went on for a moment after its count was passed on.
    this.#droppedAside = session === 'resumed' ? Math.max(0, this.#droppedBefore - dropped) : 0;
    // A file that is analysed once counts its frames itself, over all connections.
    if (session === 'resumed' || dropped >= this.#droppedBefore) this.#droppedBefore = 0;
  }
}
