/**
 * One page's visits to the server as an explicit state machine: start, connect, fall back from WebRTC to the compatibility mode, lose,
 * retry, move to another server, change the source, stop. Independent of the DOM: it calls the ports for what it needs and the events for what happens.
 */

import { CurrentSource } from '../source/current-source.js';
import { MOVE_CODE } from '../connection/base-peer.js';
import { PeerError, asPeerError } from '../connection/errors.js';
import { Heard } from './heard.js';
import { Gap, Move } from './move.js';
import { Countdown, isTemporary, leastDelayMs, mayFallBack, retryDelayMs, shouldQueue } from './retry.js';
import { BEGUN, COUNTING, OPENING, PAUSABLE, RUNNING, State, TRANSITIONS, Transport } from './visit-states.js';

const LOOK_MS = 250;
const RATES_MS = 1000;
/** Without a message for this long, the server may be gone. */
const STALL_MS = 3000;
/** Media that do not flow by then rarely do; shorter than a Peer's own limit, because there is a fallback. */
const FALLBACK_MS = 6000;
/** A connection that lasted this long makes the next retry a quick first one again. */
const STEADY_S = 5;
/** Codes of a notice that the session goes on in another connection of this page. */
const CONTINUED_CODES = ['moved', 'replaced'];
/** After its server has stopped, a visit that was asked to move finds another one at once. */
const OTHER_SERVER_MS = 500;

/** @typedef {import('./visit-states.js').AnyPeer} AnyPeer */
/** @typedef {import('../connection/telemetry.js').Telemetry} Telemetry */
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
  /** @type {import('./visit-states.js').ServerTraits} */
  #traits = { hasFallback: false, needsToken: false, hasRelays: false };
  /** Once WebRTC has failed, it is not tried again before the next start. @type {import('./visit-states.js').TransportName} */
  #transport = Transport.WEBRTC;
  /** @type {AnyPeer | null} */
  #peer = null;
  /** @type {Countdown | null} */
  #countdown = null;
  /** @type {ReturnType<typeof setInterval>[]} */
  #timers = [];
  #tries = 0;
  #heard = new Heard();
  /** @type {Move | null} null: the server has not asked for one, or it is over */
  #move = null;
  /** @type {Gap | null} at the last change of the connection by a move */
  #gap = null;
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
    return this.#heard.dropped;
  }

  /** Ask for token and consent where they are needed, open the source and connect. Does nothing while running. */
  async start() {
    const obstacle = this.#ports.obstacle?.();
    // Nobody is asked to agree to something that cannot happen.
    if (obstacle) return this.reset();
    this.#traits = await this.#ports.traits();
    if (this.#traits.needsToken && !(await this.#obtainToken())) return;
    if (!(await this.#ports.askConsent()) || this.isRunning) return;
    const run = (this.#run += 1);
    this.#enter(State.STARTING);
    this.#transport = Transport.WEBRTC;
    this.#tries = 0;
    this.#heard.begin();
    this.#events.onHappening('began', null);
    try {
      // Do not open the camera if its video cannot be sent.
      if (!this.#traits.hasFallback && !this.#ports.hasWebrtc()) throw new PeerError('noWebrtc');
      const opened = await this.#sources.use(this.#ports.chosen());
      if (run !== this.#run) return;
      // WebRTC drops frames, and a file that is analysed once must not lose any.
      if (opened?.clipRun) this.#transport = Transport.JPEG;
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
      await this.#peer?.replaceTrack(trackOf(opened));
      this.#followCamera();
    } catch (error) {
      if (run === this.#run) this.#fail(asPeerError(error));
    }
  }

  /** @param {object} message a request of docs/telemetry.md, "control"; dropped without a connection @returns {boolean} whether it was sent */
  send(message) {
    return this.#peer?.send(message) ?? false;
  }

  /** To a server that keeps the results of this session; dropped elsewhere. @param {object} message */
  sendToRecord(message) {
    if (this.isRecorded) this.send(message);
  }

  /** @returns {boolean} whether the server keeps the results of this session */
  get isRecorded() {
    return this.#peer?.recorded ?? false;
  }

  /** @returns {import('../connection/base-peer.js').BasePeer['admission'] | null} what the server has said about the session; null: there is no connection */
  get admission() {
    return this.#peer?.admission ?? null;
  }

  /** The annotated video plays. */
  videoPlays() {
    this.#gap?.end();
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
    this.#heard.endConnection();
    this.#events.onConnecting();
    const peer = this.#ports.makePeer(this.#transport, this.#peerEvents(), resume, this.#heard.firstFaceId);
    this.#peer = peer;
    const hasFallback = this.#transport === Transport.WEBRTC && this.#traits.hasFallback;
    let used = null;
    try {
      used = await this.#open(peer, hasFallback ? FALLBACK_MS : undefined);
    } catch (thrown) {
      const error = asPeerError(thrown);
      if (!hasFallback || !mayFallBack(error) || run !== this.#run) throw error;
      this.#transport = Transport.JPEG;
      this.#events.onHappening('fellBack', error);
      // Resume the session that the server still keeps for the failed connection, so that it does not count twice.
      return this.#connect(peer.resumeToken || resume);
    }
    if (peer.closed) return false;
    this.#beginSession(peer.sessionId);
    // No source was open while the page waited, and another one may have been chosen since the offer.
    const opened = await (this.#sources.wanted ? this.#sources.last() : this.#sources.use(this.#ports.chosen()));
    if (!opened) return false;
    if (opened.clipRun) /** @type {import('../connection/jpeg-peer.js').JpegPeer} */ (peer).sendClip(opened.clipRun);
    else if (opened !== used) await peer.replaceTrack(trackOf(opened));
    if (peer.closed) return false;
    if (OPENING.includes(this.#state)) this.#enter(State.WAITING);
    this.#followCamera();
    return true;
  }

  /** @param {AnyPeer} peer @param {number} [connectMs] @returns {Promise<OpenSource | null>} the source that it sends. Rejects if there is no connection */
  async #open(peer, connectMs) {
    const iceServers = this.#transport === Transport.WEBRTC && this.#traits.hasRelays ? await this.#ports.fetchIceServers() : [];
    const used = await this.#sources.last();
    if (!peer.closed) await peer.open(used?.stream ?? null, connectMs, iceServers);
    return used;
  }

  /** @returns {import('../connection/jpeg-peer.js').JpegPeerEvents} */
  #peerEvents() {
    const { onVideo, onShown } = this.#events;
    return {
      onVideo,
      onControl: (message) => this.#hearControl(message),
      onShown: (frame) => {
        onShown(frame);
        this.#gap?.end();
      },
      onTelemetry: (telemetry) => this.#hear(telemetry),
      onFlow: (flow) => this.#followFlow(flow),
      onLost: (error) => this.#lose(error),
    };
  }

  /** @param {string} sessionId */
  #beginSession(sessionId) {
    this.#events.onSession(sessionId, this.#session);
    this.#heard.touch(performance.now());
    this.#stopTimers();
    this.#timers = [setInterval(() => this.#look(), LOOK_MS), setInterval(() => this.#measure(), RATES_MS)];
    if (this.#state !== State.QUEUED) return;
    this.#tries = 0;
    this.#enter(State.STARTING);
  }

  /** @returns {'resumed' | 'new'} what the session of this connection is */
  get #session() {
    return this.#peer?.resumed ? 'resumed' : 'new';
  }

  /** @param {import('../connection/telemetry.js').Control} message */
  #hearControl(message) {
    if (message.type === 'notice' && message.code === MOVE_CODE) this.#beginMove();
    else this.#events.onControl(message);
  }

  /** The server asks this page to connect again, and serves it until then. */
  #beginMove() {
    this.#move ??= new Move({
      // Without frames, the next server would end the session soon.
      isReady: () => PAUSABLE.includes(this.#state) || this.#state === State.INTERRUPTED,
      sendsTrack: () => Boolean(this.#sources.current && !this.#sources.current.paused && !this.#sources.current.clipRun),
      make: (events, resume) => this.#ports.makePeer(this.#transport, events, resume || (this.#peer?.resumeToken ?? ''), this.#heard.firstFaceId),
      open: (next) => this.#open(next, FALLBACK_MS),
      events: this.#peerEvents(),
      onReady: (next, used, tellAll) => this.#changeOver(next, used, tellAll),
      onEnd: (loss) => (loss ? this.#lose(loss) : this.#endMove()),
    });
  }

  /** The next connection works: it takes the place of the present one, which may have ended. @param {AnyPeer} next @param {OpenSource | null} used @param {() => void} tellAll */
  #changeOver(next, used, tellAll) {
    const old = this.#peer;
    const { atMs } = this.#heard;
    this.#endMove();
    this.#heard.endConnection();
    this.#events.onMove();
    this.#events.onConnecting();
    this.#peer = next;
    this.#beginSession(next.sessionId);
    const { current } = this.#sources;
    if (current?.clipRun) /** @type {import('../connection/jpeg-peer.js').JpegPeer} */ (next).sendClip(current.clipRun);
    else if (current && current !== used) next.replaceTrack(trackOf(current));
    const session = this.#session;
    this.#gap = new Gap(atMs, (gapMs) => this.#events.onMoved(session, gapMs));
    tellAll();
    // Only now, so that its video stays until the next one plays.
    old?.close();
    if (this.#state === State.INTERRUPTED) this.#showFlow();
  }

  #endMove() {
    this.#move?.close();
    this.#move = null;
    this.#gap?.close();
    this.#gap = null;
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

  /** The connection is lost: try again if the cause is temporary; camera, chart and counters stay. @param {PeerError} error */
  #lose(error) {
    if (this.#move?.takeLoss(error)) return;
    if (this.#move) return this.#loseBeforeMove(this.#move, error);
    if (!this.#sources.wanted || !isTemporary(error, this.#tries)) return this.#fail(error);
    if (this.#state !== State.RECONNECTING) this.#events.onHappening('lost', error);
    this.#heard.endConnection();
    this.#events.onInterlude();
    this.#comeBack(error);
  }

  /** The connection has ended before the visit could move. @param {Move} move @param {PeerError} error */
  #loseBeforeMove({ admitted }, error) {
    this.#endMove();
    // A try that failed may have got the session.
    this.#peer = admitted ?? this.#peer;
    const cause = CONTINUED_CODES.includes(error.code) ? new PeerError('closed', '', error) : error;
    if (cause.code === 'stopping') cause.retryMs = OTHER_SERVER_MS;
    this.#lose(cause);
  }

  /** Try again soon, or once the camera resumes: without frames the server would end the next session too. @param {PeerError} error */
  #comeBack(error) {
    if (this.#sources.current?.paused) {
      this.#sayPause();
      return this.#enter(State.HELD, error);
    }
    this.#enter(State.RECONNECTING, error);
    const resume = this.#peer?.resumeToken ?? '';
    this.#countDown(error, () => this.#retry(resume));
  }

  /** @param {string} resume */
  async #retry(resume) {
    const run = this.#run;
    const lost = this.#peer;
    this.#tries += 1;
    try {
      if (await this.#connect(resume)) this.#events.onHappening(this.#session === 'resumed' ? 'back' : 'backAnew', null);
    } catch (error) {
      if (run !== this.#run) return;
      // The next try resumes the session that was lost, unless the one that failed has got it.
      if (!this.#peer?.resumeToken) this.#peer = lost;
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
    this.#endMove();
    this.#events.onRelease();
    this.#peer?.close();
    this.#peer = null;
    this.#sources.close();
    this.#heard.endConnection();
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
    this.#heard.touch(performance.now());
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
    this.#heard.touch(performance.now());
    if (flow === 'interrupted') this.#enter(State.INTERRUPTED);
    else if (this.#state === State.INTERRUPTED) this.#showFlow();
  }

  /** Frames arrive, or will soon, unless the camera is paused. */
  #showFlow() {
    if (this.#sources.current?.paused) this.#pause();
    else this.#enter(this.#ports.hasFrame() ? State.CONNECTED : State.WAITING);
  }

  /** @param {Telemetry} telemetry */
  #hear(telemetry) {
    const heard = this.#heard.add(telemetry, performance.now(), this.#session);
    if (heard) this.#events.onTelemetry(heard, this.#heard.atMs);
  }

  #look() {
    if (!this.#heard.newest || this.#ports.isHidden() || this.#state === State.PAUSED) return;
    // A file that has no frame to send at the moment gets no answer either.
    const isSilent = performance.now() - this.#heard.atMs > STALL_MS && !(this.#sources.current?.clipRun && this.#sources.current.quiet);
    // The first frame may have played before the connection was reported.
    if (this.#state === State.WAITING && this.#ports.hasFrame()) this.#enter(State.CONNECTED);
    if (this.#state === State.CONNECTED && isSilent) {
      this.#enter(State.STALLED);
      this.#peer?.check();
    }
    if (this.#state === State.STALLED && !isSilent) this.#enter(State.CONNECTED);
    this.#events.onLook(this.#heard.newest);
  }

  async #measure() {
    const run = this.#run;
    // Without frames, only pings keep the session open: the camera is paused, or another one is being opened.
    if (this.#heard.newest && (this.#sources.current?.quiet ?? true)) this.#peer?.ping();
    const rates = (await this.#peer?.rates()) ?? null;
    if (run !== this.#run) return;
    // Without a connection, nothing else counts the camera's frames.
    if (rates || this.#state === State.HELD) this.#sources.current?.look(rates?.sourceFrames ?? null);
    if (!rates || this.#state === State.RECONNECTING) return;
    this.#events.onRates(rates);
    if (this.#state === State.CONNECTED && (this.#heard.newest?.pts ?? 0) > STEADY_S) this.#tries = 0;
  }
}

/** @param {OpenSource} opened @returns {MediaStreamTrack} */
const trackOf = (opened) => opened.stream.getVideoTracks()[0];
