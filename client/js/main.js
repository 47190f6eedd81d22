/** The page: gives the panels their elements, and connects buttons, panels and texts with the visit. Decides nothing itself. */

import { Announcer } from './panels/announcer.js';
import { ChartTable } from './panels/chart-table.js';
import { ChartTools } from './panels/chart-tools.js';
import { ClipPanel } from './panels/clip-panel.js';
import { listOfCompact, makeCompact } from './panels/compact-view.js';
import { CutLine } from './panels/cut-line.js';
import { ConsentDialog, agreementOf } from './panels/consent-dialog.js';
import { element, find } from './browser/elements.js';
import { ExportPanel } from './panels/export-panel.js';
import { FacesStrip } from './panels/faces-strip.js';
import { noteFaces } from './panels/face-notes.js';
import { FacePanel } from './panels/face-panel.js';
import { HeldPanel } from './panels/held-panel.js';
import { fetchConfig, withoutSlash } from './connection/http.js';
import { serverPorts } from './connection/server-ports.js';
import { deleteRecord } from './connection/server-record.js';
import { askBeforeLeaving } from './browser/leaving.js';
import { LanguageMenu } from './panels/language-menu.js';
import { LiveView } from './panels/live-view.js';
import { closeLikeMenus } from './panels/menus.js';
import { MarkerPanel } from './panels/marker-panel.js';
import { makeChart } from './panels/make-chart.js';
import { makeQuestion } from './panels/question.js';
import { Presentation } from './panels/presentation.js';
import { problemOf } from './texts/problems.js';
import { RecordPanel } from './panels/record-panel.js';
import { RecordingPanel } from './panels/recording-panel.js';
import { opensSheet } from './panels/sheet.js';
import { openSource } from './source/open-source.js';
import { QualityPanel } from './panels/quality-panel.js';
import { leaveRoom } from './panels/room.js';
import { SessionKeeper } from './storage/session-keeper.js';
import { SessionLog } from './session/session-log.js';
import { Sessions } from './storage/sessions.js';
import { SessionsPanel } from './panels/sessions-panel.js';
import { SessionView } from './panels/session-view.js';
import { SetupPanel } from './panels/setup-panel.js';
import { SharePanel } from './panels/share-panel.js';
import { bindShortcuts, listShortcuts, showShortcut } from './panels/shortcuts.js';
import { StagePanel } from './panels/stage-panel.js';
import { TokenDialog, takeToken } from './panels/token-dialog.js';
import { cameraObstacle } from './source/camera.js';
import { readChoice } from './browser/settings.js';
import { bestLanguage, speak } from './texts/languages.js';
import { Storage } from './storage/storage.js';
import { T } from './texts/texts.js';
import { Switches } from './panels/switches.js';
import { State, traitsOf } from './visit/visit-states.js';
import { visitEvents } from './panels/visit-view.js';
import { Visit } from './visit/visit.js';

/** The folder of the page's own URL, because a proxy may serve the page under a path. */
const SERVER = withoutSlash(new URL('.', document.baseURI).href);

/** @param {string} id */
const button = (id) => find(document, `#${id}`, HTMLButtonElement);
/** Does not check for HTMLDialogElement: a browser that lacks it must still show the message of boot.js. @param {string} selector */
const dialog = (selector) => /** @type {HTMLDialogElement} */ (element(selector));

// Before anything on the page has a text.
await speak(bestLanguage(readChoice('language'), navigator.languages ?? []), document.documentElement);

/** @param {string} name of a data attribute @param {(element: HTMLElement, text: string) => void} put */
function putTexts(name, put) {
  for (const found of document.querySelectorAll(`[data-${name}]`)) {
    if (found instanceof HTMLElement) put(found, T.TEXT[found.dataset[name] ?? '']);
  }
}
putTexts('text', (found, text) => (found.textContent = text));
putTexts('label', (found, text) => found.setAttribute('aria-label', text));
putTexts('title', (found, text) => (found.title = text));

const root = document.documentElement;
const video = find(document, '#video', HTMLVideoElement);
const log = new SessionLog();
const isCompact = root.dataset.view === 'compact';
const chart = isCompact ? null : makeChart(log);
takeToken(location, history);
const token = new TokenDialog(dialog('#token'));
const consentEach = find(document, '#consent-each', HTMLInputElement);
const consent = new ConsentDialog(dialog('#consent'), consentEach);
const stage = new StagePanel({
  root,
  video,
  state: element('#state'),
  compatibility: element('#way'),
  title: element('#message-title'),
  text: element('#message-text'),
  badge: element('#badge'),
  notice: element('#notice'),
  retry: element('#retry'),
  countdown: element('#countdown'),
  start: button('start'),
  stop: button('stop'),
  tryNow: button('try-now'),
  giveUp: button('give-up'),
  clipLabel: element('#clip-label'),
  noClip: button('no-clip'),
});
const face = new FacePanel(element('#face'), (id, visibility) => chart?.setLine(id, visibility), () => live.refill());
const strip = new FacesStrip(element('#people'), video, (id) => face.choose(id), (message) => visit.send(message));
const announcer = new Announcer(element('#said'), find(document, '#announce', HTMLInputElement));
const chartTools = new ChartTools(
  {
    window: find(document, '#window', HTMLSelectElement),
    pause: button('pause'),
    lookBack: find(document, '#look-back', HTMLInputElement),
    compare: button('compare'),
    lines: find(document, '#lines', HTMLSelectElement),
    table: button('chart-table'),
    values: element('#values'),
  },
  chart,
  new ChartTable(dialog('#table-dialog')),
);
const live = new LiveView({
  log,
  chart,
  chartTools,
  face,
  announcer,
  qualityPanel: new QualityPanel(element('#quality')),
  strip,
  summary: element('#drawing'),
  video,
});
/** What analyses the video, as far as the server says it. */
let server = { version: '', models: /** @type {string[]} */ ([]) };
/** Who can open the page, as far as the server says it. @type {import('./panels/share-panel.js').Reach} */
let reach = { auth: 'none', listens: '', addresses: [] };
/** What is sent and to which server, and what the person agreed to. */
function aboutSession() {
  const { clip, width, height, fps } = setup.source;
  return { source: /** @type {'camera' | 'file'} */ (clip ? 'file' : 'camera'), ...(clip && { plays: clipPanel.plays }), notice, ...consent.agreement, settings: { width, height, fps }, server };
}

const storage = new Storage((key) => stage.say(T.STORAGE_TROUBLES[key]));
const ask = makeQuestion(dialog('#question'));
const setup = new SetupPanel(element('#setup'), changeSource);
const clipPanel = new ClipPanel(element('#clip-panel'));
const switches = new Switches(element('#layers'), element('#backgrounds'), find(document, '[name=mirror]', HTMLInputElement), (message) => visit.send(message));
/** What the person agrees to. */
let notice = T.NOTICE;
/** For how many days it says that the server keeps the results, 0: without a limit; null: it does not say so. @type {number | null} */
let recordDays = null;
const sessions = new Sessions(storage);
const keeper = new SessionKeeper(sessions, log);
const held = new HeldPanel(
  { held: element('#held'), past: element('#past') },
  { save: () => exports.open(), close: () => session.closePast(), forget: async () => (await ask(T.ASK_FORGET)) && session.forget().catch((error) => list.report(error)), rename: (name) => keeper.rename({ name }).catch((error) => list.report(error)), willAsk: () => consent.willAsk(notice), nextPerson: askNextPerson },
);
const markers = new MarkerPanel(
  { tools: element('#markers'), form: find(document, '#marker-note', HTMLFormElement) },
  {
    now: () => (keeper.isRunning ? live.onShow : null),
    mark: (frame, kind) => {
      const id = log.noteShown(frame, kind);
      keeper.save();
      // For the record and for programs that follow the session.
      visit.send({ type: 'marker', name: kind, ...(id !== null && { id }) });
      return id;
    },
    markOfProgram: (timeS, text) => {
      log.note(timeS, 'marker', text);
      keeper.save();
    },
    annotate: (id, text) => {
      log.annotate(id, text);
      keeper.save();
    },
    passOn: (id, text) => id === null || visit.send({ type: 'marker_note', id, note: text }),
    // Without a chart there is nothing to show them in.
    events: () => (chart ? session.shown.log.events : []),
    reveal: (timeS) => chartTools.reveal(timeS),
  },
  (text) => stage.sayBriefly(text),
  () => ignoreTyping(),
);
/** @type {SessionView} annotated, because the panels above refer to it */
const session = new SessionView({ log, keeper, sessions, live, stage, held, markers, list: isCompact ? listOfCompact() : 'here', about: aboutSession, onBegin: () => (consent.use(), cut.begin(keeper.info?.id ?? '')), onEnd: () => cut.end(), onChange: () => [exports, markers, neutral].forEach((panel) => panel.refresh()) });
const exports = new ExportPanel(
  {
    snapshot: button('snapshot'),
    menu: find(document, '#save', HTMLDetailsElement),
    files: { report: button('save-report'), tables: button('save-tables'), csv: button('save-csv'), jsonl: button('save-jsonl') },
    german: find(document, '#german-excel', HTMLInputElement),
  },
  video,
  () => session.shown,
  (text) => stage.sayBriefly(text),
  () => session.noteSaved(),
);
const list = new SessionsPanel(dialog('#sessions'), {
  sessions,
  keeper,
  storage,
  ask,
  onOpen: (info, past) => session.openPast(info, past),
  onDelete: (id) => (cut.onDelete(id), session.onDelete(id)),
  onRename: (id, name) => session.onRename(id, name),
  onMove: () => session.refresh(),
  say: (text) => stage.sayBriefly(text),
});
const cut = new CutLine(element('#cut'), sessions, {
  open: (info) => list.show(info).catch((error) => list.report(error)),
  rename: (info, name) => list.rename(info, name).catch((error) => list.report(error)),
});
/** @type {import('./panels/neutral-panel.js').NeutralPanel} annotated, because the session refers to it */
const neutral = noteFaces({ log, keeper, session, live, face, strip, chart, chartTools, send: (message) => !record.isDeleted && visit.sendToRecord(message), isRecorded: () => visit.isRecorded && !record.isDeleted, say: (text) => stage.sayBriefly(text) });
/** @type {RecordPanel} annotated, because the notes about faces refer to it */
const record = new RecordPanel(
  { sign: button('record-sign'), line: element('#record-kept') },
  {
    ask,
    remove: (owned) => deleteRecord(SERVER, owned),
    say: (text) => stage.say(text),
    onChange: (kept) => (kept === 'deleted' || recordDays !== null) && stage.showKept(kept),
  },
);
const recording = new RecordingPanel({
  button: button('record'),
  left: element('#left'),
  video,
  storage,
  ask,
  note: (edge, part) => keeper.isRunning && log.noteShown(live.onShow, `recording-${edge}`, String(part)),
  say: (text) => stage.sayBriefly(text),
});

const traits = readTraits();
const languages = new LanguageMenu(find(document, '#language', HTMLSelectElement), async () => !session.isOnlyHere || ask(T.ASK_FORGET), () => {
  leaveUnasked();
  location.reload();
});
/** @type {Visit} annotated, because the events below refer to it */
const visit = new Visit(
  {
    ...serverPorts(() => SERVER, () => token.token, askServer, () => (record.isDeleted ? null : recordDays)),
    traits: () => traits,
    askToken: (error) => token.ask(error ? problemOf(error).text : T.TOKEN_WANTED),
    askConsent: () => consent.ask(notice),
    chosen: () => ({ ...setup.source, clipPlays: clipPanel.plays }),
    openSource,
    obstacle: findObstacle,
    hasFrame: () => stage.hasFrame,
  },
  visitEvents({ root, stage, live, exports, recording, session, setup, switches, languages, clip: clipPanel, markers, record, visit: () => visit }),
);

async function askServer() {
  const config = await fetchConfig(SERVER, token.token);
  if (config && !config.tokenProblem) server = { version: config.version, models: config.models };
  if (config) reach = config;
  return config;
}

/** If the server sends no settings, the page keeps its defaults. @returns {Promise<import('./visit/visit-states.js').ServerTraits>} */
async function readTraits() {
  const config = await askServer();
  if (config) {
    notice = agreementOf(config);
    recordDays = config.recorded ? config.recordDays : null;
    stage.showKept(config.recorded ? 'results' : 'nothing');
    clipPanel.learn(config.websocket);
    switches.offerBackgrounds(config.backgroundModes);
  }
  return traitsOf(config);
}

/** Whoever starts next is asked, whatever the last person agreed to. */
function askNextPerson() {
  consent.forget();
  session.refresh();
  stage.sayBriefly(T.NEXT_PERSON);
  button('start').focus();
}

/** A file needs no camera. */
function findObstacle() {
  return setup.source.clip ? null : cameraObstacle();
}

function changeSource() {
  stage.showSource(setup.source.clip ? 'clip' : 'camera');
  clipPanel.offer(setup.source.clip);
  visit.changeSource();
}

button('start').addEventListener('click', () => visit.start());
for (const id of ['stop', 'give-up']) button(id).addEventListener('click', () => visit.stop());
button('try-now').addEventListener('click', () => visit.tryNow());
addEventListener('online', () => visit.comeOnline());
button('open-sessions').addEventListener('click', () => list.open());
document.addEventListener('visibilitychange', () => document.hidden && keeper.save());
// The writes of this moment have more time than those of "pagehide".
const leaveUnasked = askBeforeLeaving(() => (keeper.save(), recording.isUnsaved || session.isUnsaved));
addEventListener('pagehide', () => {
  markers.finish();
  keeper.leave();
  visit.stop();
});
const clip = find(document, '#clip', HTMLInputElement);
clip.addEventListener('change', () => {
  const [file] = clip.files ?? [];
  // So that the same file can be chosen again.
  clip.value = '';
  if (!file) return;
  setup.useClip(file);
  button('start').focus();
  visit.start();
});
button('no-clip').addEventListener('click', () => {
  const { isRunning } = visit;
  setup.useClip(null);
  // What it says of a file that has just ended stays.
  if (!isRunning) visit.reset();
  stage.focus();
});
opensSheet(button('open-settings'), dialog('#settings'));
opensSheet(button('open-meaning'), dialog('#meaning'));
// Not live: the word changes up to four times a second, which no screen reader can follow.
button('say-now').addEventListener('click', () => announcer.say(face.spoken));
opensSheet(button('open-shortcuts'), dialog('#shortcuts'));
button('settings-shortcuts').addEventListener('click', () => {
  dialog('#settings').close();
  dialog('#shortcuts').showModal();
});
const share = new SharePanel(button('open-share'), dialog('#share'), SERVER, { token: () => token.token, reach: () => reach });
traits.then(() => share.refresh());
const presentation = new Presentation({
  root,
  video,
  menu: find(document, '#view', HTMLDetailsElement),
  word: button('view-word'),
  leave: button('leave-word'),
  fullScreen: button('view-full'),
  smallWindow: button('view-small'),
  say: (text) => stage.sayBriefly(text),
});
listShortcuts(element('#keys'));
const keyButtons = { startStop: ['start', 'stop'], record: ['record'], snapshot: ['snapshot'], marker: ['mark-now'], neutral: ['neutral'], word: ['view-word'], fullScreen: ['view-full'], help: ['open-shortcuts'] };
for (const [action, ids] of Object.entries(keyButtons)) for (const id of ids) showShortcut(button(id), action);
/** Press the first of these buttons that is there. @param {string[]} ids */
const press = (...ids) => ids.map(button).find((found) => !found.hidden)?.click();
const ignoreTyping = bindShortcuts(document, {
  startStop: () => (clipPanel.follows ? clipPanel.pauseOrResume() : press('start', 'stop')),
  record: () => press('record'),
  snapshot: () => press('snapshot'),
  word: () => presentation.toggleWord(),
  fullScreen: () => presentation.toggleFullScreen(),
  help: () => press('open-shortcuts'),
  marker: () => markers.add('marker'),
  neutral: () => neutral.set(),
});
if (isCompact) makeCompact(find(document, '#full-page', HTMLAnchorElement), element('.rows'));
video.addEventListener('playing', () => visit.videoPlays());
consentEach.addEventListener('change', () => session.refresh());
closeLikeMenus(/** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll('.menu')));
leaveRoom(root, { bars: element('.bars') });
stage.show(State.IDLE, findObstacle());
