/** Asks the server for a link with an access token that expires, and for QR codes. Keeps neither the admin token nor the link. */

import { PeerError, rejection } from './errors.js';
import { bearer, expiry } from './http.js';

const ANSWER_MS = 10_000;

/**
 * @typedef {object} SharedLink
 * @property {string} link opens the page with the token, which is in the fragment
 * @property {string} qrSvg the link as a QR code
 * @property {number} expiresInS
 */

/**
 * @param {string} server address without a slash at its end; the link opens the page there
 * @param {string} adminToken
 * @param {{lifetimeH: number, subject: string, address: string}} wanted `subject`: who will use the link, for the server's log; empty: not said. `address`: of the page
 * @returns {Promise<SharedLink>} rejects with a PeerError
 */
export async function requestLink(server, adminToken, { lifetimeH, subject, address }) {
  return decodeLink(await post(`${server}/tokens`, adminToken, { lifetime_h: lifetimeH, url: address, ...(subject && { subject }) }));
}

/**
 * @param {string} server address without a slash at its end
 * @param {string} token of a peer; empty: none
 * @param {string} address without a token: it is no secret
 * @returns {Promise<string>} an SVG image; rejects with a PeerError
 */
export async function requestQr(server, token, address) {
  const { qr_svg: qrSvg } = (await post(`${server}/qr`, token, { url: address })) ?? {};
  if (typeof qrSvg !== 'string') throw new PeerError('rejected');
  return qrSvg;
}

/** @param {string} address @param {string} token @param {object} body @returns {Promise<any>} the body of the response; rejects with a PeerError */
async function post(address, token, body) {
  let response;
  try {
    response = await fetch(address, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...bearer(token) },
      body: JSON.stringify(body),
      cache: 'no-store',
      signal: expiry(ANSWER_MS),
    });
  } catch (error) {
    throw new PeerError('serverAway', '', error);
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw rejection(response.status, answer ?? {});
  return answer;
}

/** @param {any} answer @returns {SharedLink} */
function decodeLink(answer) {
  const { link, qr_svg: qrSvg, expires_in_s: expiresInS } = answer ?? {};
  if (typeof link !== 'string' || typeof qrSvg !== 'string' || !Number.isFinite(expiresInS)) throw new PeerError('rejected');
  return { link, qrSvg, expiresInS };
}

/** @param {string} hostname of a URL, where an IPv6 address is in brackets @returns {boolean} whether it means a different machine to every other machine */
export const isOwnMachine = (hostname) => /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i.test(hostname);

/** @param {string} address of a page @returns {'own machine' | 'no camera' | 'full'} what another machine that opens it can do */
export function useElsewhere(address) {
  const { protocol, hostname } = new URL(address);
  if (isOwnMachine(hostname)) return 'own machine';
  return protocol === 'http:' ? 'no camera' : 'full';
}
