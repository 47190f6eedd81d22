/** Asks the server to delete what it keeps of a session. Keeps nothing. */

import { PeerError, rejection } from './errors.js';
import { expiry } from './http.js';

const ANSWER_MS = 10_000;

/**
 * @typedef {object} Owned a session of the server, and the proof that it is this page's
 * @property {string} sessionId
 * @property {string} secret
 */

/**
 * @param {string} server address without a slash at its end
 * @param {Owned} owned
 * @returns {Promise<'deleted' | 'nothing'>} nothing: the server has nothing of it any more, or never had; rejects with a PeerError
 */
export async function deleteRecord(server, { sessionId, secret }) {
  let response;
  try {
    response = await fetch(`${server}/sessions/${encodeURIComponent(sessionId)}/record`, { method: 'DELETE', headers: { 'X-Session-Secret': secret }, cache: 'no-store', signal: expiry(ANSWER_MS) });
  } catch (error) {
    throw new PeerError('serverAway', '', error);
  }
  if (response.ok) return 'deleted';
  const problem = (await response.json().catch(() => null)) ?? {};
  // Another 404, as of a proxy, says nothing about the record.
  if (problem.code === 'no_record') return 'nothing';
  throw rejection(response.status, problem);
}
