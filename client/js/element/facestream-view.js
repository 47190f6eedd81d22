/**
 * `<facestream-view>`: one camera's annotated video in a page of your own, with properties and events. It never asks for
 * consent or a token: the page asks people first, and then calls `start()`.
 */

import { chooseFace, labelShare } from '../connection/telemetry.js';
import { PeerError } from '../connection/errors.js';
import { fetchConfig, withoutSlash } from '../connection/http.js';
import { serverPorts, tokenRejection } from '../connection/server-ports.js';
import { ShownFrame } from '../panels/shown-frame.js';
import { percent } from '../texts/format.js';
import { problemOf } from '../texts/problems.js';
import { T } from '../texts/texts.js';
import { RUNNING, SHOWING, State, traitsOf } from '../visit/visit-states.js';
import { Visit } from '../visit/visit.js';
import { ViewSurface } from './view-surface.js';

const NAME = 'facestream-view';
const DEFAULT_SIZE = [640, 480];
const DEFAULT_FPS = 30;

/** A page may be built where there is no browser. @type {typeof HTMLElement} */
const Base = globalThis.HTMLElement ?? class {};

/**
 * @typedef {Exclude<import('../visit/visit-states.js').VisitState, 'held'>} ViewState the states of docs/page.md
 * @typedef {object} ViewError
 * @property {string} code stable: of the server's problem or notice, or of the page's own error
 * @property {string} title what happened, in the page's language
 * @property {string} text what a person can do
 * @property {boolean} temporary true: the element tries again by itself
 */

export class FacestreamView extends Base {
  static observedAttributes = ['overlay', 'background', 'mirror', 'camera', 'size', 'fps'];

  #surface;
  #visit;
  #shown;
  /** @type {ViewState} */
  #state = State.IDLE;
  /** @type {ViewError | null} */
  #error = null;
  /** @type {PeerError | null} of the state before, which was reported */
  #reported = null;
  /** @type {import('../connection/telemetry.js').Telemetry | null} */
  #newest = null;
  #token = '';
  /** @type {import('../connection/telemetry.js').PageConfig | null} of the newest start */
  #config = null;
  #sessionId = '';
  /** @type {{promise: Promise<void>, resolve: () => void, reject: (error: unknown) => void} | null} of the `start()` that has not succeeded or failed yet */
  #starting = null;
  #leave = () => this.stop();
  #tryNow = () => this.#visit.tryNow();

  constructor() {
    super();
    this.#surface = new ViewSurface(this.attachShadow({ mode: 'open' }), () => this.#visit.videoPlays());
    this.#shown = new ShownFrame(this.#surface.video, () => {});
    this.#visit = new Visit(this.#ports(), this.#visitEvents());
  }

  /** @returns {ViewState} */
  get state() {
    return this.#state;
  }

  /** @returns {ViewError | null} why it is in this state; null: no error */
  get error() {
    return this.#error;
  }

  /** @returns {readonly import('../connection/telemetry.js').Face[]} of the newest report */
  get faces() {
    return this.#newest?.faces ?? [];
  }

  /** @returns {string} id of the server's session; empty: none */
  get sessionId() {
    return this.#sessionId;
  }

  /** @returns {string} access token for the next connection; never an attribute, which others could read in the page's markup */
  get token() {
    return this.#token;
  }

  set token(token) {
    this.#token = String(token ?? '');
  }

  /** Open the camera and connect. @returns {Promise<void>} when annotated frames are shown; rejects with an Error that has the ViewError's code */
  start() {
    if (this.#starting) return this.#starting.promise;
    if (this.#visit.isRunning) return Promise.resolve();
    const starting = deferred();
    this.#starting = starting;
    // The error is also an event and is shown, so a page need not handle the promise.
    starting.promise.catch(() => {});
    this.#error = null;
    this.#visit.start().then(
      () => this.#visit.isRunning || this.#settle(),
      (error) => this.#fail(error),
    );
    return starting.promise;
  }

  /** End the session and turn the camera off. Does nothing while nothing runs. */
  stop() {
    this.#visit.stop();
    this.#settle();
  }

  /** Try to connect now instead of at the end of the countdown. */
  tryNow() {
    this.#tryNow();
  }

  connectedCallback() {
    // The page may have set it before this class was defined.
    if (Object.hasOwn(this, 'token')) {
      const { token } = this;
      delete (/** @type {{token?: string}} */ (this).token);
      this.token = token;
    }
    if (!this.hasAttribute('role')) this.setAttribute('role', 'group');
    if (!this.hasAttribute('aria-label') && !this.hasAttribute('aria-labelledby')) this.setAttribute('aria-label', T.TEXT.stageLabel);
    addEventListener('pagehide', this.#leave);
    addEventListener('online', this.#tryNow);
    this.#show();
  }

  disconnectedCallback() {
    // An element that is only moved is connected again by then.
    queueMicrotask(() => {
      if (this.isConnected) return;
      removeEventListener('pagehide', this.#leave);
      removeEventListener('online', this.#tryNow);
      this.stop();
    });
  }

  /** @param {string} name @param {string | null} before @param {string | null} now */
  attributeChangedCallback(name, before, now) {
    // The parser sets the attributes before anything runs.
    if (before === now || !this.#visit?.isRunning) return;
    if (name === 'overlay') this.#sendOverlay();
    else if (name === 'background') this.#sendBackground();
    else if (name === 'mirror') this.#sendMirror();
    else this.#visit.changeSource();
  }

  get #server() {
    return withoutSlash(this.getAttribute('server') ?? '');
  }

  /** @returns {import('../visit/visit-states.js').VisitPorts} */
  #ports() {
    return {
      ...serverPorts(() => this.#server, () => this.#token, () => fetchConfig(this.#server, this.#token), () => (this.hasAttribute('record') ? 0 : null)),
      traits: async () => traitsOf((this.#config = await fetchConfig(this.#server, this.#token))),
      // Each start has just asked with this token.
      checkToken: async () => tokenRejection(this.#config),
      askToken: async (error) => {
        this.#fail(error ?? Object.assign(new PeerError('token'), { code: 'token_required' }));
        return false;
      },
      // The page has asked. If stop() was called since start(), the camera stays off.
      askConsent: async () => this.#starting !== null,
      chosen: () => this.#chosen(),
      hasFrame: () => this.#surface.hasFrame,
    };
  }

  /** @returns {import('../visit/visit-states.js').VisitEvents} */
  #visitEvents() {
    return {
      onState: (state, error) => this.#enter(state === State.HELD ? State.PAUSED : state, error),
      onHappening: () => {},
      onCountdown: (secondsLeft) => this.#surface.count(secondsLeft > 0 ? T.nextTry(secondsLeft) : T.TRYING),
      onSource: () => {},
      onConnecting: () => this.#shown.beginConnection(),
      onSession: (sessionId) => (this.#sessionId = sessionId),
      onMove: () => {},
      onMoved: () => {},
      onInterlude: () => this.#forget(),
      onRelease: () => {
        this.#forget();
        this.#sessionId = '';
        this.#surface.play(null);
      },
      onVideo: (stream) => this.#surface.play(stream),
      onTelemetry: (telemetry, atMs) => this.#hear(telemetry, atMs),
      onControl: ({ type, name, note, pts }) => {
        if (type === 'marker') this.#tell('marker', { name, note, pts });
        if (type !== 'hello') return;
        this.#sendOverlay();
        this.#sendBackground();
        this.#sendMirror();
      },
      onShown: ({ ptsS }) => this.#shown.show(ptsS),
      onLook: () => this.#showLabel(),
      onRates: () => {},
    };
  }

  /** @returns {import('../source/video-source.js').SourceOptions} */
  #chosen() {
    const size = (this.getAttribute('size') ?? '').split('x').map(Number);
    const [width, height] = size.length === 2 && size.every(isUsable) ? size : DEFAULT_SIZE;
    const fps = Number(this.getAttribute('fps') ?? '');
    return { camera: this.getAttribute('camera') || 'front', width, height, fps: isUsable(fps) ? fps : DEFAULT_FPS, clip: null };
  }

  #sendOverlay() {
    const overlay = this.getAttribute('overlay');
    if (overlay !== null) this.#visit.send({ type: 'layers', layers: overlay.split(/\s+/).filter(Boolean) });
  }

  #sendBackground() {
    const background = this.getAttribute('background');
    if (background) this.#visit.send({ type: 'view', view: background });
  }

  /** The server mirrors what it sends back; what is sent and measured stays as it is. */
  #sendMirror() {
    this.#visit.send({ type: 'mirror', mirror: this.hasAttribute('mirror') });
  }

  /** @param {import('../connection/telemetry.js').Telemetry} telemetry @param {number} atMs */
  #hear(telemetry, atMs) {
    this.#newest = telemetry;
    this.#shown.add(telemetry, atMs, telemetry.pts);
    this.#tell('report', telemetry);
  }

  /** Of the frame on show, four times a second: a label that changes with each frame cannot be read. */
  #showLabel() {
    const report = this.#shown.report(performance.now());
    if (!report) return;
    const face = chooseFace(report.faces, null);
    const label = face && (T.EMOTION_LABELS[face.label] ?? face.label);
    const share = face && !face.unsure ? ` ${percent(labelShare(face))}` : '';
    const none = report.analysed ? T.NO_FACE : T.NOT_ANALYSED;
    this.#surface.label(label ? label + share : none, label ? T.ESTIMATE : '');
  }

  #forget() {
    this.#newest = null;
    this.#shown.end();
    this.#surface.label('', '');
  }

  /** The one setter of the state. @param {ViewState} state @param {PeerError | null} error */
  #enter(state, error) {
    const previous = this.#state;
    const isOver = !RUNNING.includes(state);
    this.#state = state;
    this.#error = error && viewError(error, !isOver);
    this.#show();
    if (state !== previous) this.#tell('state', { state, previous });
    // Once for each error: the visit enters a state again for each try.
    if (this.#error && error !== this.#reported && (state !== previous || isOver || !this.#reported)) this.#tell('error', this.#error);
    this.#reported = error;
    if (state === State.CONNECTED || isOver) this.#settle();
  }

  /** The start has ended without a connection. @param {unknown} thrown */
  #fail(thrown) {
    const error = thrown instanceof PeerError ? thrown : new PeerError('unknown', String(thrown), thrown);
    if (!this.#visit.isRunning) this.#enter(State.FAILED, error);
  }

  #show() {
    this.dataset.state = this.#state;
    const shown = /** @type {readonly string[]} */ (SHOWING).includes(this.#state) ? 'hidden' : 'shown';
    const { title, text } = this.#error ?? { title: T.stateName(this.#state, 'camera'), text: '' };
    this.#surface.say(shown, title, text);
  }

  /** Settle the promise of `start()`, as the state says. */
  #settle() {
    const starting = this.#starting;
    this.#starting = null;
    if (this.#state === State.CONNECTED) return starting?.resolve();
    const { code, title } = this.#error ?? { code: 'stopped', title: T.stateName(State.STOPPED, 'camera') };
    starting?.reject(Object.assign(new Error(title), { name: 'FacestreamError', code }));
  }

  /** @param {'state' | 'report' | 'marker' | 'error'} kind @param {object} detail */
  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(`facestream-${kind}`, { detail }));
  }
}

/** @param {number} wanted of the camera */
const isUsable = (wanted) => wanted > 0 && Number.isFinite(wanted);

/** @param {PeerError} error @param {boolean} temporary @returns {ViewError} */
function viewError(error, temporary) {
  const { title, text } = problemOf(error);
  return { code: error.code || error.key, title, text, temporary };
}

function deferred() {
  /** @type {() => void} */
  let resolve = () => {};
  /** @type {(error: unknown) => void} */
  let reject = () => {};
  /** @type {Promise<void>} */
  const promise = new Promise((...ends) => ([resolve, reject] = ends));
  return { promise, resolve, reject };
}

// Two versions in one page: the first one stays.
if (globalThis.customElements && !customElements.get(NAME)) customElements.define(NAME, FacestreamView);
