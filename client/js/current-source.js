/**
 * Keeps the one source open that was wished for last. One is opened at a time, because phones have one camera at a time;
 * of the wishes that come meanwhile, the last one counts. Knows no page and no connection.
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
  /** Counts wishes, so that what was opened for an older one is known. */
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
   * Close the one before, and open another.
   *
   * @param {Wish} wish
   * @returns {Promise<Opened | null>} the one of the last wish; null: closed meanwhile. Rejects as the last wish did.
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

  /** Close it, or what is being opened as soon as it is open; may be called twice. */
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
