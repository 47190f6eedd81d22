/** Rows below the chart, with the same time span: differences to the neutral face, and values of the server's own plug-in. Draws into its own element only. */

import { cleared, find, make, putText } from '../browser/elements.js';
import { EMOTIONS } from '../connection/telemetry.js';
import { EXTRA_FAULT } from '../session/session-log.js';
import { mostChanged } from '../session/baselines.js';
import { valueWords } from '../session/table.js';
import { lastValueAt, pointsOf, rangeOf, smooth } from '../session/timeline.js';
import { signedPoints, significant } from '../texts/format.js';
import { T } from '../texts/texts.js';

/** As the lines of the chart. */
const POINTS = 60;
/** Space above and below a line. */
const MARGIN_PX = 3;

/**
 * @typedef {{root: HTMLElement, most: HTMLElement, least: HTMLElement, name: HTMLElement, canvas: HTMLCanvasElement, now: HTMLElement}} Row
 *
 * @typedef {object} Shown what a row shows
 * @property {string} name
 * @property {(number | null)[]} line
 * @property {string} now its newest value
 * @property {[number, number]} [range] of the axis; absent: the least and the greatest of the line
 * @property {string} [colour] of the line, a custom property
 * @property {[string, string]} [scale] the ends of the axis in words; absent: as numbers
 */

export class ValueRows {
  #list;
  #fault;
  /** @type {Row[]} */
  #rows = [];

  /** @param {HTMLElement} element holds a list and .values-fault */
  constructor(element) {
    this.#list = find(element, 'ul', HTMLUListElement);
    this.#fault = find(element, '.values-fault', HTMLElement);
  }

  /** @param {import('./emotion-chart.js').ChartView} view @param {'shown' | 'hidden'} changes whether those of the lines of the chart are shown, or of each face that is compared */
  draw({ log, faceId, lines, compared, edgeS, windowS }, changes) {
    // The edge belongs to the next point already.
    const endS = edgeS - windowS / POINTS / 2;
    const courses = log.extra.names.length ? log.extra.slices(endS, windowS, POINTS) : new Map();
    const differencesOf = (/** @type {number | null} */ id) => log.slices(id, endS, windowS, POINTS, undefined, log.baselines).changes.map(smooth);
    const differences = changes === 'shown' && lines.length ? differencesOf(faceId) : [];
    const faces = changes === 'shown' ? compared : [];
    this.#show([
      ...EMOTIONS.flatMap((emotion, i) => (differences.length && lines.includes(emotion) ? [changeOf(T.changeName(emotion), emotion, differences[i])] : [])),
      ...faces.map(({ id, name }) => comparedOf(name, differencesOf(id))),
      ...[...courses].map(([name, { line, newest }]) => ({ name, line: typeof newest === 'string' ? [] : line, now: valueWords(newest), ...(typeof newest === 'boolean' && { range: /** @type {[number, number]} */ ([0, 1]) }) })),
    ]);
    // The event is noted once in a session.
    putText(this.#fault, log.events.some(({ kind }) => kind === EXTRA_FAULT) ? T.VALUES.fault : '');
  }

  /** @param {Shown[]} all */
  #show(all) {
    const isEmpty = !all.length;
    if (isEmpty && this.#list.hidden) return;
    this.#list.hidden = isEmpty;
    while (this.#rows.length < all.length) this.#rows.push(this.#addRow());
    this.#rows.forEach(({ root }, i) => (root.hidden = i >= all.length));
    // A list that scrolls has to be reached with the keyboard.
    if (this.#list.scrollHeight > this.#list.clientHeight) this.#list.tabIndex = 0;
    else this.#list.removeAttribute('tabindex');
    all.forEach((shown, i) => drawRow(this.#rows[i], shown));
  }

  /** @returns {Row} */
  #addRow() {
    const part = (/** @type {string} */ className) => make('span', { className });
    const [scale, most, least, plot, name, now] = ['value-scale', 'value-most', 'value-least', 'value-plot', 'value-name', 'value-now'].map(part);
    const canvas = make('canvas');
    for (const seen of [scale, canvas]) seen.setAttribute('aria-hidden', 'true');
    scale.append(most, least);
    plot.append(canvas, name);
    const root = make('li', { className: 'value-row' });
    root.append(scale, plot, now);
    this.#list.append(root);
    return { root, most, least, name, canvas, now };
  }
}

/** Of a face that is compared, the difference that is largest: seven lines for each of four faces have no room. @param {string} face @param {(number | null)[][]} differences @returns {Shown} */
function comparedOf(face, differences) {
  const most = mostChanged(differences);
  return most < 0 ? { name: face, line: [], now: T.NO_NEUTRAL } : changeOf(`${face} · ${T.changeName(EMOTIONS[most])}`, EMOTIONS[most], differences[most]);
}

/** The axis has all that is possible, so that small differences look small. @param {string} name @param {string} emotion @param {(number | null)[]} line @returns {Shown} */
function changeOf(name, emotion, line) {
  const at = lastValueAt(line);
  return { name, line, now: at < 0 ? T.NOTHING : signedPoints(line[at] ?? 0), range: [-1, 1], scale: [signedPoints(-1), signedPoints(1)], colour: `--${emotion}` };
}

/** @param {Row} row @param {Shown} shown */
function drawRow({ root, most, least, name, canvas, now }, { name: words, line, now: value, range, scale, colour = '--accent' }) {
  const found = rangeOf(line);
  const [from, to] = range ?? [found.least, found.most];
  const hasLine = found.most >= found.least;
  root.dataset.kind = scale ? 'change' : hasLine ? 'line' : 'text';
  root.dataset.points = String(line.filter((each) => each !== null).length);
  putText(name, words);
  putText(now, value);
  now.title = value;
  putText(most, scale ? scale[1] : hasLine && to > from ? significant(to) : '');
  putText(least, scale ? scale[0] : hasLine ? significant(from) : '');
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = cleared(canvas, width, height);
  if (context && from < 0 && to > 0) drawZero(context, getComputedStyle(canvas).getPropertyValue('--hair'), MARGIN_PX + (to / (to - from)) * (height - 2 * MARGIN_PX), width);
  if (!context || !hasLine) return;
  const points = range ? line.map((each) => (each === null ? null : (each - from) / (to - from))) : pointsOf(line);
  context.strokeStyle = getComputedStyle(canvas).getPropertyValue(colour);
  context.lineWidth = 1.75;
  context.lineJoin = 'round';
  context.beginPath();
  points.forEach((point, i) => {
    if (point === null) return;
    const x = ((i + 0.5) / points.length) * width;
    const y = MARGIN_PX + (1 - point) * (height - 2 * MARGIN_PX);
    if (i && points[i - 1] !== null) context.lineTo(x, y);
    else {
      // A single point between two gaps is a short stroke.
      context.moveTo(x - 1, y);
      context.lineTo(x, y);
    }
  });
  context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {string} colour @param {number} y @param {number} width */
function drawZero(context, colour, y, width) {
  context.fillStyle = colour;
  context.fillRect(0, Math.round(y) - 0.5, width, 1);
}
