/**
 * Keeps the most recently requested source open. Opens one source at a time, because phones can open only one camera;
 * of several requests meanwhile, the last one applies. Independent of the DOM and of the connection.
 */

/**
 * @template Options
 * @template {{close: () => void}} Opened
 */
export class CurrentSource {
  #open;
  #onOpen;
  /** @type {Options | null} of the last request; null: no source is wanted */
  #options = null;
  /** Counts requests, to detect a source that was opened for an older one. */
  #requests = 0;
  /** @type {Opened | null} */
  #current = null;
  /** @type {Promise<Opened | null> | null} */
  #opening = null;

  /**
   * @param {(options: Options) => Promise<Opened>} open
   * @param {(opened: Opened) => void} onOpen called as soon as a source that is kept is open
   */
  constructor(open, onOpen) {
    this.#open = open;
    this.#onOpen = onOpen;
  }

  /** @returns {Opened | null} null: none, or it is being opened */
  get current() {
    return this.#current;
  }

  /** @returns {boolean} whether one is open, or will be */
  get wanted() {
    return this.#options !== null;
  }

  /**
   * Close the current source and open another.
   *
   * @param {Options} options
   * @returns {Promise<Opened | null>} the source of the last request; null: closed meanwhile. Rejects if the last request failed.
   */
  use(options) {
    this.close();
    this.#options = options;
    this.#opening ??= this.#openLast();
    return this.#opening;
  }

  /** @returns {Promise<Opened | null>} the source of the last request, as from `use`; null: none is wanted */
  last() {
    return this.#opening ?? Promise.resolve(this.#current);
  }

  /** Close the source; one that is still being opened is closed when it is open. May be called twice. */
  close() {
    this.#requests += 1;
    this.#options = null;
    this.#current?.close();
    this.#current = null;
  }

  async #openLast() {
    try {
      while (this.#options !== null) {
        const opened = await this.#openOne(this.#options, this.#requests);
        if (opened) return opened;
      }
      return null;
    } finally {
      this.#opening = null;
    }
  }

  /** @param {Options} options @param {number} number of the request @returns {Promise<Opened | null>} null: another request followed */
  async #openOne(options, number) {
    try {
      const opened = await this.#open(options);
      if (number !== this.#requests) {
        opened.close();
        return null;
      }
      this.#current = opened;
    } catch (error) {
      if (number !== this.#requests) return null;
      this.#options = null;
      throw error;
    }
    this.#onOpen(this.#current);
    return this.#current;
  }
}
