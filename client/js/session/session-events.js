/** The events of one session in order of time: what the page and the person note, and what happens to the faces. */

const MOST_EVENTS = 50_000;
/** What the person notes. */
export const OF_PERSON = ['marker', 'stimulus-start', 'stimulus-end'];
/** What happens when the person presses, not when the video, which comes later, shows it. */
const OF_MOMENT = ['stimulus-start', 'stimulus-end'];
/** Only these are left out beyond the most: what a person noted is always kept. */
export const OF_FACES = ['appeared', 'changed', 'left'];

/**
 * @typedef {object} SessionEvent
 * @property {number} timeS since the session's start
 * @property {string} kind key of EVENTS in texts/en.js
 * @property {string} detail of 'marker', 'stimulus-start' and 'stimulus-end': the person's own text
 * @property {number} [id] of the same kinds: a note that comes later names its event by it; unique in a session
 * @property {number} [edits] of the same kinds: how often the note was written
 * @property {number} [pressedS] where the event is about the frame on show at a moment: that moment, a little after the frame's time, or at `timeS` without a frame
 * @property {number} [seq] and the number of that frame
 *
 * @typedef {Pick<SessionEvent, 'timeS' | 'pressedS' | 'seq'>} OnShow the frame on show at a moment
 */

/** @param {OnShow} onShow @param {string} kind @returns {number} the event's time: a stimulus has that of the press, if it is known; a marker is about what is seen */
export const timeOfEvent = ({ timeS, pressedS }, kind) => (OF_MOMENT.includes(kind) ? pressedS ?? timeS : timeS);

/** @param {string} text of a person @returns {string} the same without what the server rejects: control characters, ends of lines, halves of pairs */
export const oneLine = (text) => text.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, ' ');

/** @param {SessionEvent} event @returns {number} how often its note was written; earlier versions wrote it once and did not count */
const editsOf = ({ edits, detail }) => edits ?? (detail ? 1 : 0);

export class SessionEvents {
  #most;
  /** @type {SessionEvent[]} */
  #events = [];
  #leftOut = 0;
  /** Labels by face. @type {Map<number, string>} */
  #labels = new Map();
  /** What take() has not returned yet. @type {SessionEvent[]} */
  #untaken = [];
  #takenLeftOut = 0;
  #lastId = 0;
  #ofPerson = 0;

  /** @param {number} [most] */
  constructor(most = MOST_EVENTS) {
    this.#most = most;
  }

  /** @returns {readonly SessionEvent[]} oldest first */
  get list() {
    return this.#events;
  }

  /** @returns {number} events of faces that were left out, because there are too many */
  get leftOut() {
    return this.#leftOut;
  }

  /** @returns {number} events that a person noted */
  get ofPerson() {
    return this.#ofPerson;
  }

  /** @param {SessionEvent} event */
  add(event) {
    if (this.#events.length >= this.#most && OF_FACES.includes(event.kind)) {
      this.#leftOut += 1;
      return;
    }
    this.#insert(event);
    this.#untaken.push(event);
  }

  /** What a person notes. @param {SessionEvent} event @returns {number} its id, for annotate() */
  addOfPerson(event) {
    const id = (this.#lastId += 1);
    this.add({ ...event, id });
    return id;
  }

  /** A note for an event that take() may have returned already: it is taken once more. @param {number} id @param {string} detail */
  annotate(id, detail) {
    const at = this.#events.findIndex((event) => event.id === id);
    if (at < 0) return;
    const event = { ...this.#events[at], detail, edits: editsOf(this.#events[at]) + 1 };
    this.#events[at] = event;
    this.#untaken = [...this.#untaken.filter((each) => each.id !== id), event];
  }

  /** An analysed frame: note which faces appear, change and leave. @param {number} timeS @param {import('../connection/telemetry.js').Face[]} faces */
  addFaces(timeS, faces) {
    for (const { id, label } of faces) {
      const last = this.#labels.get(id);
      if (last === undefined) this.add({ timeS, kind: 'appeared', detail: String(id) });
      else if (label !== 'unsure' && last !== label) this.add({ timeS, kind: 'changed', detail: `${id} ${label}` });
      // A short "unsure" between two equal labels is not a change.
      if (label !== 'unsure' || last === undefined) this.#labels.set(id, label);
    }
    for (const id of this.#labels.keys()) {
      if (faces.some((face) => face.id === id)) continue;
      this.#labels.delete(id);
      this.add({ timeS, kind: 'left', detail: String(id) });
    }
  }

  /** A new connection begins: its faces are not compared with those of the last one. */
  forgetFaces() {
    this.#labels.clear();
  }

  /** @returns {{events: SessionEvent[], leftOut: number} | null} what is new since the last call */
  take() {
    if (!this.#untaken.length && this.#takenLeftOut === this.#leftOut) return null;
    const taken = { events: this.#untaken, leftOut: this.#leftOut };
    this.#untaken = [];
    this.#takenLeftOut = this.#leftOut;
    return taken;
  }

  /** Put back what take() returned. @param {SessionEvent[]} events @param {number} leftOut */
  restore(events, leftOut) {
    for (const stored of events) {
      // Earlier versions gave a stimulus the time of the frame.
      const event = { ...stored, timeS: timeOfEvent(stored, stored.kind) };
      const at = event.id === undefined ? -1 : this.#events.findIndex(({ id }) => id === event.id);
      if (at < 0) this.#insert(event);
      // The same event with several states of its note, in any order.
      else if (editsOf(event) > editsOf(this.#events[at])) this.#events[at] = event;
    }
    this.#leftOut = this.#takenLeftOut = Math.max(this.#leftOut, leftOut);
  }

  /** An event of a frame may come later than one of the page that happened after it. @param {SessionEvent} event */
  #insert(event) {
    let at = this.#events.length;
    while (at > 0 && this.#events[at - 1].timeS > event.timeS) at -= 1;
    this.#events.splice(at, 0, event);
    this.#ofPerson += Number(OF_PERSON.includes(event.kind));
  }
}
