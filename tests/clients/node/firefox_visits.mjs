/**
 * Visits of our page in Firefox, one for each promise: node firefox_visits.mjs OPTIONS, which are JSON: `url`; `executable`;
 * `folder` for saved files; `clip`, a file that the camera shows in a loop; `sizes` of the window and `overflow`, a script that
 * lists what overflows there; `visit`, the name of one in VISITS. Prints its observations as JSON.
 */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';

import { NO_UDP, WINDOW, openFirefox } from './firefox.mjs';

const options = JSON.parse(process.argv[2]);
const SAVED_MS = 10000;
const LOOK_AGAIN_MS = 50;
/** A busy machine analyses a few frames per second. */
const CLIP_MS = 80000;

const { browser, page, seen } = await openFirefox(options);
seen.folder = options.folder;

/** Runs in the page, before its scripts: a camera that shows the clip, a clock and answers that the visit controls. @param {string} data base64 */
function prepare(data) {
  window.opened = 0;
  navigator.mediaDevices.getUserMedia = async () => {
    window.opened += 1;
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    const video = Object.assign(document.createElement('video'), { src: URL.createObjectURL(new Blob([bytes])), loop: true, muted: true });
    await video.play();
    const canvas = Object.assign(document.createElement('canvas'), { width: video.videoWidth, height: video.videoHeight });
    const pen = canvas.getContext('2d');
    setInterval(() => pen.drawImage(video, 0, 0), 40);
    return canvas.captureStream(25);
  };
  const now = performance.now.bind(performance);
  window.skewMs = 0;
  performance.now = () => now() + window.skewMs;
  // The server's answers, by the end of the address.
  window.answers = {};
  const get = window.fetch.bind(window);
  window.fetch = (address, ...given) => {
    const answer = window.answers[Object.keys(window.answers).find((end) => String(address).endsWith(end))];
    return answer ? Promise.resolve(new Response(JSON.stringify(answer.body), { status: answer.status, headers: answer.headers })) : get(address, ...given);
  };
}

/** @param {string} selector @returns {Promise<string>} */
const text = (selector) => page.$eval(selector, (element) => element.textContent.trim());
/** @param {string} expression @param {...any} given @returns {Promise<void>} once it is true in the page */
const until = async (expression, ...given) => void (await page.waitForFunction(expression, {}, ...given));
const state = (name) => page.waitForSelector(`html[data-state=${name}]`);
/** @param {string} selector a press that no other element can take @returns {Promise<void>} */
const press = (selector) => page.$eval(selector, (element) => element.click());

async function open(address = options.url) {
  await page.goto(address);
  await state('idle');
}

async function start() {
  await press('#start');
  await page.waitForSelector('#consent[open]');
  await press('#consent button[value=yes]');
  await measured();
}

/** Wait for a connection with numbers to save. */
async function measured() {
  await state('connected');
  await page.waitForSelector('#save summary[aria-disabled=false]');
  await until('Number(document.getElementById("face").dataset.id) > 0');
}

/** Firefox removes its own temporary file meanwhile. @param {number} count @returns {Promise<string[]>} the names of the files, once so many are complete */
async function filesSaved(count) {
  const names = () => readdirSync(options.folder).filter((name) => !name.endsWith('.part') && (statSync(`${options.folder}/${name}`, { throwIfNoEntry: false })?.size ?? 0) > 0);
  const began = performance.now();
  while (names().length < count && performance.now() - began < SAVED_MS) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  return names();
}

/** @returns {Promise<string[]>} in which windows something overflows */
async function overflows() {
  const found = [];
  for (const [width, height] of options.sizes) {
    await page.setViewport({ width, height });
    // C3 is drawn anew in the frame after the change.
    await page.waitForFunction(`(${options.overflow})().length === 0`, { timeout: 3000 }).catch(() => {});
    found.push(...(await page.evaluate(`(${options.overflow})()`)).map((what) => `${what} at ${width}x${height}`));
  }
  await page.setViewport(WINDOW);
  return found;
}

const VISITS = {
  async chart() {
    await open();
    seen.save_at_rest = await page.$eval('#save summary', (summary) => summary.getAttribute('aria-disabled'));
    seen.overflows = await overflows();
    await start();
    await until('Object.values(JSON.parse(document.getElementById("chart").dataset.points || "{}")).some((count) => count >= 6)');
    seen.overflows.push(...(await overflows()));
    await page.evaluate('window.skewMs = 100_000');
    await page.select('#window', '15');
    await press('#pause');
    const drawn = () =>
      page.evaluate(() => [document.querySelector('.ribbon').dataset.bands, document.getElementById('chart').dataset.points, document.getElementById('time-axis').textContent].join());
    const before = await drawn();
    await page.evaluate('window.skewMs = 20 * 60_000');
    await until('Number(document.getElementById("look-back").max) > 1200');
    seen.paused = [before, await drawn()];
    await page.focus('#look-back');
    await page.keyboard.press('Home');
    await until('document.getElementById("look-back").getAttribute("aria-valuetext").startsWith("0:00")');
    seen.looked_at = await page.$eval('#look-back', (slider) => slider.getAttribute('aria-valuetext'));
    seen.axis = await text('#time-axis');
    seen.bands = await page.$eval('.ribbon', (ribbon) => ribbon.dataset.bands);
    await page.focus('#save summary');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#save[open]');
    await page.focus('#look-back');
    await page.waitForSelector('#save:not([open])');
    seen.menu_closed = true;
  },

  async people() {
    await open();
    await start();
    seen.sums = [];
    seen.behind = [];
    for (let look = 0; look < 8; look += 1) {
      const from = await page.$eval('html', (root) => Number(root.dataset.frame));
      await until((frame) => Number(document.documentElement.dataset.frame) >= frame + 5, from);
      seen.sums.push(
        await page.$$eval('#face .row .share', (shares) => shares.map((share) => Number.parseInt(share.textContent, 10)).reduce((sum, share) => sum + share, 0)),
      );
      seen.behind.push(await page.evaluate(() => Number(document.documentElement.dataset.frame) - Number(document.getElementById('face').dataset.seq)));
    }
    await until('document.querySelectorAll("#face select option").length > 2');
    const last = await page.$eval('#face select', (select) => [...select.options].map(({ value }) => value).filter(Boolean).at(-1));
    seen.chosen = Number(last);
    await page.select('#face select', last);
    await until('document.getElementById("face").dataset.id === "0"');
    seen.absent = await text('#verdict');
    seen.absent_shares = await page.$$eval('#face .row .share', (shares) => shares.map((share) => share.textContent));
    await press('#face .largest');
    await until('Number(document.getElementById("face").dataset.id) > 0');
    seen.followed = await page.$eval('#face', (face) => Number(face.dataset.id));
  },

  async clip() {
    await open();
    await (await page.$('#clip')).uploadFile(options.clip);
    await page.waitForSelector('#consent[open]');
    await press('#consent button[value=yes]');
    await page.waitForSelector('html[data-state=finished]', { timeout: CLIP_MS });
    seen.result = await text('.clip-result');
    seen.held = await text('#held p');
  },

  async recording() {
    await open();
    await start();
    await press('#record');
    await until('/0:0[2-9]/.test(document.getElementById("record").textContent)');
    seen.leaving_asks = await page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })));
    execFileSync('ip', ['rule', 'add', ...NO_UDP]);
    await state('reconnecting').finally(() => execFileSync('ip', ['rule', 'delete', ...NO_UDP]));
    await until('document.getElementById("notice").textContent.includes("part 2")');
    await until('/0:0[4-9]/.test(document.getElementById("record").textContent)');
    await press('#record');
    await page.waitForSelector('#record[data-recording=no]');
    seen.parts = await filesSaved(1);
    await press('#record');
    await until('/0:0[2-9]/.test(document.getElementById("record").textContent)');
    // A page that cannot end anything, as after a crash.
    await page.evaluate(() => window.addEventListener('pagehide', (event) => event.stopImmediatePropagation(), true));
    await page.evaluate(() => window.addEventListener('beforeunload', (event) => event.stopImmediatePropagation(), true));
    await open();
    await page.waitForSelector('#left .bar button');
    seen.left = await text('#left');
    await press('#left button');
    seen.saved_later = (await filesSaved(2)).filter((name) => !seen.parts.includes(name));
  },

  async sessions() {
    await open();
    await start();
    await press('#stop');
    await page.waitForSelector('#held:not([hidden])');
    seen.held = await text('#held p');
    await open();
    await press('#open-sessions');
    await page.waitForSelector('#sessions [data-session]');
    seen.listed = await page.$$eval('#sessions [data-session]', (lines) => lines.length);
    await press('#sessions [data-session] summary');
    await page.$$eval('#sessions [data-session] button', (buttons) => buttons.find((button) => button.textContent.trim() === 'Open').click());
    await page.waitForSelector('#past:not([hidden])');
    seen.past = await text('#past p');
    await press('#past .save');
    await press('#save-jsonl');
    seen.saved = await filesSaved(1);
    await press('#past .back');
    await page.waitForSelector('#past[hidden]');
  },

  async refusals() {
    const rejected = { auth: 'token', token_problem: 'token_wrong', websocket: true, views: [] };
    await page.evaluateOnNewDocument((body) => Object.assign(window.answers, { '/config': { status: 200, body } }), rejected);
    await open(`${options.url}/#token=wrong`);
    await press('#start');
    await page.waitForSelector('#token[open]');
    seen.token_text = await text('#token .text');
    seen.opened_before_token = await page.evaluate('window.opened');
    await page.evaluate(() => {
      const full = { title: 'The server is full', status: 503, code: 'server_full', detail: 'it has 1 of 1 sessions' };
      window.answers = { '/offer': { status: 503, body: full, headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '2' } } };
    });
    await page.type('#token input', 'right');
    await press('#token button[value=yes]');
    await page.waitForSelector('#consent[open]');
    await press('#consent button[value=yes]');
    await page.waitForSelector('#retry:not([hidden])');
    seen.countdown = await text('#countdown');
    await page.evaluate('window.answers = {}');
    await measured();
    seen.admitted = true;
  },
};

try {
  await page.evaluateOnNewDocument(prepare, readFileSync(options.clip).toString('base64'));
  await VISITS[options.visit]();
} catch (error) {
  seen.failed = error.stack;
} finally {
  if (options.screenshot) await page.screenshot({ path: options.screenshot });
  console.log(JSON.stringify(seen));
  await browser.close();
}
