/**
 * One page's visits to the server as an explicit state machine: start, connect, fall back from WebRTC to the compatibility mode, lose,
 * retry, move to another server, change the source, stop. Independent of the DOM: it calls the ports for what it needs and the events for what happens.
 */

import { CurrentSource } from '../source/current-source.js';
import { PeerError, asPeerError } from '../connection/errors.js';
import { Connections, trackOf } from './connections.js';
import { Countdown, isTemporary, leastDelayMs, mayFallBack, retryDelayMs, shouldQueue } from './retry.js';
import { BEGUN, COUNTING, OPENING, PAUSABLE, RUNNING, State, TRANSITIONS } from './visit-states.js';

const LOOK_MS = 250;
const RATES_MS = 1000;
/** Without a message for this long, the server may be gone. */
const STALL_MS = 3000;
/** A connection that lasted this long makes the next retry a quick first one again. */
const STEADY_S = 5;

/** @typedef {import('./visit-states.js').OpenSource} OpenSource */

export class Visit {
  #ports;
  #events;
  /** @type {import('./visit-states.js').VisitState} */
  #state = State.IDLE;
  /** Why the state was entered, where an error was the reason. @type {PeerError | null} */
  #error = null;
  /** @type {CurrentSource<import('../source/video-source.js').SourceOptions, OpenSource>} */
  #sources;
  #connections;
  /** @type {Countdown | null} */
  #countdown = null;
  /** @type {ReturnType<typeof setInterval>[]} */
  #timers = [];
  #tries = 0;
  /** Counts starts and ends: a task that began before the last one must not act after it. */
  #run = 0;
  /** Whether the page asks for a token at the moment. */
  #asking = false;
  /** Whether the events say that the camera is paused. */
  #isPauseSaid = false;

  /** @param {import('./visit-states.js').VisitPorts} ports @param {import('./visit-states.js').VisitEvents} events */
  constructor(ports, events) {
    this.#ports = ports;
    this.#events = events;
    this.#sources = new CurrentSource(ports.openSource, (opened) => {
      opened.listen({ onPause: () => this.#followCamera(), onEnd: (error) => this.#fail(error), onFinish: () => this.#finish() });
      events.onSource(opened);
    });
    this.#connections = new Connections(ports, events, this.#sources, {
      mayMove: () => PAUSABLE.includes(this.#state) || this.#state === State.INTERRUPTED,
      onSession: (sessionId) => this.#beginSession(sessionId),
      onMoved: () => this.#state === State.INTERRUPTED && this.#showFlow(),
      onFlow: (flow) => this.#followFlow(flow),
      onLost: (error) => this.#lose(error),
    });
  }

  /** @returns {import('./visit-states.js').VisitState} */
  get state() {
    return this.#state;
  }

  /** @returns {boolean} */
  get isRunning() {
    return RUNNING.includes(this.#state);
  }

  /** @returns {number} frames dropped since the start */
  get dropped() {
    return this.#connections.heard.dropped;
  }

  /** Ask for token and consent where they are needed, open the source and connect. Does nothing while running. */
  async start() {
    const obstacle = this.#ports.obstacle?.();
    // Nobody is asked to agree to something that cannot happen.
    if (obstacle) return this.reset();
    const traits = await this.#ports.traits();
    if (traits.needsToken && !(await this.#obtainToken())) return;
    if (!(await this.#ports.askConsent()) || this.isRunning) return;
    const run = (this.#run += 1);
    this.#enter(State.STARTING);
    this.#tries = 0;
    this.#connections.begin(traits);
    this.#events.onHappening('began', null);
    try {
      // Do not open the camera if its video cannot be sent.
      if (!traits.hasFallback && !this.#ports.hasWebrtc()) throw new PeerError('noWebrtc');
      const opened = await this.#sources.use(this.#ports.chosen());
      if (run !== this.#run) return;
      // WebRTC drops frames, and a file that is analysed once must not lose any.
      if (opened?.clipRun) this.#connections.fallBack();
      this.#enter(State.CONNECTING);
      await this.#connect('');
    } catch (thrown) {
      if (run !== this.#run) return;
      const error = asPeerError(thrown);
      if (shouldQueue(error, this.#tries)) return this.#queue(error);
      await this.#failToStart(error);
    }
  }

  /** @returns {Promise<boolean>} whether there is a token that the server accepts. Ask before the camera opens, until there is one. */
  async #obtainToken() {
    if (this.#asking) return false;
    this.#asking = true;
    try {
      let problem = null;
      while (!this.#ports.hasToken() || (problem = await this.#ports.checkToken())) {
        if (!(await this.#ports.askToken(problem))) return false;
      }
      return true;
    } finally {
      this.#asking = false;
    }
  }

  /** A token can expire between the check and the offer, or while the page waits. @param {PeerError} error */
  async #failToStart(error) {
    this.#fail(error);
    if (error.key === 'token' && (await this.#ports.askToken(error))) await this.start();
  }

  /** Close everything; the camera is off. Does nothing while nothing runs. */
  stop() {
    if (!this.isRunning) return;
    this.#events.onHappening('stopped', null);
    this.#release();
    this.#enter(State.STOPPED);
  }

  /** Try now instead of at the end of the countdown. Does nothing where nothing is counted down. */
  tryNow() {
    if (COUNTING.includes(this.#state)) this.#countdown?.end();
  }

  /** The device is connected again: try now, or forget that it was not. */
  comeOnline() {
    this.tryNow();
    if (this.#error?.key === 'offline') this.reset();
  }

  /** Back to the state before the first start. Does nothing while running. */
  reset() {
    if (!this.isRunning) this.#enter(State.IDLE, this.#ports.obstacle?.() ?? null);
  }

  /** Send the source that is chosen now, over the same connection. If none is open or being opened, the next start uses it. */
  async changeSource() {
    if (!this.#sources.wanted) return;
    // A file that is analysed once is analysed as it began; a camera has other times, so it is another visit.
    if (this.#sources.current?.clipRun) return this.#ports.chosen().clip ? undefined : this.stop();
    const run = this.#run;
    try {
      const opened = await this.#sources.use(this.#ports.chosen());
      if (run !== this.#run || !opened) return;
      await this.#connections.peer?.replaceTrack(trackOf(opened));
      this.#followCamera();
    } catch (error) {
      if (run === this.#run) this.#fail(asPeerError(error));
    }
  }

  /** @param {object} message a request of docs/telemetry.md, "control"; dropped without a connection @returns {boolean} whether it was sent */
  send(message) {
    return this.#connections.peer?.send(message) ?? false;
  }

  /** To a server that keeps the results of this session; dropped elsewhere. @param {object} message */
  sendToRecord(message) {
    if (this.isRecorded) this.send(message);
  }

  /** @returns {boolean} whether the server keeps the results of this session */
  get isRecorded() {
    return this.#connections.peer?.recorded ?? false;
  }

  /** @returns {import('../connection/base-peer.js').BasePeer['admission'] | null} what the server has said about the session; null: there is no connection */
  get admission() {
    return this.#connections.peer?.admission ?? null;
  }

  /** The annotated video plays. */
  videoPlays() {
    this.#connections.frameShown();
    // Chromium plays a black frame when the track of a connection that never opened ends.
    if (PAUSABLE.includes(this.#state)) this.#showFlow();
  }

  /** The one setter of the state. @param {import('./visit-states.js').VisitState} state @param {PeerError | null} [error] */
  #enter(state, error = null) {
    if (state === this.#state && !error) return;
    if (state !== this.#state && !TRANSITIONS[this.#state].includes(state)) throw new Error(`no transition from ${this.#state} to ${state}`);
    this.#state = state;
    this.#error = error;
    this.#events.onState(state, error);
  }

  /**
   * @param {string} resume token of the lost connection; empty: there was none
   * @returns {Promise<boolean>} false: stopped, lost or replaced in the meantime. Rejects if there is no connection.
   */
  async #connect(resume) {
    const run = this.#run;
    const peer = this.#connections.make(resume);
    const { hasFallback } = this.#connections;
    let used = null;
    try {
      used = await this.#connections.open(peer);
    } catch (thrown) {
      const error = asPeerError(thrown);
      if (!hasFallback || !mayFallBack(error) || run !== this.#run) throw error;
      this.#connections.fallBack();
      this.#events.onHappening('fellBack', error);
      // Resume the session that the server still keeps for the failed connection, so that it does not count twice.
      return this.#connect(peer.resumeToken || resume);
    }
    if (peer.closed) return false;
    this.#beginSession(peer.sessionId);
    // No source was open while the page waited, and another one may have been chosen since the offer.
    const opened = await (this.#sources.wanted ? this.#sources.last() : this.#sources.use(this.#ports.chosen()));
    if (!opened) return false;
    await this.#connections.sendSource(peer, opened, used);
    if (peer.closed) return false;
    if (OPENING.includes(this.#state)) this.#enter(State.WAITING);
    this.#followCamera();
    return true;
  }

  /** @param {string} sessionId */
  #beginSession(sessionId) {
    this.#events.onSession(sessionId, this.#connections.session);
    this.#connections.heard.touch(performance.now());
    this.#stopTimers();
    this.#timers = [setInterval(() => this.#look(), LOOK_MS), setInterval(() => this.#measure(), RATES_MS)];
    if (this.#state !== State.QUEUED) return;
    this.#tries = 0;
    this.#enter(State.STARTING);
  }

  /** The server is full: try again after its `Retry-After`, with the camera off until then. @param {PeerError} error */
  #queue(error) {
    this.#sources.close();
    if (this.#state !== State.QUEUED) this.#events.onHappening('queued', error);
    this.#enter(State.QUEUED, error);
    this.#countDown(error, () => this.#tryAdmission());
  }

  /** Try to connect without a camera; it opens once the server has admitted the page. */
  async #tryAdmission() {
    const run = this.#run;
    this.#tries += 1;
    try {
      await this.#connect('');
    } catch (thrown) {
      if (run !== this.#run) return;
      const error = asPeerError(thrown);
      if (this.#state === State.QUEUED && shouldQueue(error, this.#tries)) this.#queue(error);
      else await this.#failToStart(error);
    }
  }

  /** The connection is lost: try again if the cause is temporary; camera, chart and counters stay. @param {PeerError} loss */
  #lose(loss) {
    const error = this.#connections.takeLoss(loss);
    if (!error) return;
    if (!this.#sources.wanted || !isTemporary(error, this.#tries)) return this.#fail(error);
    if (this.#state !== State.RECONNECTING) this.#events.onHappening('lost', error);
    this.#connections.heard.endConnection();
    this.#events.onInterlude();
    this.#comeBack(error);
  }

  /** Try again soon, or once the camera resumes: without frames the server would end the next session too. @param {PeerError} error */
  #comeBack(error) {
    if (this.#sources.current?.paused) {
      this.#sayPause();
      return this.#enter(State.HELD, error);
    }
    this.#enter(State.RECONNECTING, error);
    const resume = this.#connections.peer?.resumeToken ?? '';
    this.#countDown(error, () => this.#retry(resume));
  }

  /** @param {string} resume */
  async #retry(resume) {
    const run = this.#run;
    const lost = this.#connections.peer;
    this.#tries += 1;
    try {
      if (await this.#connect(resume)) this.#events.onHappening(this.#connections.session === 'resumed' ? 'back' : 'backAnew', null);
    } catch (error) {
      if (run !== this.#run) return;
      this.#connections.giveBack(lost);
      this.#lose(asPeerError(error));
    }
  }

  /** @param {PeerError} error whose cause is temporary @param {() => void} then */
  #countDown(error, then) {
    this.#countdown?.close();
    this.#countdown = new Countdown(retryDelayMs(this.#tries, leastDelayMs(error)), (seconds) => this.#events.onCountdown(seconds), () => {
      this.#countdown = null;
      this.#events.onCountdown(0);
      then();
    });
  }

  /** @param {PeerError} cause that ends the visit */
  #fail(cause) {
    const error = cause.key === 'serverAway' && this.#ports.isOffline() ? new PeerError('offline', '', cause) : cause;
    const begun = BEGUN.includes(this.#state);
    this.#events.onHappening(begun ? 'ended' : 'failed', error);
    this.#release();
    this.#enter(begun ? State.LOST : State.FAILED, error);
  }

  /** Every frame of the file has been analysed, or could not be. */
  #finish() {
    if (!BEGUN.includes(this.#state)) return;
    this.#events.onHappening('finished', null);
    this.#release();
    this.#enter(State.FINISHED);
  }

  #release() {
    this.#run += 1;
    this.#isPauseSaid = false;
    this.#stopTimers();
    this.#countdown?.close();
    this.#events.onRelease();
    this.#connections.close();
    this.#sources.close();
  }

  #stopTimers() {
    this.#timers.forEach(clearInterval);
    this.#timers = [];
  }

  /** The camera may have paused or resumed. The connection stays open meanwhile, see `#measure`. */
  #followCamera() {
    const paused = this.#sources.current?.paused ?? false;
    if (paused && PAUSABLE.includes(this.#state)) this.#pause();
    if (paused) return;
    if (this.#isPauseSaid) {
      this.#isPauseSaid = false;
      this.#events.onHappening('resumed', null);
    }
    if (this.#state !== State.PAUSED && this.#state !== State.HELD) return;
    const lost = this.#state === State.HELD ? this.#error : null;
    this.#connections.heard.touch(performance.now());
    if (lost) this.#comeBack(lost);
    else this.#showFlow();
  }

  #pause() {
    this.#sayPause();
    this.#enter(State.PAUSED);
  }

  #sayPause() {
    if (!this.#isPauseSaid) this.#events.onHappening('paused', null);
    this.#isPauseSaid = true;
  }

  /** @param {'connected' | 'interrupted'} flow */
  #followFlow(flow) {
    this.#connections.heard.touch(performance.now());
    if (flow === 'interrupted') this.#enter(State.INTERRUPTED);
    else if (this.#state === State.INTERRUPTED) this.#showFlow();
  }

  /** Frames arrive, or will soon, unless the camera is paused. */
  #showFlow() {
    if (this.#sources.current?.paused) this.#pause();
    else this.#enter(this.#ports.hasFrame() ? State.CONNECTED : State.WAITING);
  }

  #look() {
    if (!this.#connections.heard.newest || this.#ports.isHidden() || this.#state === State.PAUSED) return;
    // A file that has no frame to send at the moment gets no answer either.
    const isSilent = performance.now() - this.#connections.heard.atMs > STALL_MS && !(this.#sources.current?.clipRun && this.#sources.current.quiet);
    // The first frame may have played before the connection was reported.
    if (this.#state === State.WAITING && this.#ports.hasFrame()) this.#enter(State.CONNECTED);
    if (this.#state === State.CONNECTED && isSilent) {
      this.#enter(State.STALLED);
      this.#connections.peer?.check();
    }
    if (this.#state === State.STALLED && !isSilent) this.#enter(State.CONNECTED);
    this.#events.onLook(this.#connections.heard.newest);
  }

  async #measure() {
    const run = this.#run;
    // Without frames, only pings keep the session open: the camera is paused, or another one is being opened.
    if (this.#connections.heard.newest && (this.#sources.current?.quiet ?? true)) this.#connections.peer?.ping();
    const rates = (await this.#connections.peer?.rates()) ?? null;
    if (run !== this.#run) return;
    // Without a connection, nothing else counts the camera's frames.
    if (rates || this.#state === State.HELD) this.#sources.current?.look(rates?.sourceFrames ?? null);
    if (!rates || this.#state === State.RECONNECTING) return;
    this.#events.onRates(rates);
    if (this.#state === State.CONNECTED && (this.#connections.heard.newest?.pts ?? 0) > STEADY_S) this.#tries = 0;
  }
}
