import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { toReport } from '../../client/js/session/report.js';
import { partPercent } from '../../client/js/texts/format.js';
import { summarize } from '../../client/js/session/summary.js';
import { SessionLog } from '../../client/js/session/session-log.js';
import { decodeTelemetry } from '../../client/js/connection/telemetry.js';

const golden = JSON.parse(readFileSync(new URL('../data/telemetry_v1.json', import.meta.url), 'utf8'));
const decoded = decodeTelemetry(JSON.stringify(golden));
const frame = (seq, faces) => ({ ...decoded, seq, faces });
const face = (id, label = 'happy') => ({ ...golden.faces[0], id, label, unsure: '' });
const SESSION = { at: 'today', notice: 'Agreed.' };

/** One frame a second; `facesAt` says which faces are in it. */
function logOf(lengthS, facesAt, log = new SessionLog()) {
  for (let s = 0; s < lengthS; s += 1) log.add(s, frame(s, facesAt(s)));
  return log;
}

/** The text without its markup. @param {string} html */
const textOf = (html) => html.replace(/<style>.*?<\/style>/s, '').replace(/<[^>]+>/g, ' ').replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code)).replace(/\s+/g, ' ');

test('a report of an empty log says that there was no face', () => {
  assert.match(textOf(toReport(new SessionLog(), SESSION)), /No face was found/);
});

test('a report loads nothing and runs no script, whatever the texts are', () => {
  const log = logOf(2, (s) => [face(1, s ? 'sad' : 'happy')]);
  log.note(1, 'marker', '<img src=x onerror=alert(1)>');
  const html = toReport(log, { at: '"><script>', notice: '<script>alert(1)</script>', settings: [['<b>', '<link href=x>']] });

  assert.doesNotMatch(html, /<script|https?:|<link|<img|url\(/);
  assert.match(html, /default-src 'none'/);
  assert.match(html, /<svg/);
});

test('the summary comes first: how long each face was seen, the share of its labels, the number of markers', () => {
  const log = logOf(60, (s) => [face(1, s % 4 ? 'happy' : 'sad'), ...(s < 30 ? [face(2, 'neutral')] : [])]);
  log.add(60, frame(60, []));
  log.note(10, 'marker', 'one');
  log.note(20, 'marker', 'two');
  const text = textOf(toReport(log, SESSION).split('<h2>Legend')[0]);

  assert.match(text, /Length 1:00 Faces 2 Markers 2 Frames 61/);
  assert.match(text, /Face 1 seen for 0:59 of 1:00 H Happy: 75% of the time, probability 97% on average Sa Sad: 25% of the time, probability 0% on average/);
  assert.match(text, /Face 2 seen for 0:29 of 1:00 N Neutral: 100% of the time, probability 2% on average/);
});

test('what was noted comes with what its times mean, a stimulus at the moment of the press', () => {
  const log = logOf(60, () => [face(1)]);
  log.noteShown({ timeS: 20.5, pressedS: 21.2, seq: 20 }, 'stimulus-start', 'cue');
  log.noteShown({ timeS: 75.3, pressedS: 75.3 }, 'marker', 'late');
  const text = textOf(toReport(log, SESSION));

  assert.match(text, /1 0:21\.2 [^.]*cue.* 2 1:15\.3 [^.]*late.* A stimulus has the time of the press\./);
  assert.match(text, /Length 1:15/);
});

test('the summary is exact although only means are kept of the first part', () => {
  const facesAt = (s) => [face(1, s % 3 ? 'happy' : 'sad')];
  const [thinned, whole] = [new SessionLog({ framesS: 10 }), new SessionLog()].map((log) => {
    for (let seq = 0; seq < 600; seq += 1) log.add(seq / 5, frame(seq, facesAt(seq)));
    return summarize(log);
  });

  assert.deepEqual(thinned.faces.get(1).labels, [0, 0, 0, 400, 200, 0, 0, 0]);
  assert.deepEqual(thinned, whole);
});

test('a report says which part is means, and only if there is one', () => {
  const facesAt = () => [face(1)];

  assert.match(textOf(toReport(logOf(120, facesAt, new SessionLog({ framesS: 60 })), SESSION)), /Before 0:59, only the means of each second were kept/);
  assert.doesNotMatch(textOf(toReport(logOf(120, facesAt), SESSION)), /only the means/);
});

test('a report says how many events are not listed', () => {
  const log = logOf(10, (s) => [face(s + 1)], new SessionLog({ events: 5 }));

  assert.match(textOf(toReport(log, SESSION)), /14 events of faces are not listed/);
});

test('the chart covers the whole session on its clock, also of frames that are no longer kept', () => {
  const html = toReport(logOf(101, (s) => [face(1, s < 50 ? 'happy' : 'sad')], new SessionLog({ framesS: 10 })), SESSION);
  const ticks = [...html.matchAll(/<span(?: class="first")? style="inset-inline-start:([\d.]+)%">([\d:]+)</g)].map(([, part, time]) => [Math.round(Number(part)), time]);
  const [line] = html.match(/<path [^>]*--happy[^>]*>/);

  assert.deepEqual(ticks, [[0, '0:00'], [30, '0:30'], [60, '1:00'], [90, '1:30']]);
  assert.match(line, / d="M0\.5 /);
  assert.match(line, /L479\.5 [^L]*"/);
  const [, width] = html.match(/width:([\d.]+)%;background:var\(--happy\);color:var\(--on-happy\)">Happy</);
  assert.ok(Math.abs(Number(width) - 50) < 1, width);
});

test('the line is interrupted while the face was away', () => {
  const html = toReport(logOf(100, (s) => (s > 40 && s < 60 ? [face(2)] : [face(1)])), SESSION);
  const [first, second] = html.match(/<path [^>]*--happy[^>]*>/g);

  assert.equal(first.match(/M/g).length, 2);
  assert.equal(second.match(/M/g).length, 1);
});

test('markers are numbered in their list and on each chart; a stimulus covers its time', () => {
  const log = logOf(100, () => [face(1), face(2)]);
  log.note(99.999, 'stopped');
  log.note(25, 'marker', 'hello');
  log.note(50, 'stimulus-start', 'A');
  log.note(60, 'stimulus-start', 'B');
  log.note(75.4, 'stimulus-end', 'A');
  const html = toReport(log, SESSION);

  assert.match(textOf(html), /1 0:25.0 Marker: hello 2 0:50.0 Stimulus starts: A 3 1:00.0 Stimulus starts: B 4 1:15.4 Stimulus ends: A/);
  assert.equal(html.match(/<i style="inset-inline-start:25\.000%"><b>1<\/b><\/i>/g).length, 2);
  assert.match(html, /class="band" style="inset-inline-start:50\.000%;width:25\.400%"/);
  assert.equal(html.match(/class="band"/g).length, 4);
});

test('events have the time of the session; those of faces are listed on demand', () => {
  const log = logOf(70, (s) => (s > 64 ? [] : [face(1)]));
  log.note(66, 'lost', 'no network');
  const html = toReport(log, SESSION);

  assert.match(html, /<time>1:06<\/time><span>Connection lost: no network</);
  assert.match(html, /<details><summary>Faces that appeared, changed or left \(2\)<\/summary><ol><li><time>0:00<\/time><span>Face 1 appeared<\/span><\/li><li><time>1:05<\/time><span>Face 1 left/);
});

test('of many faces, those seen longest are shown and the others on demand', () => {
  const html = toReport(logOf(45, (s) => [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((id) => s < id * 5).map((id) => face(id))), SESSION);
  const [shown, others] = html.split('<details class="rest">');

  assert.deepEqual([...shown.matchAll(/<h2>(Face \d)</g)].map(([, name]) => name), ['Face 9', 'Face 8', 'Face 7', 'Face 6', 'Face 5', 'Face 4']);
  assert.deepEqual([...others.matchAll(/<h2>(Face \d)</g)].map(([, name]) => name), ['Face 3', 'Face 2', 'Face 1']);
  assert.match(textOf(shown), /3 more faces were seen, each for 0:14 or less/);
});

test('a report contains the settings, the limits of the method and what the person agreed to', () => {
  const text = textOf(toReport(logOf(2, () => [face(1)]), { ...SESSION, settings: [['Camera', 'Front, 640 × 480']] }));

  assert.match(text, /Settings Camera Front, 640 × 480 Limitations .*often wrong.* Text of the agreement Agreed\./);
});

/** Two connections, the first from 1 s to 11 s, the second from 21 s to 31 s; ten frames a second. */
function interrupted(log = new SessionLog()) {
  const add = (timeS, seq, dropped) => log.add(timeS, { ...frame(seq, [face(1)]), fpsOut: 1, dropped });
  for (let i = 0; i <= 100; i += 1) add(1 + i / 10, i, Math.floor(i / 10));
  log.note(12, 'lost', 'no network');
  for (let i = 0; i <= 100; i += 1) add(21 + i / 10, i, Math.floor(i / 5));
  return log;
}

for (const kept of ['all frames', 'means only of the first part']) {
  test(`time without a measurement is neither the absence of a face nor part of any figure: ${kept}`, () => {
    const html = toReport(interrupted(new SessionLog(kept === 'all frames' ? {} : { framesS: 2 })), SESSION);
    const text = textOf(html);
    const [ribbon] = html.match(/<div class="ribbon".*/);

    assert.match(text, /Length 0:31 Measured 0:(20|21) of 0:31/);
    assert.match(text, /Face 1 seen for 0:(20|21) of 0:(20|21) /);
    assert.match(text, /Frame rate (10\.0|9\.5|9\.8) fps Dropped 30 /);
    const stripes = [...ribbon.matchAll(/class="unmeasured" style="inset-inline-start:([\d.]+)%;width:([\d.]+)%"/g)].map(([, from, width]) => [from, width].map((part) => Math.round(Number(part) / 10)));
    assert.deepEqual(stripes.slice(0, 2), [[0, 0], [4, 3]]);
    assert.match(text, /A gap: this face was not found\. Striped: nothing was measured/);
  });
}

test('nothing is striped where frames were analysed all the time', () => {
  const text = textOf(toReport(logOf(60, (s) => (s > 20 && s < 40 ? [] : [face(1)])), SESSION));

  assert.doesNotMatch(text, /Striped|Measured|not measured/);
});

test('frames that the server sent back without an analysis measured nothing', () => {
  const log = logOf(10, () => [face(1)]);
  for (let s = 10; s < 30; s += 1) log.add(s, { ...frame(s, []), analysed: false, unanalysed: 'unavailable' });

  assert.match(textOf(toReport(log, SESSION)), /Measured 0:09 of 0:29/);
});

for (const [name, counts, sum] of [
  ['goes on in a resumed connection', [[0, 2], [30, 5], [60, 9]], 9],
  ['begins anew in another one', [[0, 2], [30, 5], [0, 1], [30, 4]], 9],
  ['begins anew and is soon higher than before', [[60, 2], [0, 7]], 9],
  ['begins anew within a second', [[30, 5], [60, 1], [20, 4]], 9],
]) {
  test(`frames dropped: the server's counter ${name}`, () => {
    const log = new SessionLog();
    counts.forEach(([seq, dropped], s) => log.add(s, { ...frame(seq, []), dropped }));

    assert.equal(summarize(log).dropped, sum);
  });
}

test('the report says how many frames were analysed, and how many of them with reduced analysis', () => {
  const log = new SessionLog();
  for (let seq = 0; seq < 40; seq += 1) log.add(seq / 4, { ...frame(seq, [face(1)]), dropped: seq, degradationLevel: seq < 10 ? 0 : 1 });
  const analysed = (log) => textOf(toReport(log, SESSION)).match(/Analysed (.*?) Face 1/)[1];

  // The third second has frames of both kinds.
  assert.equal(analysed(log), '40 of 79 frames, 75% of them with reduced analysis');
  assert.equal(analysed(logOf(5, () => [face(1)])), `5 of ${5 + decoded.dropped} frames`);
});

test('where only means are kept, a second with reduced analysis counts as a whole', () => {
  const log = new SessionLog({ framesS: 2 });
  for (let seq = 0; seq < 40; seq += 1) log.add(seq / 4, { ...frame(seq, [face(1)]), degradationLevel: seq < 10 ? 0 : 1 });

  assert.equal(summarize(log).reduced, 32);
});

test('a part is never said to be all or nothing', () => {
  assert.deepEqual([0, 0.004, 0.5, 0.996, 1].map(partPercent), ['0%', '< 1%', '50%', '> 99%', '100%']);
});

test('the frame rate counts the intervals between frames', () => {
  const log = new SessionLog();
  for (let seq = 0; seq < 72; seq += 1) log.add(seq / 30, frame(seq, [face(1)]));

  assert.match(textOf(toReport(log, SESSION)), /Frame rate 30\.0 fps/);
});

test('percentages of a face sum to 100', () => {
  const labels = ['happy', 'sad', 'angry'];
  const html = toReport(logOf(3, (s) => [{ ...face(1, labels[s]), probabilities: [0.145, 0.145, 0.145, 0.145, 0.14, 0.14, 0.14] }]), SESSION);
  const sum = (found) => [...found].reduce((all, [, number]) => all + Number(number), 0);

  assert.equal(sum(html.match(/<ul class="shares">.*?<\/ul>/)[0].matchAll(/<b>(\d+)%/g)), 100);
  assert.equal(sum(html.match(/role="img" aria-label="(Angry.*?)"/)[1].matchAll(/ (\d+)%/g)), 100);
  const table = html.match(/<tbody>.*?<\/tbody>/)[0];
  assert.equal(sum(table.matchAll(/<td>(\d+)%<\/td><td>(?:\d*%)?<\/td>/g)), 100);
  assert.equal(sum(table.matchAll(/<td>(\d+)%<\/td><\/tr>/g)), 100);
});

test('a report does not claim to describe single frames', () => {
  const text = textOf(toReport(new SessionLog(), SESSION));

  assert.match(text, /averaged over a short time, usually about 0\.3 seconds, and a label stays until another one has been more likely for a moment/);
  assert.doesNotMatch(text, /frame by frame|in one frame/);
});

test('the names of the lines stay within the plot', () => {
  const probabilities = [0.01, 0.01, 0, 0, 0, 0, 0];
  const html = toReport(logOf(5, () => [{ ...face(1), probabilities }]), SESSION);
  const places = [...html.match(/<div class="ends".*?<\/div>/)[0].matchAll(/inset-block-start:([\d.]+)%/g)].map(([, place]) => Number(place));

  assert.deepEqual(places, [89, 100]);
});

test('a report says that the session ended without Stop, and only then', () => {
  const log = logOf(10, () => [face(1)]);
  assert.doesNotMatch(textOf(toReport(log, SESSION)), /without Stop/);
  log.note(10, 'cut');

  assert.match(textOf(toReport(log, SESSION)), /Ended without Stop: closed, reloaded or crashed\..*0:10 Ended without Stop/);
});

test('the first frame of a connection is an event of the report only if there were several', () => {
  const log = new SessionLog();
  const connect = (timeS) => {
    log.newSession();
    log.add(timeS, frame(timeS, [face(1)]));
  };
  connect(1);
  assert.match(textOf(toReport(log, SESSION)), /Events None\./);
  connect(5);

  assert.match(textOf(toReport(log, SESSION)), /0:01 First frame of connection 1 0:05 First frame of connection 2/);
});

test('faces that were never in one frame are numbers, perhaps of one person', () => {
  const one = logOf(9, (s) => [face(1 + Math.floor(s / 3))]);
  assert.match(textOf(toReport(one, SESSION)), /1 face at a time, 3 numbers/);
  assert.match(textOf(toReport(logOf(9, () => [face(1), face(2)]), SESSION)), /Faces\s*2 Markers/);
});
