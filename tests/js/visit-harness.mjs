/** A visit with fake sources and peers and a fake clock, all controlled by the test. */

import { PeerError } from '../../client/js/connection/errors.js';
import { State } from '../../client/js/visit/visit-states.js';
import { Visit } from '../../client/js/visit/visit.js';
import { fakeClock, settle } from './clock.mjs';

export const FULL = () => Object.assign(new PeerError('full', '1 of 1 sessions'), { retryMs: 5000 });
export const ended = (code) => Object.assign(new PeerError('ended', 'in words'), { code });

function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

class FakeSource {
  closed = false;
  paused = false;
  looked = [];
  #events = { onPause: () => {}, onEnd: () => {} };

  /** The frames of a file that is analysed once. */
  clipRun = null;

  constructor(options) {
    this.options = options;
    this.stream = { getVideoTracks: () => [`track of ${options}`] };
  }

  get quiet() {
    return this.paused;
  }

  listen(events) {
    this.#events = events;
  }

  look(frames) {
    this.looked.push(frames);
  }

  pause(paused) {
    this.paused = paused;
    this.#events.onPause();
  }

  finish() {
    this.#events.onFinish();
  }

  end() {
    this.#events.onEnd(new PeerError('cameraEnded'));
  }

  close() {
    this.closed = true;
    this.#events = { onPause: () => {}, onEnd: () => {} };
  }
}

class FakePeer {
  closed = false;
  sessionId = '';
  resumeToken = '';
  pings = 0;
  checks = 0;
  tracks = [];
  sent = [];
  opening = deferred();
  replacing = null;

  constructor(transport, events, resume, firstFaceId, number) {
    Object.assign(this, { transport, events, resume, firstFaceId, number });
  }

  async open(stream, connectMs, iceServers) {
    this.opened = { stream, connectMs, iceServers };
    try {
      await this.opening.promise;
    } catch (error) {
      this.closed = true;
      throw error;
    }
  }

  admit() {
    this.sessionId = `session ${this.number}`;
    this.resumeToken = `token ${this.number}`;
    this.resumed = Boolean(this.resume) && !this.forgotten;
    this.opening.resolve();
  }

  reject(error) {
    this.opening.reject(typeof error === 'string' ? new PeerError(error) : error);
  }

  lose(error) {
    this.closed = true;
    this.events.onLost(typeof error === 'string' ? new PeerError(error) : error);
  }

  async replaceTrack(track) {
    this.tracks.push(track);
    await this.replacing?.promise;
  }

  notice(code) {
    this.events.onControl({ type: 'notice', code, detail: 'in words' });
  }

  show(stream = `video ${this.number}`) {
    this.events.onVideo(stream);
  }

  sendClip(run) {
    this.run = run;
  }

  hear(change = {}) {
    this.events.onTelemetry({ seq: 1, pts: 1, dropped: 0, faces: [], ...change });
  }

  async rates() {
    return this.closed ? null : { sourceFrames: 7 };
  }

  send(message) {
    this.sent.push(message);
  }

  ping() {
    this.pings += 1;
  }

  async check() {
    this.checks += 1;
  }

  close() {
    this.closed = true;
  }
}

/** @param {import('node:test').TestContext} t @param {object} [world] differences from the default: a server with a fallback and without a token */
export function harness(t, world = {}) {
  const h = {
    traits: { hasFallback: true, needsToken: false, hasRelays: false },
    chosen: '640',
    consents: true,
    token: '',
    wrongTokens: [], // that the server rejects when it is asked
    tokens: [], // that the person enters, in order
    hasWebrtc: true,
    hasFrame: false,
    hidden: false,
    ...world,
    cameras: [],
    peers: [],
    states: [],
    said: [],
    happenings: [],
    countdowns: [],
    asked: { consent: 0, token: [], iceServers: 0, checks: 0 },
    heard: [],
    looks: 0,
    rates: 0,
    releases: 0,
    interludes: 0,
    moves: 0,
    moved: [],
    videos: [],
    controls: [],
  };
  h.pass = fakeClock(t);
  t.mock.method(Math, 'random', () => 1);
  const ports = {
    traits: async () => h.traits,
    hasToken: () => Boolean(h.token),
    checkToken: async () => {
      h.asked.checks += 1;
      return h.wrongTokens.includes(h.token) ? new PeerError('token') : null;
    },
    askToken: async (error) => {
      h.asked.token.push(error?.key ?? '');
      h.token = h.tokens.shift() ?? '';
      return Boolean(h.token);
    },
    askConsent: async () => {
      h.asked.consent += 1;
      return h.consents;
    },
    hasWebrtc: () => h.hasWebrtc,
    obstacle: () => h.obstacle ?? null,
    chosen: () => h.chosen,
    openSource: async (options) => {
      const camera = { ...deferred(), source: new FakeSource(options) };
      h.cameras.push(camera);
      await camera.promise;
      return camera.source;
    },
    makePeer: (transport, events, resume, firstFaceId) => {
      h.peers.push(new FakePeer(transport, events, resume, firstFaceId, h.peers.length + 1));
      return h.peers.at(-1);
    },
    fetchIceServers: async () => {
      h.asked.iceServers += 1;
      return [{ urls: ['turn:a'] }];
    },
    hasFrame: () => h.hasFrame,
    isOffline: () => h.offline ?? false,
    isHidden: () => h.hidden,
  };
  const events = {
    onState: (state, error) => {
      h.states.push(state);
      h.said.push(error?.key ?? '');
    },
    onHappening: (kind, error) => h.happenings.push(error ? `${kind} ${error.code || error.key}` : kind),
    onCountdown: (secondsLeft) => h.countdowns.push(secondsLeft),
    onSource: () => {},
    onConnecting: () => {},
    onSession: (sessionId, origin) => Object.assign(h, { session: sessionId, origin }),
    onMove: () => (h.moves += 1),
    onMoved: (origin, gapMs) => h.moved.push([origin, gapMs]),
    onInterlude: () => (h.interludes += 1),
    onRelease: () => (h.releases += 1),
    onVideo: (stream) => h.videos.push(stream),
    onTelemetry: ({ seq }) => h.heard.push(seq),
    onControl: ({ type }) => h.controls.push(type),
    onShown: () => {},
    onLook: () => (h.looks += 1),
    onRates: () => (h.rates += 1),
  };
  h.visit = new Visit(ports, events);
  t.after(() => h.visit.stop());
  return Object.assign(h, steps(h));
}

/** The steps of the tests; each waits until the visit has reacted. */
function steps(h) {
  const s = {
    peer: () => h.peers.at(-1),
    camera: () => h.cameras.at(-1),
    source: () => h.cameras.at(-1).source,
    openCamera: async () => {
      s.camera().resolve();
      await settle();
    },
    start: async () => {
      h.visit.start();
      await settle();
    },
    admit: async () => {
      s.peer().admit();
      await settle();
    },
    reject: async (error) => {
      s.peer().reject(error);
      await settle();
    },
    change: async (options) => {
      h.chosen = options;
      h.visit.changeSource();
      await settle();
    },
    lose: async (error) => {
      s.peer().lose(error);
      await settle();
    },
    mute: async () => {
      s.source().pause(true);
      await settle();
    },
    unmute: async () => {
      s.source().pause(false);
      await settle();
    },
    play: () => {
      h.hasFrame = true;
      h.visit.videoPlays();
    },
    /** The person chooses a source that opens muted; its track is not sent yet. */
    changeToMuted: async () => {
      s.peer().replacing = deferred();
      await s.change('muted');
      s.source().paused = true;
      await s.openCamera();
    },
  };
  return s;
}

/** The steps of a person, a camera and a server that lead to each state. */
const ROUTES = {
  [State.IDLE]: async () => {},
  [State.STARTING]: (h) => h.start(),
  [State.CONNECTING]: async (h) => {
    await h.start();
    await h.openCamera();
  },
  [State.QUEUED]: async (h) => {
    await reach(h, State.CONNECTING);
    await h.reject(FULL());
  },
  [State.WAITING]: async (h) => {
    await reach(h, State.CONNECTING);
    await h.admit();
  },
  [State.CONNECTED]: async (h) => {
    await reach(h, State.WAITING);
    h.play();
  },
  [State.STALLED]: async (h) => {
    await reach(h, State.CONNECTED);
    h.peer().hear();
    await h.pass(3500);
  },
  [State.INTERRUPTED]: async (h) => {
    await reach(h, State.CONNECTED);
    h.peer().events.onFlow('interrupted');
  },
  [State.PAUSED]: async (h) => {
    await reach(h, State.CONNECTED);
    await h.mute();
  },
  [State.HELD]: async (h) => {
    await reach(h, State.PAUSED);
    await h.lose('cut');
  },
  [State.RECONNECTING]: async (h) => {
    await reach(h, State.CONNECTED);
    await h.lose('cut');
  },
  [State.STOPPED]: async (h) => {
    await reach(h, State.CONNECTED);
    h.visit.stop();
  },
  [State.FINISHED]: async (h) => {
    await reach(h, State.CONNECTED);
    h.source().finish();
  },
  [State.FAILED]: async (h) => {
    await h.start();
    h.camera().reject(new PeerError('denied'));
    await settle();
  },
  [State.LOST]: async (h) => {
    await reach(h, State.CONNECTED);
    await h.lose(ended('time_over'));
  },
};

/** @param {ReturnType<typeof harness>} h @param {string} state */
export async function reach(h, state) {
  await ROUTES[state](h);
  if (h.visit.state !== state) throw new Error(`expected ${state}, reached ${h.visit.state}`);
}

/** The server has admitted a waiting page, which now opens its camera: STARTING with a connection. */
export async function reachAdmitted(h) {
  await reach(h, State.QUEUED);
  h.visit.tryNow();
  await settle();
  await h.admit();
}

/** Connected while a source that was chosen after the offer is being opened: CONNECTING with a connection. */
export async function reachConnectedWithoutSource(h) {
  await reach(h, State.CONNECTING);
  await h.change('320');
  await h.admit();
}
