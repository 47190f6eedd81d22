/** What a chart shows of a stretch of time: bands of one label, smooth lines, which of them lead, where texts go. Pure. */

/** A mean below it is 0 % in words. */
export const LEAST_SHOWN = 0.005;

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
  return means[second] >= LEAST_SHOWN && second !== first ? [first, second] : [first];
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
 * Where the texts of marks are: before or after their marks, so that together they are cut least. A text ends before the
 * next mark or at the edge; two that face each other share the room between their marks. Nothing but its own mark is near a text.
 *
 * @param {{at: number, width: number}[]} marks in order; the width that the text would have
 * @param {number} width of the window, in the same unit
 * @param {number} gap least distance from another mark or its text
 * @returns {{side: 'before' | 'after', room: number}[]} room: the width that a text may fill, and 0 or less where there is none
 */
export function besideMarks(marks, width, gap) {
  /** @typedef {{sides: ('before' | 'after')[], rooms: number[], score: number}} Plan */
  // Logarithms: that a text without room gets some counts for more than that a long text gets longer.
  const worth = (/** @type {number} */ room, /** @type {number} */ wanted) => Math.log(Math.max(0, Math.min(room, wanted)) / width + 1e-4);
  /** The best plan for the marks so far that ends with each side. A text after the last mark gets its room with the next mark. @type {Plan[]} */
  let plans = [{ sides: [], rooms: [], score: 0 }];
  marks.forEach((mark, i) => {
    const between = i ? mark.at - marks[i - 1].at - gap : mark.at;
    plans = /** @type {const} */ (['after', 'before']).map((side) => {
      const all = plans.map((plan) => {
        const isAfter = plan.sides[i - 1] === 'after';
        const room = side === 'before' && isAfter ? between / 2 : between;
        const rooms = isAfter ? [...plan.rooms, room] : [...plan.rooms];
        if (side === 'before') rooms.push(room);
        const score = rooms.slice(plan.rooms.length).reduce((sum, each, j) => sum + worth(each, marks[plan.rooms.length + j].width), plan.score);
        // People expect a text after its mark.
        return { sides: [...plan.sides, side], rooms, score: score - (side === 'before' ? 0.05 : 0) };
      });
      return all.reduce((best, plan) => (plan.score > best.score ? plan : best));
    });
  });
  const whole = plans.map((plan) => {
    const last = marks[marks.length - 1];
    if (plan.sides[marks.length - 1] !== 'after') return plan;
    const room = width - last.at;
    return { ...plan, rooms: [...plan.rooms, room], score: plan.score + worth(room, last.width) };
  });
  const best = whole.reduce((first, plan) => (plan.score > first.score ? plan : first));
  return best.sides.map((side, i) => ({ side, room: best.rooms[i] }));
}

/**
 * How wide a text is once it is cut: the box has to end with it, so that a text before its mark is right at it.
 *
 * @param {string} text
 * @param {number} room
 * @param {(text: string) => number} widthOf
 * @returns {number} 0: not even two letters have room
 */
export function cutWidth(text, room, widthOf) {
  const whole = widthOf(text);
  if (whole <= room) return whole;
  const letters = [...text];
  const cut = (/** @type {number} */ count) => widthOf(`${letters.slice(0, count).join('')}…`);
  let fits = 0;
  for (let step = 2 ** Math.ceil(Math.log2(letters.length + 1)); step >= 1; step /= 2) {
    if (fits + step < letters.length && cut(fits + step) <= room) fits += step;
  }
  return fits >= 2 ? cut(fits) : 0;
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

/** @param {(number | null)[]} line @returns {(number | null)[]} 0 to 1, between the least and the greatest; in the middle if all are equal */
export function pointsOf(line) {
  const { least, most } = rangeOf(line);
  return line.map((value) => (value === null ? null : most > least ? (value - least) / (most - least) : 0.5));
}

/** @param {(number | null)[]} line @returns {{least: number, most: number}} infinite if it has no value */
export function rangeOf(line) {
  return line.reduce(
    ({ least, most }, value) => (value === null ? { least, most } : { least: Math.min(least, value), most: Math.max(most, value) }),
    { least: Infinity, most: -Infinity },
  );
}
