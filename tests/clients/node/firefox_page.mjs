/**
 * Drives our page in Firefox: node firefox_page.mjs OPTIONS, which are JSON: `url`; `executable`; `folder` for saved
 * files; `clip` to send instead of the camera; `lines` of the chart that must fill; `leave`, either "close" the tab or
 * "navigate" to another page; `prefs` of Firefox; `screenshot`. Prints its observations as JSON.
 */

import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';

import { NO_UDP, openFirefox } from './firefox.mjs';

const options = JSON.parse(process.argv[2]);
const GOODBYE_MS = 8000;
const SAVED_MS = 10000;
const LOOK_AGAIN_MS = 50;
const RECORDED_FRAMES = 60;
const LEAST_POINTS = 6;

const { browser, page, seen } = await openFirefox(options);
seen.offers = [];
await page.evaluateOnNewDocument(() => {
  // A file plays in a loop, like a camera. about:blank has no storage.
  if (location.protocol === 'https:') localStorage.setItem('facestream.clip', 'in a loop');
  const Connection = window.RTCPeerConnection;
  window.connections = [];
  if (!Connection) return;
  window.RTCPeerConnection = class extends Connection {
    constructor(...given) {
      super(...given);
      window.connections.push(this);
    }
  };
});

/** @param {string} id @param {string} [name] of a data attribute @returns {Promise<string>} the attribute, or the text without a name */
const read = (id, name) =>
  page.$eval(`#${id}`, (element, key) => (key ? (element.dataset[key] ?? '') : element.textContent.trim()), name ?? '');

async function look() {
  return {
    state: await page.$eval('html', (root) => root.dataset.state),
    problem: await page.$eval('html', (root) => root.dataset.problem ?? ''),
    message: await read('message-text'),
    verdict: await read('verdict'),
    session_id: await read('session').catch(() => ''),
    points: JSON.parse((await read('chart', 'points')) || '{}'),
    mark: (await page.$('.mark-shown:not([hidden])')) !== null,
    compatibility: await page.$eval('#way', (element) => !element.hidden),
    ...(await page.$eval('#video', (video) => ({ width: video.videoWidth, height: video.videoHeight, time_s: video.currentTime }))),
    spread: await page.$eval('#video', spreadOf),
  };
}

/** Runs in the page. @param {HTMLVideoElement} video @returns {number} standard deviation of its green */
function spreadOf(video) {
  if (!video.videoWidth) return 0;
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 36 });
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0, 64, 36);
  const greens = [...context.getImageData(0, 0, 64, 36).data].filter((_, index) => index % 4 === 1);
  const mean = greens.reduce((sum, value) => sum + value, 0) / greens.length;
  return Math.sqrt(greens.reduce((sum, value) => sum + (value - mean) ** 2, 0) / greens.length);
}

/** Wait until the page is connected and its chart filled; a timeout is noted in `seen.late`. */
async function filled() {
  const there = (lines, least) => {
    const points = JSON.parse(document.getElementById('chart').dataset.points || '{}');
    return document.documentElement.dataset.state === 'connected' && lines.every((line) => points[line] >= least);
  };
  await page.waitForFunction(there, {}, options.lines, LEAST_POINTS).catch((error) => (seen.late = String(error)));
}

/** Wait for the duration of `count` frames at 30 FPS; returns at once if no video plays (`seen.late`). */
async function moreFramesShown(count) {
  if (seen.late) return;
  // By the video's own clock: Firefox does not count the frames of a stream in getVideoPlaybackQuality().
  const shown_s = () => document.getElementById('video').currentTime;
  const least_s = (await page.evaluate(shown_s)) + count / 30;
  await page.waitForFunction((s) => document.getElementById('video').currentTime >= s, {}, least_s);
}

/** Wait until Firefox has written the recording: it downloads after the page is done, to a file.part first. */
async function fileSaved() {
  const began = performance.now();
  const written = () => readdirSync(options.folder).some((name) => !name.endsWith('.part') && statSync(`${options.folder}/${name}`).size > 0);
  while (!written() && performance.now() - began < SAVED_MS) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
}

/** @returns {Promise<number | null>} milliseconds until the server has no session; null: it still has one */
async function sessionEnded() {
  const began = performance.now();
  while (performance.now() - began < GOODBYE_MS) {
    const { sessions } = await (await fetch(new URL('/healthz', options.url))).json();
    if (!sessions) return performance.now() - began;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  return null;
}

try {
  await page.goto(options.url);
  await page.waitForSelector('html[data-state=idle]');
  if (options.clip) await (await page.$('#clip')).uploadFile(options.clip);
  else await page.click('#start');
  await page.waitForSelector('#consent[open]');
  await page.click('#consent button[value=yes]');
  await filled();
  seen.first = await look();
  await moreFramesShown(RECORDED_FRAMES / 2);
  seen.offers = await page.evaluate(() => window.connections.map(({ localDescription }) => localDescription.sdp));
  if (!seen.late) {
    await page.click('#record');
    await moreFramesShown(RECORDED_FRAMES);
    await page.click('#record');
    await page.waitForSelector('#record[data-recording=no]');
    await fileSaved();
  }
  seen.last = await look();
  if (options.screenshot) await page.screenshot({ path: options.screenshot });
  if (options.leave === 'close') {
    await page.close();
    seen.goodbye_ms = await sessionEnded();
  } else {
    // Cut UDP: otherwise the closing connection would reach the server before the goodbye.
    execFileSync('ip', ['rule', 'add', ...NO_UDP]);
    try {
      await page.goto('about:blank');
      seen.goodbye_ms = await sessionEnded();
    } finally {
      execFileSync('ip', ['rule', 'delete', ...NO_UDP]);
    }
  }
} finally {
  console.log(JSON.stringify(seen));
  await browser.close();
}
