/** The page: the only module that looks things up in it. Wires buttons, pictures, peer, chart and words together. */

import { ChartTools } from './chart-tools.js';
import { ConsentDialog } from './consent-dialog.js';
import { CurrentSource } from './current-source.js';
import { EmotionChart } from './emotion-chart.js';
import { expiry } from './expiry.js';
import { FacePanel } from './face-panel.js';
import { FrameClock, FrameMatcher } from './frame-clock.js';
import { HealthPanel } from './health-panel.js';
import { closeLikeMenus } from './menus.js';
import { Peer, PeerError, bearer, withoutSlash } from './peer.js';
import { PicturePeer } from './jpeg-peer.js';
import { PictureSource } from './video-source.js';
import { Countdown, leastDelayMs, mayPass, mayWait, retryDelayMs } from './retry.js';
import { SessionLog } from './session-log.js';
import { SetupPanel } from './setup-panel.js';
import {
  CAMERA_MEANWHILE, CHART_MISSING, CLIP_MEANWHILE, COMPATIBILITY, INVITATIONS, MEANWHILE, NOTICE, NO_CONNECTION, NO_PICTURES,
  PAUSED_ALONE, PROBLEMS, STATES, TEXT, TOKEN_WANTED, TRYING, chartSummary, endingOf, inCompatibility, nextTry, retryAfter, sentence,
} from './strings.js';
import { Switches } from './switches.js';
import { TakeAway } from './export-panel.js';
import { decodeConfig } from './telemetry.js';
import { TokenDialog, takeToken } from './token-dialog.js';

const WORDS_MS = 250;
const RATES_MS = 1000;
const STALL_MS = 3000;
const BRIEF_MS = 5000;
const CONFIG_MS = 3000;
/** Media that have not come by then do not come, as a rule; where pictures can go another way, they do. */
const FALLBACK_MS = 6000;
/** A connection that lived so long has earned a quick first try again. */
const STEADY_S = 5;
const RUNNING = ['starting', 'queued', 'connecting', 'waiting', 'connected', 'stalled', 'interrupted', 'paused', 'reconnecting'];
const SHOWING = ['connected', 'stalled', 'interrupted'];

/** States that show a countdown and the buttons to end it. */
const COUNTING = ['queued', 'reconnecting'];
/** States that change to `paused` when the camera sends no frames. */
const PAUSABLE = ['waiting', 'connected', 'stalled'];

/** Problems whose advice is for a person who has to start again. */
const HELPLESS = ['cut', 'serverAway', 'noMedia'];

/** The folder of the page's own URL, because a proxy may serve the page under a path. */
const SERVER = withoutSlash(new URL('.', document.baseURI).href);

const $ = (id) => document.getElementById(id);
const root = document.documentElement;
const nowS = () => performance.now() / 1000;

/** @type {Peer | PicturePeer | null} */
let peer = null;
const sources = new CurrentSource(PictureSource.open, useSource);
/** Why the connection was lost while the camera was paused; a new one would get no frames either. @type {PeerError | null} */
let held = null;
/** @type {Countdown | null} */
let countdown = null;
/** @type {import('./telemetry.js').Telemetry | null} */
let latest = null;
let latestAt = 0;
let timers = [];
let tries = 0;
let clock = new FrameClock();
let matcher = new FrameMatcher();
/**
 * From one press of the start button to the next; `dropped` is what was dropped in its sessions before this one, `way` how
 * pictures travel: once WebRTC did not get through, it is not tried again.
 */
let visit = { startS: 0, startedAt: new Date(), dropped: 0, way: 'webrtc' };
/** Whether the server takes pictures over a WebSocket. */
let fallback = false;
/** Whether the server names STUN or TURN servers; their credentials are asked for anew for each connection. */
let relayed = false;
/** Whether the server lets nobody in without a token. */
let guarded = false;
/** What the person is told before the camera opens. */
let notice = NOTICE;
/** Counts starts and stops, so that what was begun before the last one cannot speak after it. */
let run = 0;

for (const element of document.querySelectorAll('[data-text]')) element.textContent = TEXT[element.dataset.text];
for (const element of document.querySelectorAll('[data-label]')) element.setAttribute('aria-label', TEXT[element.dataset.label]);
for (const element of document.querySelectorAll('[data-title]')) element.title = TEXT[element.dataset.title];
const log = new SessionLog();
const chart = makeChart();
const chartTools = new ChartTools({ window: $('window'), pause: $('pause'), lookBack: $('look-back') }, chart);
const health = new HealthPanel($('health'));
const setup = new SetupPanel($('setup'), changePicture);
const panel = new FacePanel($('face'), (id, visibility) => chart?.setLine(id, visibility), refillChart);
const switches = new Switches($('layers'), $('views'), (message) => peer?.send(message));
const consent = new ConsentDialog($('consent'));
takeToken(location, history);
const ticket = new TokenDialog($('token'));
const takeAway = new TakeAway(
  {
    snapshot: $('snapshot'),
    record: $('record'),
    csv: $('save-csv'),
    jsonl: $('save-jsonl'),
    report: $('save-report'),
    menu: $('save'),
  },
  $('video'),
  () => ({ log, notice, startS: visit.startS, startedAt: visit.startedAt }),
  sayBriefly,
);
const configured = fetchConfig();

function makeChart() {
  try {
    return new EmotionChart($('chart'));
  } catch (error) {
    console.warn('no chart:', error);
    $('chart-empty').textContent = CHART_MISSING;
    return null;
  }
}

/** What the server's owner decided; a server that has no such answer leaves the page as it is. */
async function fetchConfig() {
  const config = await readConfig();
  if (!config) return;
  notice = config.notice || NOTICE;
  fallback = config.websocket;
  guarded = config.auth === 'token';
  relayed = guarded || config.iceServers.length > 0;
  switches.offerViews(config.views);
}

async function readConfig() {
  try {
    const response = await fetch(`${SERVER}/config`, { headers: bearer(ticket.token), signal: expiry(CONFIG_MS) });
    return response.ok ? decodeConfig(await response.text()) : null;
  } catch {
    return null;
  }
}

/** @param {keyof STATES} state @param {{key: string, title: string, text: string} | null} [problem] */
function show(state, problem = null) {
  if (root.dataset.state === state && !problem) return;
  root.dataset.state = state;
  root.dataset.problem = problem?.key ?? '';
  $('state').textContent = STATES[state];
  const said = problem ?? INVITATIONS[state] ?? { title: '', text: '' };
  // Setting the same text again would make screen readers repeat it.
  if ($('message-title').textContent !== said.title) $('message-title').textContent = said.title;
  if ($('message-text').textContent !== said.text) $('message-text').textContent = said.text;
  const running = RUNNING.includes(state);
  const focused = ['start', 'stop', 'give-up', 'try-now'].map($).find((button) => button === document.activeElement);
  $('start').hidden = running;
  $('stop').hidden = !running;
  $('retry').hidden = !COUNTING.includes(state);
  // A recording continues while the camera is paused, and can be stopped.
  const shown = SHOWING.includes(state) || (state === 'paused' && !problem && $('video').videoWidth > 0);
  takeAway.showPicture(shown ? 'there' : 'away');
  if (!SHOWING.includes(state)) $('badge').hidden = true;
  showClipButtons();
  if (focused?.closest('[hidden]')) $(running ? 'stop' : 'start').focus();
}

function showClipButtons() {
  const clip = Boolean(setup.source.clip);
  $('clip-label').hidden = RUNNING.includes(root.dataset.state) || clip;
  $('no-clip').hidden = !clip;
  $('start').textContent = clip ? TEXT.startClip : TEXT.start;
}

async function start() {
  await configured;
  if (guarded && !ticket.token && !(await ticket.ask(TOKEN_WANTED))) return;
  if (!(await consent.ask(notice)) || RUNNING.includes(root.dataset.state)) return;
  const mine = (run += 1);
  show('starting');
  say('');
  beginVisit();
  try {
    // Do not open the camera if its video cannot be sent.
    if (!fallback && !globalThis.RTCPeerConnection) throw new PeerError('noWebrtc');
    await sources.use(setup.source);
    if (mine !== run) return;
    show('connecting');
    await connect('');
  } catch (error) {
    // Stopped by the person meanwhile: nothing to complain about.
    if (mine !== run) return;
    if (mayWait(error, tries)) return queue(error);
    fail(error);
    if (error.key === 'token' && (await ticket.ask(sentence(error.message)))) await start();
  }
}

/** The server is full: try again after its `Retry-After`, with the camera off until then. @param {PeerError} error */
function queue(error) {
  sources.close();
  const problem = problemOf(error);
  if (root.dataset.state !== 'queued') log.note(nowS(), 'queued', problem.title);
  const meanwhile = setup.source.clip ? '' : CAMERA_MEANWHILE;
  show('queued', { ...problem, text: `${problem.text} ${meanwhile}`.trim() });
  countDown(error, enter);
}

/** Try to connect without a camera; open it when the server accepts. */
async function enter() {
  const mine = run;
  tries += 1;
  try {
    await connect('');
  } catch (error) {
    if (mine !== run) return;
    if (root.dataset.state === 'queued' && mayWait(error, tries)) queue(error);
    else fail(error);
  }
}

/** @param {PeerError} error that is tried again @param {() => void} then */
function countDown(error, then) {
  const mine = run;
  countdown?.close();
  countdown = new Countdown(
    retryDelayMs(tries, leastDelayMs(error)),
    (seconds) => ($('countdown').textContent = nextTry(seconds)),
    () => {
      if (mine !== run) return;
      $('countdown').textContent = TRYING;
      then();
    },
  );
}

function beginVisit() {
  visit = { startS: nowS(), startedAt: new Date(), dropped: 0, way: 'webrtc' };
  tries = 0;
  log.clear();
  log.note(visit.startS, 'began');
  chartTools.goOn();
  chart?.clear(visit.startS);
}

/** @param {string} resume token of the connection that was lost; empty: there was none */
async function connect(resume) {
  const mine = run;
  latest = null;
  clock = new FrameClock();
  matcher = new FrameMatcher();
  log.newSession();
  const Way = visit.way === 'webrtc' ? Peer : PicturePeer;
  const opening = new Way({ onVideo, onTelemetry, onControl, onFlow, onPicture, onLost: lose }, SERVER, resume, ticket.token);
  peer = opening;
  const mayFallBack = fallback && visit.way === 'webrtc';
  let used = null;
  try {
    const iceServers = relayed && visit.way === 'webrtc' ? (await readConfig())?.iceServers ?? [] : [];
    used = await sources.last();
    if (mine !== run || peer !== opening) return;
    await opening.open(used?.stream ?? null, mayFallBack ? FALLBACK_MS : undefined, iceServers);
  } catch (error) {
    if (!mayFallBack || !(error.key in COMPATIBILITY) || mine !== run || peer !== opening) throw error;
    fallBack(error.key);
    // Also gives the place back that the server still keeps for the connection that did not come to be.
    return connect(opening.resumeToken || resume);
  }
  if (mine !== run || peer !== opening) return;
  health.say('session', opening.sessionId.slice(0, 8));
  latestAt = performance.now();
  chart?.start();
  timers.forEach(clearInterval);
  timers = [setInterval(showLatest, WORDS_MS), setInterval(showRates, RATES_MS)];
  if (root.dataset.state === 'queued') {
    tries = 0;
    show('starting');
  }
  // No source was open while the page waited, and another size may have been chosen since the offer.
  const opened = await (sources.wanted ? sources.last() : sources.use(setup.source));
  if (mine !== run || peer !== opening || !opened) return;
  if (opened !== used) await opening.replaceTrack(trackOf(opened));
  if (['starting', 'connecting', 'reconnecting'].includes(root.dataset.state)) show('waiting');
  pauseOrGoOn();
}

/** Fall back to the WebSocket and show a notice. @param {keyof COMPATIBILITY} why WebRTC is not used */
function fallBack(why) {
  visit.way = 'pictures';
  $('video').srcObject = null;
  log.note(nowS(), 'otherWay', why);
  $('way').hidden = false;
  sayBriefly(inCompatibility(why));
}

/** @param {PictureSource} opened */
function useSource(opened) {
  setup.refresh(opened.cameraId);
  opened.listen({ onPause: pauseOrGoOn, onEnd: fail });
}

/** @param {PictureSource} opened */
const trackOf = (opened) => opened.stream.getVideoTracks()[0];

/** Another camera, size or clip while it runs: the connection stays. */
async function changePicture() {
  showClipButtons();
  // If no source is open or being opened, the next start applies the choice.
  if (!sources.wanted) return;
  const mine = run;
  try {
    const opened = await sources.use(setup.source);
    if (mine !== run || !opened) return;
    await peer?.replaceTrack(trackOf(opened));
    if (mine === run) pauseOrGoOn();
  } catch (error) {
    if (mine === run) fail(error);
  }
}

/** Show that the camera has paused or resumed. The connection stays open meanwhile, see `showRates`. */
function pauseOrGoOn() {
  const paused = sources.current?.paused;
  const { state } = root.dataset;
  if (paused && PAUSABLE.includes(state)) return showPaused();
  if (paused || state !== 'paused') return;
  log.note(nowS(), 'resumed');
  latestAt = performance.now();
  const lost = held;
  held = null;
  if (lost) comeBack(lost);
  else showFlowing();
}

function showPaused() {
  if (root.dataset.state === 'paused') return;
  log.note(nowS(), 'paused');
  panel.wait(NO_PICTURES);
  health.wait();
  show('paused');
}

/** Show that frames arrive, or will soon, unless the camera is paused. */
function showFlowing() {
  if (sources.current?.paused) return showPaused();
  show($('video').videoWidth ? 'connected' : 'waiting');
}

function stop() {
  if (visit.startS) log.note(nowS(), 'stopped');
  release();
  show('stopped');
}

function release() {
  run += 1;
  $('way').hidden = true;
  timers.forEach(clearInterval);
  timers = [];
  held = null;
  countdown?.close();
  takeAway.close();
  chart?.stop();
  chart?.lead('');
  peer?.close();
  peer = null;
  sources.close();
  latest = null;
  $('video').srcObject = null;
  panel.reset();
  health.reset();
}

/** The connection is gone. What passes by itself is tried again; camera, chart and counters stay. @param {PeerError} error */
function lose(error) {
  if (!sources.wanted || !mayPass(error, tries)) return fail(error);
  if (root.dataset.state !== 'reconnecting') log.note(nowS(), 'lost', problemOf(error).title);
  takeAway.close();
  if (latest) visit.dropped += latest.dropped;
  latest = null;
  panel.wait(NO_CONNECTION);
  health.reset();
  health.say('dropped', String(visit.dropped));
  comeBack(error);
}

/** Try again soon, or when the camera resumes: without frames the server would end the next session too. @param {PeerError} error */
function comeBack(error) {
  const problem = problemOf(error);
  if (sources.current?.paused) {
    held = error;
    show('paused', { ...problem, ...PAUSED_ALONE });
    return;
  }
  const advice = HELPLESS.includes(error.key) || endingOf(error.code) ? '' : problem.text;
  const meanwhile = setup.source.clip ? CLIP_MEANWHILE : MEANWHILE;
  show('reconnecting', { ...problem, text: `${advice} ${meanwhile}`.trim() });
  const resume = peer?.resumeToken ?? '';
  countDown(error, () => retry(resume));
}

/** @param {string} resume */
async function retry(resume) {
  const mine = run;
  const lost = peer;
  tries += 1;
  try {
    await connect(resume);
    if (mine === run) log.note(nowS(), 'back');
    say('');
  } catch (error) {
    if (mine !== run) return;
    // The next try names the session that was lost, not the one that never came to be.
    peer = lost;
    lose(error instanceof PeerError ? error : new PeerError('unknown', error.message, error));
  }
}

/** @param {PeerError | Error} error */
function problemOf(error) {
  const key = error.key in PROBLEMS ? error.key : 'unknown';
  const { title, text } = endingOf(error.code) ?? PROBLEMS[key];
  return { key, title, text: text(error.message) };
}

/** @param {PeerError | Error} error */
function fail(error) {
  const began = [...SHOWING, 'waiting', 'paused', 'reconnecting'].includes(root.dataset.state);
  const problem = problemOf(error);
  if (error.retryMs) problem.text += ` ${retryAfter(Math.ceil(error.retryMs / 1000))}`;
  if (problem.key === 'unknown') console.error(error);
  log.note(nowS(), 'lost', problem.title);
  release();
  show(began ? 'lost' : 'failed', problem);
  say('');
}

/** @param {string} text for the person; empty: nothing to say any more */
function say(text) {
  $('notice').textContent = text;
  $('notice').hidden = !text;
}

/** @param {string} text that nobody needs to act on */
function sayBriefly(text) {
  say(text);
  setTimeout(() => $('notice').textContent === text && say(''), BRIEF_MS);
}

/** @param {MediaStream} stream */
function onVideo(stream) {
  $('video').srcObject = stream;
}

/** @param {import('./telemetry.js').Telemetry} telemetry */
function onTelemetry(telemetry) {
  // The channel does not keep the order: a message that was overtaken is old news.
  if (latest && telemetry.seq < latest.seq) return;
  // The server went on counting where the lost connection was.
  if (!latest && telemetry.dropped >= visit.dropped) visit.dropped = 0;
  latest = telemetry;
  latestAt = performance.now();
  const timeS = clock.pageTime(telemetry.pts, latestAt / 1000);
  matcher.addMessage(telemetry.pts, latestAt, timeS);
  health.addTimes(telemetry.ms);
  log.add(timeS, telemetry);
  chart?.add(timeS, panel.follow(telemetry.faces)?.probabilities ?? null, telemetry.fpsOut);
}

/** Another face is followed: its past is drawn, as far as it is known. */
function refillChart() {
  if (!chart) return;
  chart.clear();
  for (const { timeS, telemetry } of log) chart.add(timeS, panel.follow(telemetry.faces)?.probabilities ?? null, telemetry.fpsOut);
}

/** @param {DOMHighResTimeStamp} _now @param {VideoFrameCallbackMetadata} frame */
function onFrame(_now, frame) {
  $('video').requestVideoFrameCallback?.(onFrame);
  if (!peer || frame.receiveTime === undefined) return;
  const found = frame.rtpTimestamp === undefined ? null : matcher.match(frame.rtpTimestamp, frame.receiveTime);
  chart?.showMoment(found?.timeS ?? null);
  health.addTimes({ encode: found?.lagMs ?? null, display: Math.max(0, frame.expectedDisplayTime - frame.receiveTime) });
}

/** @param {import('./jpeg-peer.js').Shown} picture of the compatibility mode, whose video has no clock of its own */
function onPicture({ ptsS, ms }) {
  chart?.showMoment(clock.timeOf(ptsS));
  health.addTimes(ms);
}

/** @param {import('./telemetry.js').Control} message */
function onControl(message) {
  switches.hear(message);
  if (message.type === 'notice' || message.type === 'error') say(sentence(endingOf(message.code)?.title ?? message.detail));
}

/** @param {'connected' | 'interrupted'} flow */
function onFlow(flow) {
  latestAt = performance.now();
  if (flow === 'connected') showFlowing();
  else show(flow);
}

function showLatest() {
  if (!latest || document.hidden || root.dataset.state === 'paused') return;
  const silent = performance.now() - latestAt > STALL_MS;
  // The first picture may have played before its connection was said to be there.
  if (root.dataset.state === 'waiting' && $('video').videoWidth) show('connected');
  if (root.dataset.state === 'connected' && silent) {
    show('stalled');
    peer?.check();
  }
  if (root.dataset.state === 'stalled' && !silent) show('connected');
  const verdict = panel.show(latest);
  chart?.lead($('face').dataset.label);
  $('chart').setAttribute('aria-label', chartSummary(chartTools.windowWords, verdict, latest.fpsOut));
  $('badge').textContent = health.show(latest, visit.dropped + latest.dropped);
  $('badge').hidden = !$('badge').textContent;
  root.dataset.frame = String(latest.seq);
}

async function showRates() {
  const mine = run;
  // No frame keeps the session open: the camera is paused, or another one is being opened.
  if (latest && (sources.current?.quiet ?? true)) peer?.ping();
  const rates = await peer?.rates();
  if (mine !== run) return;
  // Without a connection, nothing else counts the camera's frames.
  if (rates || held) sources.current?.look(rates?.sourceFrames ?? null);
  if (!rates || root.dataset.state === 'reconnecting') return;
  health.showRates(rates);
  // In compatibility mode each picture says its own times.
  if (visit.way === 'webrtc') health.addTimes({ camera: rates.encodeMs, network: rates.rttMs });
  if (visit.way === 'webrtc' && !('requestVideoFrameCallback' in $('video'))) health.addTimes({ display: rates.bufferMs });
  if (root.dataset.state === 'connected' && latest?.pts > STEADY_S) tries = 0;
}

$('start').addEventListener('click', start);
for (const id of ['stop', 'give-up']) $(id).addEventListener('click', stop);
$('try-now').addEventListener('click', () => countdown?.end());
addEventListener('online', () => COUNTING.includes(root.dataset.state) && countdown?.end());
$('clip').addEventListener('change', ({ target }) => {
  const [file] = target.files;
  // So that the same file can be chosen again.
  target.value = '';
  if (!file) return;
  setup.useClip(file);
  showClipButtons();
  $('start').focus();
  start();
});
$('no-clip').addEventListener('click', () => {
  setup.useClip(null);
  changePicture();
  $(RUNNING.includes(root.dataset.state) ? 'stop' : 'start').focus();
});
$('video').addEventListener('playing', () => {
  // Chromium plays a black frame when the track of a connection that never opened ends.
  if (peer && PAUSABLE.includes(root.dataset.state)) showFlowing();
});
$('video').addEventListener('resize', ({ target }) => {
  if (target.videoWidth) target.style.aspectRatio = `${target.videoWidth} / ${target.videoHeight}`;
});
$('video').requestVideoFrameCallback?.(onFrame);
closeLikeMenus(document.querySelectorAll('.menu'));
addEventListener('pagehide', () => {
  if (peer) stop();
});
$('chart').setAttribute('aria-label', TEXT.chartEmpty);
root.dataset.state = '';
release();
show('idle');
