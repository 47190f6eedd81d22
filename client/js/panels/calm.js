/** Limits how often what a person reads may change. Pure. */

const CALM_MS = 250;

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
