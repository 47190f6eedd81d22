/** The session of the page from its start to what is held of it, and past sessions that are opened instead. Looks up no element. */

import { withName } from '../session/face-names.js';

/**
 * @typedef {import('../storage/sessions.js').SessionInfo} SessionInfo
 * @typedef {import('../session/session-log.js').SessionLog} SessionLog
 *
 * @typedef {object} SessionParts
 * @property {SessionLog} log of the page's own session
 * @property {import('../storage/session-keeper.js').SessionKeeper} keeper
 * @property {import('../storage/sessions.js').Sessions} sessions
 * @property {import('./live-view.js').LiveView} live
 * @property {import('./stage-panel.js').StagePanel} stage
 * @property {import('./held-panel.js').HeldPanel} held
 * @property {import('./marker-panel.js').MarkerPanel} markers
 * @property {() => Pick<SessionInfo, 'source' | 'plays' | 'notice' | 'agreedMs' | 'agreedEarlier' | 'settings' | 'server'>} about what is being sent and to which server, and what the person agreed to
 * @property {'here' | 'on the full page' | 'nowhere'} list where this page's sessions are listed
 * @property {() => void} onBegin a session has begun
 * @property {() => void} onEnd it has ended with Stop, not with the page
 * @property {() => void} onChange there may be something else to save
 */

export class SessionView {
  #at;
  /** @type {{info: SessionInfo, log: SessionLog} | null} */
  #past = null;
  /** Whether the page's own session was deleted. */
  #isDeleted = false;

  /** @param {SessionParts} parts */
  constructor(parts) {
    this.#at = parts;
  }

  /** @returns {import('../session/session-files.js').Exported} the session on show */
  get shown() {
    const { log, live, keeper, about } = this.#at;
    const { info, log: past = log } = this.#past ?? { info: keeper.info };
    const { source, plays, notice, agreedMs, agreedEarlier, settings, server } = info ?? about();
    return { log: past, startedAt: info ? new Date(info.startedMs) : live.startedAt, source, plays, clipSize: info?.clipSize, notice, agreedMs, agreedEarlier, settings, server, name: info?.name, faceNames: info?.faceNames, atOnce: info?.atOnce };
  }

  /** @returns {import('../session/face-names.js').FaceNames} of the faces that word and bars describe: those in the video while it runs */
  get faceNames() {
    const { keeper } = this.#at;
    const info = keeper.isRunning ? keeper.info : this.#past?.info ?? keeper.info;
    return info?.faceNames ?? {};
  }

  /** @param {number} id of a face that word and bars describe @param {string} name empty: none any more @returns {Promise<void>} once it is kept */
  async nameFace(id, name) {
    const { keeper, sessions } = this.#at;
    const past = keeper.isRunning ? null : this.#past;
    const faceNames = withName(this.faceNames, id, name);
    if (!past || past.info.id === keeper.info?.id) await keeper.rename({ faceNames });
    if (!past) return;
    this.#past = { ...past, info: { ...past.info, faceNames } };
    await sessions.amend(past.info.id, (kept) => ({ ...kept, faceNames }));
  }

  /** Whether the page holds a session that the browser does not keep. */
  get isOnlyHere() {
    const { keeper, sessions, log } = this.#at;
    return Boolean(keeper.info && log.lastS > 0 && !sessions.isKept(keeper.info.id));
  }

  /** Whether closing the page would lose numbers that no file has. */
  get isUnsaved() {
    const { keeper, sessions } = this.#at;
    return (keeper.isRunning && this.isOnlyHere) || sessions.hasUnsaved;
  }

  /** The numbers of the session on show are in a file. */
  noteSaved() {
    const info = this.#past?.info ?? this.#at.keeper.info;
    if (info) this.#at.sessions.noteSaved(info.id);
  }

  /** A new session has begun, and the log is empty. */
  begin() {
    const { keeper, live, about, onBegin } = this.#at;
    this.closePast();
    this.#isDeleted = false;
    keeper.begin({ startedMs: live.startedAt.getTime(), ...about() });
    onBegin();
    this.refresh();
  }

  /** What is sent is open. @param {import('../source/video-source.js').ClipSize | null} clipSize null: a camera */
  describe(clipSize) {
    const { keeper } = this.#at;
    if (clipSize && keeper.info?.source === 'file') keeper.describe(clipSize);
  }

  /** There is a connection: frames can be marked. */
  connect() {
    this.#at.markers.show('there');
  }

  /** Nothing runs any more. */
  async end() {
    const { keeper, markers, onEnd } = this.#at;
    markers.show('away');
    if (keeper.isRunning) onEnd();
    const saved = keeper.end();
    this.refresh();
    await saved;
    // The browser may have had no space for the last part.
    this.refresh();
  }

  /** @param {SessionInfo} info @param {SessionLog} log */
  openPast(info, log) {
    this.#past = { info, log };
    this.#at.live.showPast(log);
    this.refresh();
  }

  closePast() {
    if (!this.#past) return;
    this.#past = null;
    this.#at.live.showPast(null);
    this.refresh();
  }

  /** Forget the session that has ended. */
  async forget() {
    const forgotten = this.#at.keeper.forget();
    this.#isDeleted = true;
    this.#at.live.forget();
    this.refresh();
    await forgotten;
  }

  /** @param {string} id of a session that the person has named @param {string} name */
  onRename(id, name) {
    if (id === this.#past?.info.id) this.#past = { ...this.#past, info: { ...this.#past.info, name } };
    this.refresh();
  }

  /** @param {string} id of a session that was deleted */
  async onDelete(id) {
    if (id === this.#past?.info.id) this.closePast();
    if (id === this.#at.keeper.info?.id) await this.forget();
  }

  /** @returns {import('../texts/problems.js').Measurements} where those of the page's own session are */
  get #measurements() {
    const { keeper, sessions, log, list } = this.#at;
    if (this.#isDeleted) return 'deleted';
    if (!keeper.info || log.lastS === 0) return 'unsaid';
    if (list === 'here') return 'listed';
    return list === 'on the full page' && sessions.isKept(keeper.info.id) ? 'elsewhere' : 'unsaid';
  }

  /** Say again what is held, and where. */
  refresh() {
    const { keeper, sessions, stage, held, log } = this.#at;
    const { info, isRunning } = keeper;
    const isHeld = info && !isRunning && log.lastS > 0 && !this.#past;
    held.showHeld(isHeld ? info : null, info && sessions.isKept(info.id) ? 'browser' : 'page');
    held.showPast(this.#past?.info ?? null, isRunning ? 'running' : 'ended');
    stage.showPast(this.#past ? 'open' : 'closed');
    stage.showMeasurements(this.#measurements);
    this.#at.onChange();
  }
}
