/** The part of the report about one face: a bar of its labels, a chart over the whole session, a table on demand. Pure. */

import { LABELS } from './log-columns.js';
import { BRIDGE_S } from './stretches.js';
import { bandsOf, LEAST_SHOWN, spread } from './timeline.js';
import { EMOTIONS } from '../connection/telemetry.js';
import { clockTime, decimal, percent, wholePercents } from '../texts/format.js';
import { T } from '../texts/texts.js';

const SLICES = 480;
/** Where a word, or a letter, has room in the ribbon even on a phone. */
const WORD_SHARE = 0.2;
const LETTER_SHARE = 0.045;
/** More numbers than this would cover each other. */
const MOST_NUMBERS = 24;
const MOST_TICKS = 5;
const TICKS_S = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];
/** Names beside the ends of lines keep this distance, in percent of the chart's height. */
const NAME_HEIGHT = 11;
/** @type {Record<string, string>} */
const DASHES = { disgust: '7 3', fear: '2.5 2.5', sad: '9 3 2 3', surprise: '5 2' };

/**
 * @typedef {import('./summary.js').FaceSummary} FaceSummary
 *
 * @typedef {{number: number, timeS: number, toS: number | null}} Mark `toS`: the end of a stimulus
 *
 * @typedef {{lengthS: number, marks: Mark[], gaps: import('./stretches.js').Stretch[], nameOf: (id: number) => string}} Over what all charts share: the length of the session, when nothing was measured, and how faces are called
 */

/** @param {FaceSummary} face @param {number} measuredS how long frames were analysed @param {(id: number) => string} nameOf @returns {string} one bar with the share of each label */
export function summaryOfFace(face, measuredS, nameOf) {
  const shares = sharesOf(face);
  const words = shares.map(({ label, shown }) => `${T.EMOTION_LABELS[label]}: ${shown} ${T.REPORT.ofTime}`).join(', ');
  const bars = shares.map(({ label, share }) => `<i style="width:${(share * 100).toFixed(2)}%;background:var(--${label})"></i>`);
  const items = shares.slice(0, 4).map(({ label, shown, mean }) => {
    // A share alone would read like the probability that the page shows.
    const facts = [T.REPORT.ofTime, mean && T.REPORT.onAverage(mean)].filter(Boolean).join(', ');
    return `<li>${swatch(label)} <span>${escape(T.EMOTION_LABELS[label])}: <b>${shown}</b> ${escape(facts)}</span></li>`;
  });
  return `<div class="who"><header><h3>${escape(nameOf(face.id))}</h3><span class="quiet">${escape(T.REPORT.seenFor(clockTime(face.seenS), clockTime(measuredS)))}</span></header>
<div class="share" role="img" aria-label="${escape(words)}">${bars.join('')}</div><ul class="shares">${items.join('')}</ul></div>`;
}

/** @param {boolean} hasGaps whether there is a time when nothing was measured @returns {string} the colour, letter and line of each label */
export function legend(hasGaps) {
  const gap = hasGaps ? `<li><i class="swatch unmeasured" aria-hidden="true">&nbsp;</i> ${escape(T.REPORT.unmeasured)}</li>` : '';
  return `<ul class="legend">${LABELS.map((label) => `<li>${swatch(label)}${label === 'unsure' ? '' : sample(label)} ${escape(T.EMOTION_LABELS[label])}</li>`).join('')}${gap}</ul>`;
}

/**
 * @param {FaceSummary} face
 * @param {import('./session-log.js').SessionLog} log
 * @param {Over} over
 */
export function faceSection(face, log, over) {
  const seen = T.REPORT.seen(clockTime(face.firstS), clockTime(face.lastS), decimal(face.frames));
  return `<section><h2>${escape(over.nameOf(face.id))}</h2><p class="quiet">${escape(seen)}</p>${neutralLine(face.id, log)}${chart(face, log, over)}
<details><summary>${escape(T.REPORT.numbersOf(face.id))}</summary>${table(face)}</details></section>`;
}

/** @param {number} faceId @param {import('./session-log.js').SessionLog} log @returns {string} the baseline in force at the end; empty: none */
function neutralLine(faceId, log) {
  const baseline = log.baselines.last(faceId);
  if (!baseline) return '';
  const values = EMOTIONS.map((emotion, i) => `${T.EMOTION_LABELS[emotion]} ${percent(baseline.probabilities[i])}`).join(', ');
  return `<p class="quiet">${escape(T.NEUTRAL.inReport(clockTime(baseline.fromS), values))}</p>`;
}

/** @param {FaceSummary} face @param {import('./session-log.js').SessionLog} log @param {Over} over */
function chart(face, log, { lengthS, marks, gaps }) {
  const caption = gaps.length ? `${T.REPORT.chart} ${T.REPORT.striped}` : T.REPORT.chart;
  // Just before the end, so that the slices begin at 0: the one that begins at the end would be the last.
  const { lines, labels } = log.slices(face.id, lengthS * (1 - 1e-9), lengthS, SLICES, BRIDGE_S);
  const leading = [...EMOTIONS.keys()].sort((a, b) => face.sums[b] - face.sums[a]).slice(0, 2).filter((i, place) => place === 0 || face.sums[i] >= LEAST_SHOWN * face.frames);
  const paths = EMOTIONS.map((emotion, i) => {
    const dash = DASHES[emotion] ? ` stroke-dasharray="${DASHES[emotion]}"` : '';
    const kind = leading.includes(i) ? 'line leading' : 'line';
    return `<path class="${kind}" stroke="var(--${emotion})"${dash} d="${path(lines[i])}"><title>${escape(T.EMOTION_LABELS[emotion])}</title></path>`;
  });
  const grid = [0, 25, 50, 75, 100].map((y) => `<line class="grid" x1="0" x2="${SLICES}" y1="${y}" y2="${y}"/>`);
  const levels = [1, 0.5, 0].map((share) => `<span style="inset-block-start:${100 - share * 100}%">${percent(share)}</span>`);
  return `<figure><div class="over${marks.length ? ' marked' : ''}" dir="ltr"><div class="ribbon" role="img" aria-label="${escape(T.REPORT.ribbon)}">${ribbon(labels)}${stripes(gaps, lengthS)}</div>
<div class="plot">${stripes(gaps, lengthS)}<svg viewBox="0 0 ${SLICES} 100" preserveAspectRatio="none" role="img" aria-label="${escape(T.REPORT.chart)}">${grid.join('')}${paths.join('')}</svg>
<div class="levels" aria-hidden="true">${levels.join('')}</div><div class="ends" aria-hidden="true">${ends(lines, leading)}</div></div>
<div class="axis" aria-hidden="true">${ticks(lengthS)}</div>${marksOver(marks, lengthS)}</div><figcaption>${escape(caption)}</figcaption></figure>`;
}

/** @param {(string | null)[]} labels by slice @returns {string} one surface for each run of the same label */
function ribbon(labels) {
  // Without a label there is no band.
  const bands = bandsOf(labels, labels.map(() => null));
  return bands
    .map(({ label, from, end }) => {
      const share = (end - from) / labels.length;
      const word = share >= WORD_SHARE ? T.EMOTION_LABELS[label] : share >= LETTER_SHARE ? T.EMOTION_LETTERS[label] : '';
      return `<i style="inset-inline-start:${inPercent(from / labels.length)};width:${inPercent(share)};background:var(--${label});color:var(--on-${label})">${escape(word)}</i>`;
    })
    .join('');
}

/** @param {Over['gaps']} gaps @param {number} lengthS @returns {string} a surface for each time when nothing was measured */
function stripes(gaps, lengthS) {
  return gaps
    .map(({ fromS, toS }) => {
      const share = (toS - fromS) / lengthS;
      const word = share >= WORD_SHARE ? `<b>${escape(T.REPORT.unmeasured)}</b>` : '';
      return `<i class="unmeasured" style="inset-inline-start:${inPercent(fromS / lengthS)};width:${inPercent(share)}">${word}</i>`;
    })
    .join('');
}

/** A null interrupts the line. @param {(number | null)[]} line */
function path(line) {
  let pen = 'M';
  let d = '';
  line.forEach((value, slice) => {
    if (value === null) pen = 'M';
    else {
      d += `${pen}${slice + 0.5} ${(100 - value * 100).toFixed(1)}`;
      // Draw a single point between two gaps as a short stroke.
      if (pen === 'M') d += 'h.5';
      pen = 'L';
    }
  });
  return d;
}

/** @param {(number | null)[][]} lines @param {number[]} leading @returns {string} the names of the leading lines, where they end */
function ends(lines, leading) {
  const names = leading.flatMap((i) => {
    const last = lines[i].findLast((value) => value !== null) ?? null;
    return last === null ? [] : [{ emotion: EMOTIONS[i], y: 100 - last * 100 }];
  });
  const places = spread(names.map(({ y }) => y), NAME_HEIGHT, 100);
  return names.map(({ emotion }, i) => `<span style="inset-block-start:${places[i].toFixed(1)}%">${escape(T.EMOTION_LABELS[emotion])}</span>`).join('');
}

/** @param {number} lengthS */
function ticks(lengthS) {
  const stepS = TICKS_S.find((seconds) => lengthS / seconds <= MOST_TICKS) ?? TICKS_S[TICKS_S.length - 1];
  const times = Array.from({ length: Math.floor(lengthS / stepS) + 1 }, (_, i) => i * stepS);
  return times.map((timeS) => `<span${timeS ? '' : ' class="first"'} style="inset-inline-start:${inPercent(timeS / lengthS)}">${clockTime(timeS)}</span>`).join('');
}

/** @param {Mark[]} marks @param {number} lengthS */
function marksOver(marks, lengthS) {
  if (!marks.length) return '';
  const bands = marks.map(({ timeS, toS }) => (toS === null ? '' : `<i class="band" style="inset-inline-start:${inPercent(timeS / lengthS)};width:${inPercent((toS - timeS) / lengthS)}"></i>`));
  const lines = marks.map(({ number, timeS }) => `<i style="inset-inline-start:${inPercent(timeS / lengthS)}">${marks.length > MOST_NUMBERS ? '' : `<b>${number}</b>`}</i>`);
  return `<div class="marks" aria-hidden="true">${bands.join('')}${lines.join('')}</div>`;
}

/** @param {FaceSummary} face */
function table(face) {
  const shares = inWhole(face.labels);
  const means = inWhole(face.sums);
  const rows = LABELS.map((label, i) => {
    const share = face.labels[i] / face.frames;
    const mean = label === 'unsure' ? '' : means[i];
    return `<tr><th scope="row">${escape(T.EMOTION_LABELS[label])}</th><td class="bar"><i style="width:${inPercent(share)};background:var(--${label})"></i></td><td>${shares[i]}</td><td>${mean}</td></tr>`;
  });
  const { expression, share, mean } = T.REPORT;
  return `<table><thead><tr><th scope="col">${escape(expression)}</th><td class="bar"></td><th scope="col">${escape(share)}</th><th scope="col">${escape(mean)}</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** @param {number[]} parts @returns {string[]} percentages whose sum is 100 */
const inWhole = (parts) => wholePercents(parts).map((whole) => percent(whole / 100));

/** @param {FaceSummary} face @returns {{label: string, share: number, shown: string, mean: string}[]} largest first; `mean`: probability, empty without one */
function sharesOf(face) {
  const shown = inWhole(face.labels);
  const means = inWhole(face.sums);
  const shares = LABELS.map((label, i) => ({ label, share: face.labels[i] / face.frames, shown: shown[i], mean: label === 'unsure' ? '' : means[i] }));
  return shares.filter(({ share }) => share > 0).sort((a, b) => b.share - a.share);
}

/** @param {string} label */
const swatch = (label) => `<i class="swatch" style="background:var(--${label});color:var(--on-${label})" aria-hidden="true">${escape(T.EMOTION_LETTERS[label])}</i>`;

/** @param {string} emotion */
const sample = (emotion) =>
  `<svg viewBox="0 0 36 8" aria-hidden="true"><line x1="0" x2="36" y1="4" y2="4" stroke="var(--${emotion})" stroke-width="2.5" stroke-dasharray="${DASHES[emotion] ?? ''}"/></svg>`;

/** @param {number} share */
const inPercent = (share) => `${(share * 100).toFixed(3)}%`;

/** @param {string} text */
export function escape(text) {
  return String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
