import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { EMOTIONS, STAGES, chooseFace, decodeConfig, decodeControl, decodeTelemetry, labelShare, trustOfLabel } from '../../client/js/connection/telemetry.js';

const golden = readFileSync(new URL('../data/telemetry_v1.json', import.meta.url), 'utf8');

test('the golden message, written by Python, is decoded', () => {
  const telemetry = decodeTelemetry(golden);

  assert.equal(telemetry.seq, 412);
  assert.equal(telemetry.fpsOut, 29.8);
  assert.equal(telemetry.faces.length, 2);
  assert.equal(telemetry.faces[0].label, EMOTIONS[3]);
  assert.equal(telemetry.faces[1].unsure, 'turned');
});

test('a frame that was not analysed has a reason', () => {
  const unavailable = golden.replace('"analysed":true,"unanalysed":""', '"analysed":false,"unanalysed":"unavailable"');

  assert.equal(decodeTelemetry(unavailable).unanalysed, 'unavailable');
  assert.equal(decodeTelemetry(golden.replace('"unanalysed":"",', '')).unanalysed, '');
});

for (const [name, text] of [
  ['no JSON', '{'],
  ['nothing', 'null'],
  ['a list', '[]'],
  ['another version', golden.replace('"v":1', '"v":2')],
  ['no number', golden.replace('"seq":412', '"seq":"412"')],
  ['a face without seven probabilities', golden.replace('[0.003,0.0,0.001,0.97,0.002,0.004,0.02]', '[1]')],
  ['a stage without a time', golden.replace('"draw":1.0', '"draw":null')],
  ['no faces', golden.replace('"faces":[', '"heads":[')],
]) {
  test(`${name} decodes to null`, () => assert.equal(decodeTelemetry(text), null));
}

test('missing fields of a reply are empty', () => {
  assert.deepEqual(decodeControl('{"type":"layers"}'), { type: 'layers', detail: '', code: '', layers: [], mirror: false, languages: [], language: '', backgroundMode: '', backgroundModes: [], name: '', note: '', pts: 0 });
});

test('a notice has a code, unless the server sends none', () => {
  assert.equal(decodeControl('{"type":"notice","detail":"nothing heard","code":"silence"}').code, 'silence');
  assert.equal(decodeControl('{"type":"notice","detail":"nothing heard","code":7}').code, '');
});

for (const text of ['{', 'null', '7', '{"type":1}']) {
  test(`${text} is not a control message and decodes to null`, () => assert.equal(decodeControl(text), null));
}

test('the chosen face takes precedence over the largest', () => {
  const { faces } = decodeTelemetry(golden);

  assert.equal(chooseFace(faces, 3).id, 3);
  assert.equal(chooseFace(faces, null).id, 1);
  assert.equal(chooseFace(faces, 99), null);
  assert.equal(chooseFace([], 1), null);
});

test('the share beside a label is that of the label, which need not be the largest', () => {
  const probabilities = [0, 0, 0, 0.3, 0, 0, 0.7];

  assert.equal(labelShare({ label: 'happy', probabilities }), 0.3);
  assert.equal(labelShare({ label: 'unsure', probabilities }), 0.7);
});

test('faces that are not followed are counted where the server says so', () => {
  const text = readFileSync(new URL('../data/telemetry_v1.json', import.meta.url), 'utf8');

  assert.equal(decodeTelemetry(text).notFollowed, undefined);
  assert.equal(decodeTelemetry(text.replace('"economy"', '"not_followed":3,"economy"')).notFollowed, 3);
});

test('settings that the server does not send are empty', () => {
  for (const text of ['', '{', 'null', '{"notice":7,"views":"blur"}']) assert.deepEqual(decodeConfig(text), { notice: '', auth: 'none', websocket: false, backgroundModes: [], iceServers: [], tokenProblem: '', version: '', listens: '', addresses: [], models: [], recorded: false, recordDays: 0 });
});

test('the notice and the background modes of the server are decoded', () => {
  assert.deepEqual(decodeConfig('{"notice":"Recorded.","resume_s":30,"auth":"token","token_problem":"token_expired","websocket":true,"version":"1.2","listens":"network","addresses":["https://192.0.2.7:8080",7],"models":["emotion 1",7],"recorded":true,"record_days":30,"views":["picture",5,"blur"],"iceServers":[7,{"urls":["turn:a"]}]}'), {
    notice: 'Recorded.',
    auth: 'token',
    websocket: true,
    backgroundModes: ['picture', 'blur'],
    iceServers: [{ urls: ['turn:a'] }],
    tokenProblem: 'token_expired',
    version: '1.2',
    listens: 'network',
    addresses: ['https://192.0.2.7:8080'],
    models: ['emotion 1'],
    recorded: true,
    recordDays: 30,
  });
  assert.equal(decodeConfig('{"recorded":true,"record_days":-1}').recordDays, 0);
  assert.equal(decodeConfig('{"listens":"everywhere"}').listens, '');
});

test('the emotions and stages are those of the schema, in order', () => {
  const { FaceMessage, StageTimes } = JSON.parse(readFileSync(new URL('../../docs/telemetry.schema.json', import.meta.url), 'utf8')).$defs;

  assert.deepEqual([...EMOTIONS, 'unsure'], FaceMessage.properties.label.examples);
  assert.deepEqual(STAGES, Object.keys(StageTimes.properties));
});

test('trust is about the most probable word, and not shown for another one', () => {
  const face = { trust: 0.7, probabilities: EMOTIONS.map((emotion) => (emotion === 'neutral' ? 0.7 : 0.05)) };
  assert.equal(trustOfLabel({ ...face, label: 'neutral' }), 0.7);
  assert.equal(trustOfLabel({ ...face, label: 'surprise' }), undefined);
  assert.equal(trustOfLabel({ ...face, label: 'unsure' }), undefined);
});
