/** What a person notes about faces: names and neutral faces; passes them to the panels that show faces. Decides nothing itself. */

import { element, find } from '../browser/elements.js';
import { amongWords, nameIn, shownName } from '../session/face-names.js';
import { FaceNameDialog } from './face-name-dialog.js';
import { NeutralPanel } from './neutral-panel.js';

/**
 * @typedef {object} NotesParts
 * @property {import('../session/session-log.js').SessionLog} log of the page's own session
 * @property {import('../storage/session-keeper.js').SessionKeeper} keeper
 * @property {import('./session-view.js').SessionView} session
 * @property {import('./live-view.js').LiveView} live
 * @property {import('./face-panel.js').FacePanel} face
 * @property {import('./faces-strip.js').FacesStrip} strip
 * @property {import('./emotion-chart.js').EmotionChart | null} chart
 * @property {import('./chart-tools.js').ChartTools} chartTools
 * @property {(message: object) => void} send to a server that keeps the session
 * @property {() => boolean} isRecorded whether it keeps it
 * @property {(text: string) => void} say
 */

/** @param {NotesParts} parts @returns {NeutralPanel} */
export function noteFaces({ log, keeper, session, live, face, strip, chart, chartTools, send, isRecorded, say }) {
  face.nameOf = strip.nameOf = (id) => shownName(session.faceNames, id);
  if (chart) chart.names = () => session.shown.faceNames ?? {};
  new FaceNameDialog(find(document, '#name-face', HTMLButtonElement), /** @type {HTMLDialogElement} */ (element('#face-name')), {
    followed: () => face.shownId,
    nameOf: (id) => nameIn(session.faceNames, id),
    name: async (id, name) => {
      const kept = session.nameFace(id, name);
      send({ type: 'face_name', face: id, name: name || null });
      live.refill();
      chart?.refresh();
      await kept;
    },
    isRecorded,
    say,
  });
  const neutral = new NeutralPanel(
    { set: find(document, '#neutral', HTMLButtonElement), clear: find(document, '#neutral-clear', HTMLButtonElement), changes: find(document, '#changes', HTMLInputElement) },
    {
      log,
      now: () => (keeper.isRunning ? live.onShow : null),
      followed: () => face.shownId,
      shown: () => session.shown.log,
      nameOf: (id) => amongWords(face.nameOf(id), id),
      send,
      say,
      onChange: () => (keeper.save(), chart?.refresh()),
    },
  );
  face.changesOf = neutral.changesOf;
  // Word and bars are about the video while it runs.
  face.showsChanges = () => neutral.changesIn(keeper.isRunning ? log : session.shown.log);
  chartTools.showsChanges = () => neutral.changesIn(session.shown.log);
  return neutral;
}
