/** The npm package of `<facestream-view>`: what it contains, and that a program in JavaScript or TypeScript can use it. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const TSC = join(ROOT, 'client', 'node_modules', 'typescript', 'bin', 'tsc');
/** Nine tenths are the page's own modules; the whole page has 300 kB. */
const MOST_BYTES = 215_000;

/** A program with the package in its node_modules. */
const program = mkdtempSync(join(tmpdir(), 'facestream-view-'));
const installed = join(program, 'node_modules', 'facestream-view');
let packed;

before(() => {
  const said = execFileSync('npm', ['pack', '--json', '--pack-destination', program], { cwd: join(ROOT, 'client', 'package'), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  // What `prepack` prints comes first.
  [packed] = JSON.parse(said.slice(said.search(/^\[/m)));
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(program, packed.filename), '-C', installed, '--strip-components', '1']);
});
after(() => rmSync(program, { recursive: true }));

const names = () => packed.files.map(({ path }) => path);

/** @param {string} source @returns {string} what tsc reports; empty: nothing */
function compile(source) {
  writeFileSync(join(program, 'program.ts'), source);
  const options = ['--noEmit', '--strict', '--target', 'ES2022', '--module', 'ES2022', '--moduleResolution', 'bundler'];
  try {
    return execFileSync(process.execPath, [TSC, ...options, 'program.ts'], { cwd: program, encoding: 'utf8' });
  } catch (error) {
    return error.stdout;
  }
}

test('the package has the element, its types, the licence and a description', () => {
  const wanted = ['LICENSE', 'README.md', 'index.d.ts', 'package.json', 'js/element/facestream-view.js', 'js/connection/peer.js', 'js/connection/jpeg-peer.js'];
  assert.deepEqual(wanted.filter((name) => !names().includes(name)), []);
});

test('the package has nothing else: no chart, no test, no source map, no script of its own', () => {
  const rooms = ['browser', 'connection', 'element', 'panels', 'session', 'source', 'texts', 'visit'];
  assert.deepEqual(names().filter((name) => /chart|log|report|share|panel\./.test(name)), []);
  const strange = names().filter((name) => !(/^js\/(\w+)\/[\w-]+\.js$/.test(name) && rooms.includes(name.split('/')[1])));
  assert.deepEqual(strange.sort(), ['LICENSE', 'README.md', 'index.d.ts', 'package.json']);
  assert.ok(packed.unpackedSize < MOST_BYTES, `${packed.unpackedSize} bytes`);
});

test('the package has English only', () => {
  assert.deepEqual(names().filter((name) => /^js\/texts\/(?!en)[a-z]{2}\b/.test(name)), []);
});

test('the package has the texts that it shows, and not those of lists, files and controls of the page', async () => {
  assert.deepEqual(names().filter((name) => name.startsWith('js/texts/en')).sort(), ['js/texts/en-problems.js', 'js/texts/en.js']);
  const texts = await import(pathToFileURL(join(installed, 'js', 'texts', 'en.js')).href);
  const read = names().filter((name) => name.endsWith('.js')).flatMap((name) => [...readFileSync(join(installed, name), 'utf8').matchAll(/\bT\.(\w+)/g)]);
  assert.ok(read.length > 5);
  // Only the page makes links, in a function that the element does not call.
  assert.deepEqual(read.flatMap(([, text]) => (text in texts || text === 'SHARE_PROBLEMS' ? [] : [text])), []);
});

test('the package has the version of facestream', () => {
  const [, version] = /^__version__ = "(.+)"$/m.exec(readFileSync(join(ROOT, 'facestream', '__init__.py'), 'utf8'));
  assert.equal(packed.version, version);
});

test('its description links to nothing that lies outside the package', () => {
  const description = readFileSync(join(installed, 'README.md'), 'utf8');
  assert.deepEqual(description.match(/\]\((?!https:\/\/|#)[^)]*\)/g), null);
});

test('it can be imported where there is no browser', () => {
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', "import { FacestreamView } from 'facestream-view'; console.log(FacestreamView.name);"], {
    cwd: program,
    encoding: 'utf8',
  });
  assert.equal(said, 'FacestreamView\n');
});

test('a program in TypeScript compiles against its types', () => {
  const said = compile(`
    import { FacestreamView, type ViewError, type ViewState } from 'facestream-view';
    const view = document.createElement('facestream-view');
    view.token = 'a.b.c';
    view.addEventListener('facestream-state', ({ detail }) => { const state: ViewState = detail.state; console.log(state); });
    view.addEventListener('facestream-report', ({ detail }) => console.log(detail.faces[0]?.probabilities[3].toFixed(2)));
    view.addEventListener('facestream-marker', ({ detail }) => console.log(detail.name.length + detail.pts));
    view.addEventListener('facestream-error', (event) => { const error: ViewError = event.detail; console.log(error.code); });
    view.addEventListener('click', ({ clientX }) => console.log(clientX));
    const same: FacestreamView | null = document.querySelector('facestream-view');
    export const started: Promise<void> | undefined = same?.start();
    // @ts-expect-error the state is read-only
    view.state = 'idle';
    // @ts-expect-error reports have no such member
    view.addEventListener('facestream-report', ({ detail }) => detail.face);
    // @ts-expect-error start() takes no argument
    view.start('camera');
  `);
  assert.equal(said, '');
});

test('tsc reports what the types forbid', () => {
  assert.match(compile("import type { FacestreamView } from 'facestream-view'; export const view: FacestreamView = 1;"), /TS2322/);
});
