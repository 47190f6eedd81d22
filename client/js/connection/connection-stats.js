/** The browser's statistics of the connection as rates between two readings. Independent of the DOM. */

/**
 * @typedef {object} Look the running sums of one getStats()
 * @property {number} atMs
 * @property {number | null} rttMs
 * @property {string} codec
 * @property {number | null} sourceFrames that the camera or canvas has given
 * @property {Record<string, number>} sums
 *
 * @typedef {object} Rates
 * @property {number | null} rttMs
 * @property {string} codec of the annotated video
 * @property {number} shownFps frames a second that were decoded here
 * @property {number} lossShare 0..1, packets of the annotated video that were lost
 * @property {number} kbps of the annotated video
 * @property {number} sentKbps
 * @property {number | null} sourceFrames frames of the camera or canvas so far; null: unknown in this browser
 * @property {Record<string, number | null>} ms milliseconds of a frame by stage, as far as the connection measures them: "camera" in this
 *   browser's encoder and its queue, "network" there and back, "display" here until it was decoded
 */

/** @param {Iterable<Record<string, any>>} entries of an RTCStatsReport @param {number} atMs @returns {Look} */
export function look(entries, atMs) {
  const list = [...entries];
  const received = list.find((entry) => entry.type === 'inbound-rtp' && entry.kind === 'video') ?? {};
  const sent = list.find((entry) => entry.type === 'outbound-rtp' && entry.kind === 'video') ?? {};
  const source = list.find((entry) => entry.type === 'media-source' && entry.kind === 'video') ?? {};
  const pair = list.find((entry) => entry.type === 'candidate-pair' && entry.nominated) ?? {};
  const codec = list.find((entry) => entry.id === received.codecId);
  return {
    atMs,
    rttMs: pair.currentRoundTripTime === undefined ? null : pair.currentRoundTripTime * 1000,
    codec: codec?.mimeType?.replace(/^video\//, '') ?? '',
    // Firefox reports only encoded frames, which increase as long as the source delivers.
    sourceFrames: source.frames ?? sent.framesEncoded ?? null,
    sums: {
      decoded: received.framesDecoded ?? 0,
      packets: received.packetsReceived ?? 0,
      lost: received.packetsLost ?? 0,
      bytes: received.bytesReceived ?? 0,
      buffered: received.jitterBufferDelay ?? 0,
      emitted: received.jitterBufferEmittedCount ?? 0,
      decodeTime: received.totalDecodeTime ?? 0,
      sentBytes: sent.bytesSent ?? 0,
      encoded: sent.framesEncoded ?? 0,
      encodeTime: sent.totalEncodeTime ?? 0,
      packetsSent: sent.packetsSent ?? 0,
      sendDelay: sent.totalPacketSendDelay ?? 0,
    },
  };
}

/** @param {Look} before @param {Look} now @returns {Rates} */
export function rates(before, now) {
  const since = Object.fromEntries(Object.entries(now.sums).map(([name, sum]) => [name, Math.max(0, sum - before.sums[name])]));
  const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
  /** @param {number} sum @param {number} count */
  const each = (sum, count) => (count > 0 ? (sum / count) * 1000 : 0);
  return {
    rttMs: now.rttMs,
    codec: now.codec,
    sourceFrames: now.sourceFrames,
    shownFps: since.decoded / seconds,
    lossShare: since.lost + since.packets > 0 ? since.lost / (since.lost + since.packets) : 0,
    kbps: (since.bytes * 8) / 1000 / seconds,
    sentKbps: (since.sentBytes * 8) / 1000 / seconds,
    ms: {
      camera: each(since.encodeTime, since.encoded) + each(since.sendDelay, since.packetsSent),
      network: now.rttMs,
      display: each(since.buffered, since.emitted) + each(since.decodeTime, since.decoded),
    },
  };
}
