/** One visit as one HTML file that opens without a network: no script, no request, every chart drawn as SVG inside. */

import { sliceMeans } from './ring-buffer.js';
import { clockTime, perSecond, percent } from '../texts/format.js';
import { T } from '../texts/texts.js';
import { EMOTIONS } from '../connection/telemetry.js';

const WIDTH = 960;
const HEIGHT = 220;
const SLICES = 480;
/** A gap of up to two seconds comes from a slow server; in a longer one, the face was away. */
const BRIDGE_S = 2;
/** @type {Record<string, string>} */
const DASHES = { disgust: '7 3', fear: '2.5 2.5', sad: '9 3 2 3', surprise: '5 2', neutral: '' };

const STYLE = `
:root{color-scheme:light dark;--ground:#eef2f0;--panel:#fff;--ink:#13211e;--quiet:#52625d;--hair:#d6dfdb;--angry:#ae5146;
--disgust:#384e00;--fear:#6820ab;--happy:#bc7605;--sad:#1a83c1;--surprise:#823164;--neutral:#8f8787;--accent:#0b6b5d;
font:16px/1.5 Inter,ui-sans-serif,system-ui,sans-serif;color:var(--ink);background:var(--ground)}
@media(prefers-color-scheme:dark){:root{--ground:#0c1312;--panel:#141d1b;--ink:#e7efec;--quiet:#9db0aa;--hair:#25322f;--angry:#ed162d;
--disgust:#bafa75;--fear:#8161ff;--happy:#d4a917;--sad:#6babfe;--surprise:#ac6799;--neutral:#cecdce;--accent:#5fd6bd}}
body{max-width:66rem;margin:0 auto;padding:1.5rem 1rem 3rem}h1{margin:0;font-size:1.5rem;letter-spacing:-.02em}h2{margin:0 0 .5rem;font-size:1.15rem}
p{margin:.25rem 0}.quiet,th,figcaption,dt{color:var(--quiet)}section{margin-top:1rem;padding:1rem 1.25rem;border:1px solid var(--hair);border-radius:16px;background:var(--panel)}
dl{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:.75rem 0 0}dt{font-size:.85rem}dd{margin:0;font-weight:600;font-variant-numeric:tabular-nums}
figure{margin:0 0 1rem}svg{display:block;width:100%;height:auto}svg text{fill:var(--quiet);font:12px system-ui,sans-serif}svg .grid{stroke:var(--hair)}
.line{fill:none;stroke-width:2;stroke-linejoin:round}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .6rem .2rem 0;text-align:left;font-weight:400;vertical-align:middle}td.bar{width:45%}td.bar i{display:block;height:.6rem;border-radius:9px}
thead th{font-size:.85rem}ol{margin:0;padding:0;list-style:none}li time{display:inline-block;min-width:4.5rem;color:var(--quiet);font-variant-numeric:tabular-nums}
.wide{overflow-x:auto}@media print{body{padding:0}section{break-inside:avoid}}`;

/**
 * @param {Iterable<import('./session-log.js').Entry>} entries with times from the start of the visit, as the events have
 * @param {readonly import('./session-log.js').SessionEvent[]} events
 * @param {{at: string, notice: string}} visit its date and time in words; what the person agreed to
 * @returns {string} an HTML document
 */
export function toReport(entries, events, { at, notice }) {
  const summary = summarize(entries);
  const faces = [...summary.faces.values()].sort((a, b) => b.frames - a.frames);
  const numbers = [
    [T.REPORT.length, clockTime(summary.lastS - summary.firstS)],
    [T.REPORT.frames, String(summary.frames)],
    [T.REPORT.rate, perSecond(summary.frames ? summary.fpsSum / summary.frames : 0)],
    [T.REPORT.dropped, String(summary.dropped)],
    [T.REPORT.faces, String(faces.length)],
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(T.REPORT.title)}, ${escape(at)}</title><style>${STYLE}</style></head><body>
<header><h1>${escape(T.REPORT.title)}</h1><p class="quiet">${escape(at)}</p>
<dl>${numbers.map(([name, value]) => `<div><dt>${escape(name)}</dt><dd>${escape(value)}</dd></div>`).join('')}</dl></header>
<main>${faces.map((face) => faceSection(face, summary)).join('\n') || `<section><p>${escape(T.REPORT.noFaces)}</p></section>`}
<section><h2>${escape(T.REPORT.events)}</h2>${eventList(events)}</section>
<section class="quiet"><h2>${escape(T.REPORT.caution)}</h2><p>${escape(T.REPORT.cautionText)}</p><p>${escape(notice)}</p></section>
</main></body></html>
`;
}

/**
 * @param {Iterable<import('./session-log.js').Entry>} entries
 * @returns {{firstS: number, lastS: number, frames: number, fpsSum: number, dropped: number, faces: Map<number, FaceSummary>}}
 *
 * @typedef {object} FaceSummary
 * @property {number} id
 * @property {number} frames
 * @property {number} firstS
 * @property {number} lastS
 * @property {Map<string, number>} labels frames by label
 * @property {number[]} sums of the probabilities
 * @property {Float64Array[]} rows time, then seven probabilities
 */
export function summarize(entries) {
  const summary = { firstS: 0, lastS: 0, frames: 0, fpsSum: 0, dropped: 0, faces: new Map() };
  for (const { timeS, telemetry } of entries) {
    if (!summary.frames) summary.firstS = timeS;
    summary.lastS = timeS;
    summary.frames += 1;
    summary.fpsSum += telemetry.fpsOut;
    summary.dropped = Math.max(summary.dropped, telemetry.dropped);
    for (const face of telemetry.faces) addFace(summary.faces, timeS, face);
  }
  return summary;
}

/** @param {Map<number, FaceSummary>} faces @param {number} timeS @param {import('../connection/telemetry.js').Face} face */
function addFace(faces, timeS, face) {
  const { id, label, probabilities } = face;
  /** @type {FaceSummary} */
  const known = faces.get(id) ?? { id, frames: 0, firstS: timeS, lastS: timeS, labels: new Map(), sums: EMOTIONS.map(() => 0), rows: [] };
  faces.set(id, known);
  known.frames += 1;
  known.lastS = timeS;
  known.labels.set(label, (known.labels.get(label) ?? 0) + 1);
  probabilities.forEach((probability, i) => (known.sums[i] += probability));
  known.rows.push(Float64Array.of(timeS, ...probabilities));
}

/** @param {FaceSummary} face @param {{firstS: number, lastS: number}} visit */
function faceSection(face, visit) {
  const labels = [...EMOTIONS, 'unsure'];
  const rows = labels.map((label) => {
    const share = (face.labels.get(label) ?? 0) / face.frames;
    const index = EMOTIONS.indexOf(label);
    const mean = index < 0 ? '' : percent(face.sums[index] / face.frames);
    const colour = index < 0 ? 'var(--quiet)' : `var(--${label})`;
    return `<tr><th scope="row">${escape(T.EMOTION_LABELS[label])}</th><td class="bar"><i style="width:${(share * 100).toFixed(1)}%;background:${colour}"></i></td><td>${percent(share)}</td><td>${mean}</td></tr>`;
  });
  const seen = T.REPORT.seen(clockTime(face.firstS - visit.firstS), clockTime(face.lastS - visit.firstS), face.frames);
  return `<section><h2>${escape(T.faceName(face.id))}</h2><p class="quiet">${escape(seen)}</p>
<figure><div class="wide">${chart(face, visit)}</div><figcaption>${escape(T.REPORT.chart)}</figcaption></figure>
<table><thead><tr><th scope="col">${escape(T.REPORT.expression)}</th><th scope="col"></th><th scope="col">${escape(T.REPORT.share)}</th><th scope="col">${escape(T.REPORT.mean)}</th></tr></thead><tbody>${rows.join('')}</tbody></table></section>`;
}

/** @param {FaceSummary} face @param {{firstS: number, lastS: number}} visit @returns {string} SVG */
function chart(face, { firstS, lastS }) {
  const lengthS = Math.max(1, lastS - firstS);
  const left = 44;
  const bottom = HEIGHT - 24;
  /** @param {number} share */
  const y = (share) => (bottom - share * (bottom - 8)).toFixed(1);
  const lines = sliceMeans(face.rows, lastS, lengthS, SLICES, Math.ceil((BRIDGE_S * SLICES) / lengthS));
  /** @param {number} slice */
  const x = (slice) => (left + ((slice + 0.5) / SLICES) * (WIDTH - left - 8)).toFixed(1);
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (share) => `<line class="grid" x1="${left}" x2="${WIDTH - 8}" y1="${y(share)}" y2="${y(share)}"/><text x="${left - 6}" y="${Number(y(share)) + 4}" text-anchor="end">${percent(share)}</text>`,
  );
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (part) => `<text x="${x(part * (SLICES - 1))}" y="${HEIGHT - 6}" text-anchor="${part === 0 ? 'start' : part === 1 ? 'end' : 'middle'}">${clockTime(part * lengthS)}</text>`,
  );
  const paths = EMOTIONS.map((emotion, i) => {
    const dash = DASHES[emotion] ? ` stroke-dasharray="${DASHES[emotion]}"` : '';
    return `<path class="line" stroke="var(--${emotion})"${dash} d="${path(lines[i] ?? [], x, y)}"><title>${escape(T.EMOTION_LABELS[emotion])}</title></path>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(T.REPORT.chart)}">${grid.join('')}${ticks.join('')}${paths.join('')}</svg>`;
}

/** A null interrupts the line. @param {(number | null)[]} line @param {(slice: number) => string} x @param {(share: number) => string} y */
function path(line, x, y) {
  let pen = 'M';
  let d = '';
  line.forEach((value, slice) => {
    if (value === null) pen = 'M';
    else {
      d += `${pen}${x(slice)} ${y(value)}`;
      // Draw a single point between two gaps as a short stroke.
      if (pen === 'M') d += 'h1';
      pen = 'L';
    }
  });
  return d;
}

/** @param {readonly import('./session-log.js').SessionEvent[]} events */
function eventList(events) {
  if (!events.length) return `<p>${escape(T.REPORT.noEvents)}</p>`;
  return `<ol>${events.map((event) => `<li><time>${clockTime(event.timeS)}</time>${escape(T.eventSentence(event))}</li>`).join('')}</ol>`;
}

/** @param {string} text */
function escape(text) {
  return String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
