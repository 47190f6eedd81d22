/** Limits how often what a person reads may change. Pure. */

const CALM_MS = 250;
/** A screen reader needs some seconds for a sentence, and should not speak all the time. */
const PACE_MS = 5000;

export class Calm {
  #key = '';
  #shownMs = -Infinity;
  #changedMs = -Infinity;

  /**
   * @param {string} key what would be read, without its numbers
   * @param {number} nowMs
   * @returns {boolean} whether it may be shown now: the words change at most four times a second, at once if they have been
   *   the same for a while; numbers of the same words are renewed at most four times a second
   */
  mayShow(key, nowMs) {
    const changes = key !== this.#key;
    if (nowMs - (changes ? this.#changedMs : this.#shownMs) < CALM_MS) return false;
    this.#shownMs = nowMs;
    if (changes) this.#changedMs = nowMs;
    this.#key = key;
    return true;
  }

  /** Whatever comes next may be shown at once. */
  reset() {
    this.#key = '';
    this.#shownMs = this.#changedMs = -Infinity;
  }
}

/** Limits how often a screen reader announces a label. */
export class Pace {
  #said = '';
  #saidMs = -Infinity;

  /**
   * @param {string} key what would be announced, without its numbers; empty: nothing
   * @param {number} nowMs
   * @returns {boolean} whether it is announced now: it differs from the last announcement, which was some seconds ago
   */
  mayAnnounce(key, nowMs) {
    if (!key || key === this.#said || nowMs - this.#saidMs < PACE_MS) return false;
    this.#said = key;
    this.#saidMs = nowMs;
    return true;
  }

  /** The same label may be announced again, but no sooner than another. */
  reset() {
    this.#said = '';
  }
}
