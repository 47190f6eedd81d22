/** German is complete: the same names and keys as English, functions with the same arguments, and nothing left in English. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import * as de from '../../client/js/texts/de.js';
import * as en from '../../client/js/texts/en.js';
import { useNumbersOf } from '../../client/js/texts/format.js';
import { LANGUAGES, bestLanguage, speak } from '../../client/js/texts/languages.js';
import { problemOf } from '../../client/js/texts/problems.js';
import { T, useTexts } from '../../client/js/texts/texts.js';
import { PeerError } from '../../client/js/connection/errors.js';

after(() => {
  useTexts(en);
  useNumbersOf('en');
});

/** Words of both languages, names, units and signs. */
const SAME = [
  ...['MEASUREMENTS.unsaid', 'TEXT.setupLabel', 'TEXT.stageLabel', 'BACKGROUND_MODES.picture', 'STATES.connected', 'EMOTION_LABELS.neutral', 'NOTHING', 'SESSION_ACTIONS.jsonl', 'secondsAgo', 'spokenFace', 'windowName'],
  ...['EMOTION_LETTERS.disgust', 'EMOTION_LETTERS.happy', 'EMOTION_LETTERS.fear', 'EMOTION_LETTERS.neutral', 'EMOTION_LETTERS.unsure', 'WINDOWS.60'],
];
const INFO = { lengthS: 75, faces: 2, markers: 1, source: 'file', startedMs: 0, name: 'X', isCut: true };
/** Arguments of the functions that do not take numbers or words. @type {Record<string, unknown[][]>} */
const ARGUMENTS = {
  stateName: [['starting', 'clip'], ['idle', 'camera']],
  momentTitle: [['0:12', 'happy'], ['0:12', null]],
  eventSentence: ['began', 'stopped', 'failed', 'ended', 'lost', 'fellBack', 'back', 'backAnew', 'moved', 'movedAnew', 'paused', 'resumed', 'queued', 'appeared', 'left', 'marker', 'stimulus-start', 'stimulus-end', 'changed', 'cut', 'extra-fault', 'neutral', 'neutral-cleared'].map((kind) => [
    { kind, detail: kind === 'changed' ? '3 happy' : '3' },
  ]),
  perhaps: [['sad']],
  changeName: [['sad']],
  facesOf: [[{ faces: 4, atOnce: 1 }], [{ faces: 4 }]],
  busySentence: [[{ fpsIn: 30, fpsOut: 15, degradationLevel: 3, faces: [{}, {}], notFollowed: 3 }]],
  describePose: [[{ pose_deg: [0, 0], eyes_closed_s: 3, yawns: 2, gaze: 'left' }], [{ pose_deg: [0, 0], yawns: 1, gaze: 'up' }, 'mirrored'], [{ pose_deg: [30, 20], eyes: 0.1, mouth: 0.5, blinks: 2 }], [{ pose_deg: [0, -20], blinks: 1 }], [{ pose_deg: [0, 0] }, 'mirrored']],
  qualitySentence: ['good', 'unanalysed', 'noFace', 'cut', 'dark', 'backlit', 'far', 'blurred', 'turned', 'loss', 'late', 'few', ''].map((key) => [key, 1]).concat([['busy', 1], ['busy', 3], ['busy', 9]]),
  held: [[INFO, 'browser'], [INFO, 'page']],
  pastSession: [[INFO]],
  cutSession: [[INFO]],
  sessionLine: [[INFO]],
  askDeleteSession: [[INFO]],
  markerAt: [['marker', 3], ['stimulus-start', 3], ['stimulus-end', 3]],
  markerWithoutNote: [['marker', 3], ['stimulus-start', 3], ['stimulus-end', 3]],
  leftRecording: [[75, 0]],
  // A detail of the server would be in English.
  recordNotDeleted: [['']],
  recordingSaved: [[1, 'a.webm'], [2, 'a.zip']],
  clipResult: [[{ read: 72, analysed: 72, missed: 0, blank: 0 }, 0], [{ read: 72, analysed: 70, missed: 2, blank: 0 }, 0], [{ read: 72, analysed: 70, missed: 1, blank: 1 }, 0], [{ read: 1, analysed: 1, missed: 0, blank: 0 }, 3], [{ read: 72, analysed: 72, missed: 0, blank: 0 }, 0, true]],
};
/** Numbers, singular and plural, also in place of words. */
const ANY = [[1, 1, 1, 1], [2, 3, 4, 5]];

/** @param {any} texts @param {string} [path] @returns {Generator<[string, string | Function]>} the texts by their paths */
function* leaves(texts, path = '') {
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === 'object') yield* leaves(value, `${path}${key}.`);
    else yield [`${path}${key}`, value];
  }
}

const english = new Map(leaves(en));
const german = new Map(leaves(de));

/** @param {string} path @param {string | Function} text @returns {string[]} what the person reads */
function said(path, text) {
  if (typeof text === 'string') return [text];
  // A detail of the server would be in English.
  return (ARGUMENTS[path] ?? (path.endsWith('.text') ? [['']] : ANY)).map((given) => {
    const result = text(...given);
    return typeof result === 'string' ? result : Object.values(result).join('. ');
  });
}

test('German has every text of English, and no other', () => {
  assert.ok(english.size > 300);
  assert.deepEqual([...german.keys()].sort(), [...english.keys()].sort());
});

test('the keys are in the same order, which some menus show', () => {
  for (const [name, texts] of Object.entries(en)) if (typeof texts === 'object') assert.deepEqual(Object.keys(de[name]), Object.keys(texts), name);
});

for (const [path, text] of english) {
  if (SAME.includes(path)) continue;
  test(`${path} is in German`, () => {
    const translated = german.get(path);
    assert.equal(typeof translated, typeof text);
    assert.equal(translated.length > 0, text.length > 0);
    if (typeof text === 'function') assert.equal(translated.length, text.length, 'number of arguments');
    const [before, now] = [said(path, text), said(path, translated)];
    now.forEach((sentence, i) => {
      assert.doesNotMatch(sentence, /undefined|NaN|\[object/);
      assert.ok(sentence || !before[i]);
      if (before[i]) assert.notEqual(sentence, before[i]);
    });
  });
}

test('the German texts address people formally and use German quotation marks', () => {
  for (const [path, text] of german) for (const sentence of said(path, text)) if (!path.startsWith('COLUMN')) assert.doesNotMatch(sentence, /["”]|\b(du|dein|deine|dich|dir)\b/i, path);
});

test('every language has a name and a direction, and is named as itself', () => {
  assert.deepEqual(Object.entries(LANGUAGES).map(([tag, { name, direction }]) => [tag, name, direction]), [['en', 'English', 'ltr'], ['de', 'Deutsch', 'ltr']]);
});

test('a German browser gets German, unless the person chose English', async () => {
  assert.equal(bestLanguage(null, ['de-AT', 'en']), 'de');
  assert.equal(bestLanguage('en', ['de-AT']), 'en');
  const root = { lang: '', dir: '' };

  await speak('de', root);

  assert.deepEqual(root, { lang: 'de', dir: 'ltr' });
  assert.equal(T.STATES.idle, 'Bereit');
  assert.equal(problemOf(new PeerError('noCamera', '')).title, 'Keine Kamera gefunden');
});

test('the notice names the button that records as the button does, and says where a recording goes', () => {
  assert.ok(de.NOTICE.includes(`„${de.TEXT.record}“`));
  assert.match(de.NOTICE, /in Ihren Downloads gespeichert/);
});

test('the notice of a server that records says what it keeps and for how long', () => {
  const text = de.noticeWith(de.recordedNotice(30));

  assert.match(text, /bewahrt die Ergebnisse dieser Sitzung auf: Emotionen, Gesichtspunkte und Zeiten, nicht das Video, für 30 Tage\./);
  assert.doesNotMatch(text, /speichert weder/);
});

test('how long numbers are kept is said in the list and after Stop', () => {
  assert.match(de.SESSIONS_NOTE, / bis Sie sie löschen oder der Browser den Platz braucht\.$/);
  assert.match(de.held({ lengthS: 5, faces: 1 }, 'browser'), / In diesem Browser, bis Sie sie löschen oder er den Platz braucht\.$/);
});

test('the last second that may be missing is that of the recording, not of the reader', () => {
  assert.match(de.leftRecording(5, 0), /nicht gespeichert\. Die letzte Sekunde fehlt vielleicht\.$/);
});

test('a button that stands beside others of its kind says what it saves or deletes', () => {
  const words = ({ LEFT, SESSION_ACTIONS, TEXT }) => [LEFT.save, LEFT.delete, SESSION_ACTIONS.remove, TEXT.saveMeasurements, TEXT.forget, TEXT.deleteAll];

  for (const texts of [en, de]) {
    assert.equal(new Set(words(texts)).size, 6);
    for (const word of words(texts)) assert.match(word, / /);
    // Voice control finds the menu by the word that is visible.
    assert.ok(texts.TEXT.saveMeasurements.toLowerCase().includes(texts.TEXT.save.toLowerCase()));
  }
});

test('plurals agree', () => {
  assert.match(de.held({ lengthS: 5, faces: 1 }, 'browser'), /1 Gesicht\./);
  assert.match(de.held({ lengthS: 5, faces: 0 }, 'browser'), /0 Gesichter\./);
  assert.equal(de.askDeleteSessions(1), '1 Sitzung löschen? Sie lässt sich nicht wiederherstellen.');
  assert.equal(de.askDeleteSessions(3), '3 Sitzungen löschen? Sie lassen sich nicht wiederherstellen.');
});

test('a face, a busy server and the quality are described in whole sentences', () => {
  assert.equal(de.describePose({ pose_deg: [-30, -20, 0], eyes: 0.1, eyes_closed_s: 2.1, mouth: 0.5, blinks: 1 }), 'Kopf zum linken Bildrand gedreht, Blick nach unten, Augen seit 2 s geschlossen, Mund offen, einmal geblinzelt');
  assert.equal(de.describePose({ pose_deg: [30, 0, 0], blinks: 2 }, 'mirrored'), 'Kopf zum linken Bildrand gedreht, 2-mal geblinzelt');
  assert.equal(
    de.busySentence({ fpsIn: 30, fpsOut: 15, degradationLevel: 1, faces: [] }),
    'Der Server ist ausgelastet: Er wertet 15 von 30 Bildern pro Sekunde aus und sucht seltener nach neuen Gesichtern.',
  );
  assert.equal(de.qualitySentence('busy', 2), 'Server ausgelastet: Jedes zweite Bild wird ausgewertet');
});
