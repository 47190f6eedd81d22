/** What a chart shows of a stretch of time: bands of one label, smooth lines, which of them lead, where texts go. Pure. */

/** @typedef {{label: string, from: number, end: number}} Band from and end in slices; label: an emotion, "unsure" or "absent" */

/**
 * Neighbouring slices with the same label. A slice without a label is "absent" if the server reported anything, else
 * nothing is known about it and no band covers it.
 *
 * @param {(string | null)[]} labels
 * @param {(number | null)[]} fps null: there was no report
 * @returns {Band[]}
 */
export function bandsOf(labels, fps) {
  /** @type {Band[]} */
  const bands = [];
  labels.forEach((label, slice) => {
    const name = label ?? (fps[slice] === null ? null : 'absent');
    if (name === null) return;
    const last = bands[bands.length - 1];
    if (last && last.label === name && last.end === slice) last.end = slice + 1;
    else bands.push({ label: name, from: slice, end: slice + 1 });
  });
  return bands;
}

/** Each value with half the weight of its neighbours; a gap stays a gap. @param {(number | null)[]} line @returns {(number | null)[]} */
export function smooth(line) {
  return line.map((value, i) => {
    if (value === null) return null;
    const before = line[i - 1] ?? value;
    const after = line[i + 1] ?? value;
    return (before + 2 * value + after) / 4;
  });
}

/**
 * @param {(number | null)[][]} lines
 * @returns {number[]} the line that is highest at the end, then the one of the others with the highest mean; fewer if there are no values
 */
export function leadersOf(lines) {
  const means = lines.map((line) => meanOf(line));
  if (!means.some((mean) => mean >= 0)) return [];
  const end = lines.reduce((latest, line) => Math.max(latest, lastValueAt(line)), -1);
  const highest = (/** @type {number[]} */ values) => values.indexOf(Math.max(...values));
  const first = highest(lines.map((line) => line[end] ?? -1));
  const second = highest(means.map((mean, i) => (i === first ? -1 : mean)));
  return means[second] >= 0 && second !== first ? [first, second] : [first];
}

/** @param {(number | null)[]} line @returns {number} -1: no values */
function meanOf(line) {
  const values = line.filter((value) => value !== null);
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : -1;
}

/** @param {(number | null)[]} line @returns {number} -1: no values */
export function lastValueAt(line) {
  let at = line.length - 1;
  while (at >= 0 && line[at] === null) at -= 1;
  return at;
}

/**
 * Heights for texts beside the ends of lines: in the order of the ends, near them, never on one another.
 *
 * @param {number[]} ends wanted heights in px from above
 * @param {number} gap least distance
 * @param {number} height of the area
 * @returns {number[]} in the order of `ends`
 */
export function spread(ends, gap, height) {
  const order = ends.map((_, i) => i).sort((a, b) => ends[a] - ends[b]);
  const places = ends.slice();
  let least = 0;
  for (const i of order) least = (places[i] = Math.max(ends[i], least)) + gap;
  let most = height;
  for (const i of order.reverse()) most = (places[i] = Math.min(places[i], most)) - gap;
  return places;
}

/**
 * Where the texts of marks are: before or after their marks, so that together they have the most room. A text ends at the
 * next mark or the edge; two that face each other share the room between their marks.
 *
 * @param {number[]} parts of the window, in order
 * @returns {{side: 'before' | 'after', room: number}[]} room: the part of the window that a text may fill
 */
export function besideMarks(parts) {
  /** @typedef {{sides: ('before' | 'after')[], rooms: number[], score: number}} Plan */
  const gapAfter = (/** @type {number} */ i) => (parts[i + 1] ?? 1) - parts[i];
  // Logarithms: that a text without room gets some counts for more than that a long room gets longer.
  const worth = (/** @type {number} */ room) => Math.log(room + 1e-4);
  /** The best plan for the marks so far that ends with each side. A text after the last mark gets its room with the next mark. @type {Plan[]} */
  let plans = [{ sides: [], rooms: [], score: 0 }];
  parts.forEach((part, i) => {
    const gap = i ? gapAfter(i - 1) : part;
    plans = /** @type {const} */ (['after', 'before']).map((side) => {
      const all = plans.map((plan) => {
        const isShared = side === 'before' && plan.sides[i - 1] === 'after';
        const room = isShared ? gap / 2 : gap;
        const rooms = plan.sides[i - 1] === 'after' ? [...plan.rooms, room] : [...plan.rooms];
        if (side === 'before') rooms.push(room);
        const score = plan.score + rooms.slice(plan.rooms.length).reduce((sum, each) => sum + worth(each), 0);
        return { sides: [...plan.sides, side], rooms, score };
      });
      return all.reduce((best, plan) => (plan.score > best.score ? plan : best));
    });
  });
  const whole = plans.map((plan) => {
    if (plan.sides[parts.length - 1] !== 'after') return plan;
    const room = gapAfter(parts.length - 1);
    return { ...plan, rooms: [...plan.rooms, room], score: plan.score + worth(room) };
  });
  const best = whole.reduce((first, plan) => (plan.score > first.score ? plan : first));
  return best.sides.map((side, i) => ({ side, room: best.rooms[i] }));
}

/**
 * @param {{id: number, firstS: number, lastS: number}[]} faces
 * @param {number} fromS @param {number} toS
 * @param {number | null} followed is always one of them, if it was seen
 * @param {number} most
 * @returns {number[]} ids of the faces that were in the video for longest, in order
 */
export function facesBetween(faces, fromS, toS, followed, most) {
  return faces
    .filter(({ firstS, lastS }) => firstS <= toS && lastS >= fromS)
    .map(({ id, firstS, lastS }) => ({ id, length: id === followed ? Infinity : Math.min(toS, lastS) - Math.max(fromS, firstS) }))
    .sort((a, b) => b.length - a.length || a.id - b.id)
    .slice(0, most)
    .map(({ id }) => id)
    .sort((a, b) => a - b);
}

/** Where a chart that follows the time has its right edge: at the end of a point, so that points keep their places in time. @param {number} endS @param {number} pointS */
export const edgeAfter = (endS, pointS) => (Math.floor(endS / pointS) + 1) * pointS;

/** The same for a chart that stays: only points that are over. @param {number} endS @param {number} pointS */
export const edgeBefore = (endS, pointS) => Math.floor(endS / pointS + 1e-9) * pointS;
