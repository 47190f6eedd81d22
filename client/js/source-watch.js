/** Tells whether a camera delivers, by the events of its track and by counting its frames. Knows no page and no connection. */

/** A camera in the dark gives five frames a second, so one that gives none for this long has stopped. */
const SILENT_MS = 2000;
/** Looks that must agree: a single one may fall between two frames, or come late from a busy browser. */
const LEAST_LOOKS = 2;

export class SourceWatch {
  #track;
  #onChange;
  #muted;
  /** Whether an event said so; what a track says of itself when it is opened is not always true. */
  #told = false;
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
   * @param {() => void} onChange `paused` is another now
   */
  constructor(track, onChange) {
    this.#track = track;
    this.#onChange = onChange;
    this.#muted = this.#last = track.muted;
    track.addEventListener('mute', this.#onMute);
    track.addEventListener('unmute', this.#onUnmute);
  }

  /** @returns {boolean} whether it gives no frames now, and may again */
  get paused() {
    return this.#muted || this.#silent;
  }

  /** @returns {boolean} whether it gave no frame when it was looked at last: it may be about to pause */
  get quiet() {
    return this.paused || this.#still > 0;
  }

  /** @param {number | null} frames of the camera so far; null: nobody knows now @param {number} nowMs */
  look(frames, nowMs) {
    const before = this.#frames;
    this.#frames = frames;
    if (frames === null || before === null) {
      this.#still = this.#moving = 0;
      this.#movedMs = nowMs;
      return;
    }
    this.#count(frames !== before, nowMs);
    this.#tell();
  }

  /** Hear and tell nothing any more; may be called twice. */
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
    // Another counter may begin elsewhere, so one step proves nothing.
    if (this.#moving < LEAST_LOOKS) return;
    this.#silent = false;
    // A muted track may send black frames, so they prove nothing while it says that it is muted and an event said so too.
    if (!this.#told || !this.#track.muted) this.#muted = false;
  }

  /** @param {'mute' | 'unmute'} what */
  #hear(what) {
    this.#told = true;
    this.#muted = what === 'mute';
    this.#silent = false;
    // The frame before the event may be counted after it.
    this.#still = this.#moving = 0;
    this.#frames = null;
    this.#tell();
  }

  #tell() {
    if (this.paused === this.#last) return;
    this.#last = this.paused;
    this.#onChange();
  }
}
