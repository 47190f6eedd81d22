/** Detects whether a camera delivers frames, from the events of its track and a frame count. Independent of the DOM and of the connection. */

/** In the dark a camera may send only five frames a second, so one that sends none for this long has stopped. */
const SILENT_MS = 2000;
/** Checks that must agree: a single one may fall between two frames, or be late in a busy browser. */
const LEAST_LOOKS = 2;

export class SourceWatch {
  #track;
  #onChange;
  #muted;
  /** Whether an event has reported the state; `muted` of a newly opened track is not always right. */
  #hasEvent = false;
  #silent = false;
  #last = false;
  /** @type {number | null} */
  #frames = null;
  #movedMs = 0;
  #still = 0;
  #moving = 0;
  #onMute = () => this.#hear('mute');
  #onUnmute = () => this.#hear('unmute');

  /**
   * @param {MediaStreamTrack} track of a camera
   * @param {() => void} onChange `paused` has changed
   */
  constructor(track, onChange) {
    this.#track = track;
    this.#onChange = onChange;
    this.#muted = this.#last = track.muted;
    track.addEventListener('mute', this.#onMute);
    track.addEventListener('unmute', this.#onUnmute);
  }

  /** @returns {boolean} whether it sends no frames at the moment */
  get paused() {
    return this.#muted || this.#silent;
  }

  /** @returns {boolean} whether the last check found no new frame: it may be about to pause */
  get quiet() {
    return this.paused || this.#still > 0;
  }

  /** @param {number | null} frames of the camera so far; null: unknown @param {number} nowMs */
  look(frames, nowMs) {
    const before = this.#frames;
    this.#frames = frames;
    if (frames === null || before === null) {
      this.#still = this.#moving = 0;
      this.#movedMs = nowMs;
      return;
    }
    this.#count(frames !== before, nowMs);
    this.#report();
  }

  /** Remove the listeners; may be called twice. */
  close() {
    this.#track.removeEventListener('mute', this.#onMute);
    this.#track.removeEventListener('unmute', this.#onUnmute);
    this.#onChange = () => {};
  }

  /** @param {boolean} moved @param {number} nowMs */
  #count(moved, nowMs) {
    if (!moved) {
      this.#moving = 0;
      this.#still += 1;
      if (this.#still >= LEAST_LOOKS && nowMs - this.#movedMs >= SILENT_MS) this.#silent = true;
      return;
    }
    this.#still = 0;
    this.#moving += 1;
    this.#movedMs = nowMs;
    // Another counter may start from another number, so one step proves nothing.
    if (this.#moving < LEAST_LOOKS) return;
    this.#silent = false;
    // A muted track may send black frames, so ignore them while both the track and an event report that it is muted.
    if (!this.#hasEvent || !this.#track.muted) this.#muted = false;
  }

  /** @param {'mute' | 'unmute'} what */
  #hear(what) {
    this.#hasEvent = true;
    this.#muted = what === 'mute';
    this.#silent = false;
    // A frame from before the event may be counted after it.
    this.#still = this.#moving = 0;
    this.#frames = null;
    this.#report();
  }

  #report() {
    if (this.paused === this.#last) return;
    this.#last = this.paused;
    this.#onChange();
  }
}
