/** Chooses the text for an error, an ended session or a state. Holds no texts. */

import { State } from '../visit/visit-states.js';
import { sentence } from './format.js';
import { T } from './texts.js';

/** @typedef {import('../connection/errors.js').PeerError} PeerError */
/** @typedef {import('./en-problems.js').Words} Words */

/** @param {string} code of a notice @returns {Words | null} null: an unknown code */
export const endingOf = (code) => (Object.hasOwn(T.ENDINGS, code) ? T.ENDINGS[code] : null);

/** @typedef {'listed' | 'elsewhere' | 'deleted' | 'unsaid'} Measurements where the measurements of an ended session are */
/** @typedef {{key: string, title: string, text: string, detail?: string}} Message `detail`: the server's own sentence, for its operator */

/** @param {PeerError} error @returns {Message} */
export function problemOf(error) {
  const { key, title, reason = '', text } = wordsOf(error);
  const said = typeof text === 'string' ? text : text(error.message);
  return { key, title, text: [reason, said].filter(Boolean).join(' '), ...(error.isRejection && { detail: sentence(error.message) }) };
}

/** @typedef {'nothing' | 'results' | 'deleted'} Kept */

/**
 * @param {import('../visit/visit-states.js').VisitState} state
 * @param {PeerError | null} error why the state was entered
 * @param {import('../visit/visit-states.js').SourceKind} source
 * @param {Measurements} [measurements] of the session that has ended
 * @param {Kept} [kept] by a server, as its settings say, unless the person has deleted it
 * @returns {Message} what is shown in place of the video; empty texts: nothing
 */
export function messageOf(state, error, source, measurements = 'listed', kept = 'nothing') {
  const { title = '', text: usual = '' } = (source === 'clip' && T.CLIP_INVITATIONS[state]) || T.INVITATIONS[state] || {};
  const text = (kept === 'results' && T.RECORDED_INVITATIONS[state]) || (kept === 'deleted' && (T.DELETED_INVITATIONS[state] ?? T.RECORDED_INVITATIONS[state])) || usual;
  const isOver = state === State.STOPPED || state === State.FINISHED;
  if (!error) return { key: '', title, text: isOver ? [text, T.MEASUREMENTS[measurements]].filter(Boolean).join(' ') : text };
  const problem = problemOf(error);
  const { reason = '' } = wordsOf(error);
  switch (state) {
    case State.HELD:
      return { ...problem, title, text };
    case State.QUEUED:
    case State.RECONNECTING:
      // Advice is for a person who has to start again; here the page tries again by itself.
      return { ...problem, text: [reason, text].filter(Boolean).join(' ') };
    default:
      return { ...problem, text: error.retryMs ? [reason, T.startAgainIn(Math.ceil(error.retryMs / 1000))].filter(Boolean).join(' ') : problem.text };
  }
}

/** @param {PeerError} error for which the page falls back to the compatibility mode @returns {{key: string, title: string, text: string}} the reason and its consequences */
export function fallbackOf({ key }) {
  const title = T.COMPATIBILITY[key];
  return { key, title, text: T.fallbackSentence(title) };
}

/** @param {PeerError} error why the server made no link @returns {{text: string, detail: string}} `detail`: the server's own sentence, for its operator; empty: none */
export function shareProblemOf({ key, code, message, isRejection }) {
  const known = Object.hasOwn(T.SHARE_PROBLEMS, code) ? code : key === 'serverAway' ? 'away' : 'other';
  return { text: T.SHARE_PROBLEMS[known], detail: isRejection ? sentence(message) : '' };
}

/** @param {PeerError} error @returns {Words & {key: string}} */
function wordsOf({ key: given, code, isRejection }) {
  const key = Object.hasOwn(T.PROBLEMS, given) ? given : 'unknown';
  if (!isRejection) return { key, ...(endingOf(code) ?? T.PROBLEMS[key]) };
  return { key, ...T.PROBLEMS[key], ...(Object.hasOwn(T.REJECTIONS, code) && T.REJECTIONS[code]) };
}
