/**
 * Keeps the most recently requested source open. Opens one source at a time, because phones can open only one camera;
 * of several requests meanwhile, the last one applies. Independent of the DOM and of the connection.
 */

/**
 * @template Wish
 * @template {{close: () => void}} Opened
 */
export class CurrentSource {
  #open;
  #onOpen;
  /** @type {Wish | null} null: nothing is wished for */
  #wish = null;
  /** Counts requests, to detect a source that was opened for an older one. */
  #wishes = 0;
  /** @type {Opened | null} */
  #current = null;
  /** @type {Promise<Opened | null> | null} */
  #opening = null;

  /**
   * @param {(wish: Wish) => Promise<Opened>} open
   * @param {(opened: Opened) => void} onOpen each that is kept, as soon as it is open
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
    return this.#wish !== null;
  }

  /**
   * Close the current source and open another.
   *
   * @param {Wish} wish
   * @returns {Promise<Opened | null>} the source of the last request; null: closed meanwhile. Rejects if the last request failed.
   */
  use(wish) {
    this.close();
    this.#wish = wish;
    this.#opening ??= this.#openLast();
    return this.#opening;
  }

  /** @returns {Promise<Opened | null>} as `use` does, of the last wish; null: there is none */
  last() {
    return this.#opening ?? Promise.resolve(this.#current);
  }

  /** Close the source; one that is still being opened is closed when it is open. May be called twice. */
  close() {
    this.#wishes += 1;
    this.#wish = null;
    this.#current?.close();
    this.#current = null;
  }

  async #openLast() {
    try {
      while (this.#wish !== null) {
        const opened = await this.#openOne(this.#wish, this.#wishes);
        if (opened) return opened;
      }
      return null;
    } finally {
      this.#opening = null;
    }
  }

  /** @param {Wish} wish @param {number} number of the wish @returns {Promise<Opened | null>} null: another wish came */
  async #openOne(wish, number) {
    try {
      const opened = await this.#open(wish);
      if (number !== this.#wishes) {
        opened.close();
        return null;
      }
      this.#current = opened;
    } catch (error) {
      if (number !== this.#wishes) return null;
      this.#wish = null;
      throw error;
    }
    this.#onOpen(this.#current);
    return this.#current;
  }
}
