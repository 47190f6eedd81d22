import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { crc32, fitsZip, zip } from '../../client/js/session/zip.js';

const READ = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    print(json.dumps([[info.filename, list(info.date_time), archive.read(info).decode()] for info in archive.infolist()]))
`;

test('the CRC is that of ZIP', () => assert.equal(crc32(new TextEncoder().encode('123456789')), 0xcbf43926));

test('the CRC of two pieces is that of the whole', () => {
  const bytes = new TextEncoder().encode('123456789');

  assert.equal(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4))), crc32(bytes));
});

test('another program reads every file of an archive, with its name and date', async () => {
  const files = [
    { name: 'messungen_ä.csv', blob: new Blob(['time_s\r\n', '1']) },
    { name: 'empty.csv', blob: new Blob([]) },
    { name: 'long.csv', blob: new Blob(['x'.repeat(5 * 1024 ** 2)]) },
  ];
  const folder = mkdtempSync(join(tmpdir(), 'zip-'));
  const path = join(folder, 'a.zip');
  writeFileSync(path, Buffer.from(await (await zip(files, new Date(2026, 10, 27, 2, 13, 8))).arrayBuffer()));

  const read = JSON.parse(execFileSync('python3', ['-c', READ, path], { maxBuffer: 2 ** 24 }));
  rmSync(folder, { recursive: true });

  assert.deepEqual(read.map(([name]) => name), files.map(({ name }) => name));
  assert.deepEqual(read.map(([, , text]) => text), await Promise.all(files.map(({ blob }) => blob.text())));
  assert.deepEqual(read[0][1], [2026, 11, 27, 2, 13, 8]);
});

test('an archive holds less than four gigabytes', () => {
  assert.equal(fitsZip([{ size: 1000 }]), true);
  assert.equal(fitsZip([{ size: 2 ** 31 }, { size: 2 ** 31 }]), false);
});
