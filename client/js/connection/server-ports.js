/** What a visit asks of the server and of the browser: the same for the page and for `<facestream-view>`. Keeps nothing. */

import { VideoSource } from '../source/video-source.js';
import { Transport } from '../visit/visit-states.js';
import { rejection } from './errors.js';
import { JpegPeer } from './jpeg-peer.js';
import { Peer } from './peer.js';

/** @param {import('./telemetry.js').PageConfig | null} config of a request with the token @returns {import('./errors.js').PeerError | null} why the server would reject the token */
export const tokenRejection = (config) => (config?.tokenProblem ? rejection(401, { code: config.tokenProblem, detail: '' }) : null);

/**
 * @param {() => string} server its address, at the moment of use
 * @param {() => string} token empty: there is none
 * @param {() => Promise<import('./telemetry.js').PageConfig | null>} ask for the server's settings, with the token
 * @param {() => number | null} recordDays days for which the server may keep the results, as the person agreed; 0: as long as it wants; null: not at all
 */
export const serverPorts = (server, token, ask, recordDays) => ({
  hasToken: () => Boolean(token()),
  checkToken: async () => tokenRejection(await ask()),
  hasWebrtc: () => Boolean(globalThis.RTCPeerConnection),
  openSource: VideoSource.open,
  /** @type {import('../visit/visit-states.js').VisitPorts['makePeer']} */
  makePeer: (transport, events, resume, firstFaceId) => new (transport === Transport.WEBRTC ? Peer : JpegPeer)(events, server(), resume, token(), firstFaceId, recordDays()),
  fetchIceServers: async () => (await ask())?.iceServers ?? [],
  isOffline: () => !navigator.onLine,
  isHidden: () => document.hidden,
});
