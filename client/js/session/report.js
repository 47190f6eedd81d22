/** One session as one HTML file that opens without a network: no script, no request, every chart drawn inside. */

import { fullName } from './face-names.js';
import { escape, faceSection, legend, summaryOfFace } from './report-face.js';
import { valuesSection } from './report-values.js';
import { STYLE } from './report-style.js';
import { OF_FACES, OF_PERSON } from './session-events.js';
import { BRIDGE_S, isWhole } from './stretches.js';
import { summarize } from './summary.js';
import { clockTime, decimal, languageInUse, partPercent, perSecond, sentence } from '../texts/format.js';
import { LANGUAGES } from '../texts/languages.js';
import { T } from '../texts/texts.js';

/** A camera that sees many people pass leaves many faces; those seen longest are shown, the others on demand. */
const MOST_FACES = 6;
/** Slices end before the next one begins. */
const LITTLE_S = 1e-3;
/** Shorter ones would not be visible in a chart. */
const LEAST_GAP = 1 / 480;

/**
 * @typedef {import('./session-log.js').SessionLog} SessionLog
 * @typedef {import('./session-log.js').SessionEvent} SessionEvent
 * @typedef {import('./summary.js').FaceSummary} FaceSummary
 * @typedef {import('./summary.js').Summary} Summary
 */

/**
 * @param {SessionLog} log
 * @param {{at: string, name?: string, faceNames?: import('./face-names.js').FaceNames, notice: string, agreed?: string, settings?: [string, string][], atOnce?: number}} session its date and time in words; the names that the person gave it and its faces; what the person agreed to, and a sentence that says when; names and values of settings
 * @returns {string} an HTML document
 */
export function toReport(log, { at, name = '', faceNames, notice, agreed = '', settings = [], atOnce = 0 }) {
  const summary = summarize(log);
  const { durationS, measuredS } = summary;
  // The last message or event is within what is drawn, which has a width.
  const lengthS = Math.max(1, durationS + LITTLE_S);
  const faces = [...summary.faces.values()].filter((face) => face.frames > 0).sort((a, b) => b.seenS - a.seenS);
  const noted = log.events.filter(({ kind }) => OF_PERSON.includes(kind));
  const marks = marksOf(noted, lengthS);
  const gaps = log.measured(BRIDGE_S).gaps(lengthS, lengthS * LEAST_GAP);
  const nameOf = (/** @type {number} */ id) => fullName(faceNames, id);
  const over = { lengthS, marks, gaps, nameOf };
  const shown = faces.slice(0, MOST_FACES);
  const others = faces.slice(MOST_FACES);
  const sections = shown.map((face) => faceSection(face, log, over)).join('\n');
  const rest = others.map((face) => faceSection(face, log, over)).join('\n');
  const language = languageInUse();
  return `<!doctype html>
<html lang="${language}" dir="${LANGUAGES[language]?.direction ?? 'ltr'}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${name && `${escape(name)}, `}${escape(T.REPORT.title)}, ${escape(at)}</title><style>${STYLE}</style></head><body>
<header><h1>${escape(T.REPORT.title)}</h1>${name && `<p class="name">${escape(name)}</p>`}<p>${escape(at)}</p><p class="quiet">${escape(T.REPORT.cautionShort)}</p></header>
<main><section aria-labelledby="summary"><h2 id="summary">${escape(T.REPORT.summary)}</h2>${figures(summary, noted.length, Math.max(atOnce, log.atOnce))}
${shown.map((face) => summaryOfFace(face, isWhole(summary) ? durationS : measuredS, nameOf)).join('\n') || `<p>${escape(T.REPORT.noFaces)}</p>`}${othersSeen(others)}${thinned(log)}</section>
${faces.length ? `<section><h2>${escape(T.REPORT.legend)}</h2>${legend(gaps.length > 0)}</section>` : ''}
${sections}
${valuesSection(log, lengthS)}
${rest && `<details class="rest"><summary>${escape(T.REPORT.otherFaces(others.length))}</summary>${rest}</details>`}
${noted.length ? `<section class="long"><h2>${escape(T.REPORT.markers)}</h2>${markerList(noted)}<p class="quiet">${escape(T.REPORT.markerTimes)}</p></section>` : ''}
<section class="long"><h2>${escape(T.REPORT.events)}</h2>${eventLists(log, nameOf)}</section>
${settings.length ? `<section><h2>${escape(T.REPORT.settings)}</h2>${definitions(settings)}</section>` : ''}
<section class="quiet"><h2>${escape(T.REPORT.caution)}</h2><p>${escape(T.REPORT.cautionText)}</p></section>
<section class="quiet"><h2>${escape(T.REPORT.agreement)}</h2><p>${escape(notice)}</p>${agreed && `<p>${escape(agreed)}</p>`}</section>
</main></body></html>
`;
}

/** @param {Summary} summary @param {number} markers @param {number} atOnce */
function figures(summary, markers, atOnce) {
  const { frames, analysed, intervals, reduced, dropped, durationS, measuredS, faces } = summary;
  return definitions([
    [T.REPORT.length, clockTime(durationS)],
    ...(isWhole(summary) ? [] : /** @type {[string, string][]} */ ([[T.REPORT.measured, T.REPORT.measuredOf(clockTime(measuredS), clockTime(durationS))]])),
    [T.REPORT.faces, faces.size < 2 || faces.size === atOnce ? decimal(faces.size) : T.facesOf({ faces: faces.size, atOnce })],
    [T.REPORT.markers, decimal(markers)],
    [T.REPORT.frames, decimal(frames)],
    [T.REPORT.rate, measuredS ? perSecond(intervals / measuredS) : T.NOTHING],
    [T.REPORT.dropped, decimal(dropped)],
    // A dropped frame has no message.
    [T.REPORT.analysed, T.REPORT.analysedOf(decimal(analysed), decimal(frames + dropped), reduced ? partPercent(reduced / analysed) : '')],
  ]);
}

/** @param {[string, string][]} pairs */
const definitions = (pairs) => `<dl>${pairs.map(([name, value]) => `<div><dt>${escape(name)}</dt><dd>${escape(value)}</dd></div>`).join('')}</dl>`;

/** @param {FaceSummary[]} others seen longest first */
const othersSeen = (others) => (others.length ? `<p class="quiet">${escape(T.REPORT.othersSeen(others.length, clockTime(others[0].seenS)))}</p>` : '');

/** @param {SessionLog} log @returns {string} which part is means, whether the end is missing, and which events are */
function thinned(log) {
  const sentences = [
    log.framesFromS > 0 ? T.REPORT.thinned(clockTime(log.framesFromS)) : '',
    log.events.some(({ kind }) => kind === 'cut') ? sentence(T.eventSentence({ timeS: 0, kind: 'cut', detail: '' })) : '',
    log.eventsLeftOut > 0 ? T.REPORT.leftOut(log.eventsLeftOut) : '',
  ].filter(Boolean);
  return sentences.map((text) => `<p class="quiet">${escape(text)}</p>`).join('');
}

/** @param {SessionEvent[]} noted by the person @param {number} lengthS @returns {import('./report-face.js').Mark[]} numbered as in the list */
function marksOf(noted, lengthS) {
  return noted.map(({ timeS, kind, detail }, i) => {
    if (kind !== 'stimulus-start') return { number: i + 1, timeS, toS: null };
    const later = noted.slice(i + 1).filter((event) => event.kind === 'stimulus-end');
    const end = later.find((event) => event.detail === detail) ?? later[0];
    return { number: i + 1, timeS, toS: end?.timeS ?? lengthS };
  });
}

/** @param {SessionEvent[]} noted */
const markerList = (noted) =>
  `<ol>${noted.map((event, i) => `<li><b class="number">${i + 1}</b><time>${clockTime(event.timeS, 1)}</time><span>${escape(T.eventSentence(event))}</span></li>`).join('')}</ol>`;

/** What happened to the session, and on demand what happened to the faces. @param {SessionLog} log @param {(id: number) => string} nameOf */
function eventLists(log, nameOf) {
  // Where there was one connection only, its first frame is the start.
  const isOne = log.connectionStarts().length < 2;
  const ofSession = log.events.filter(({ kind }) => !OF_PERSON.includes(kind) && !OF_FACES.includes(kind) && !(isOne && kind === 'connection'));
  const ofFaces = log.events.filter(({ kind }) => OF_FACES.includes(kind));
  const faces = ofFaces.length ? `<details><summary>${escape(T.REPORT.faceEvents(ofFaces.length))}</summary>${eventList(ofFaces, nameOf)}</details>` : '';
  return `${ofSession.length ? eventList(ofSession, nameOf) : `<p>${escape(T.REPORT.noEvents)}</p>`}${faces}`;
}

/** @param {SessionEvent[]} events @param {(id: number) => string} nameOf */
const eventList = (events, nameOf) => `<ol>${events.map((event) => `<li><time>${clockTime(event.timeS)}</time><span>${escape(T.eventSentence(event, nameOf))}</span></li>`).join('')}</ol>`;
