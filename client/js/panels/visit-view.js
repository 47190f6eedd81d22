/** Shows what a visit reports: passes its events to the stage, the live view and the other panels. Looks up no element. */

import { endingOf, fallbackOf, problemOf } from '../texts/problems.js';
import { T } from '../texts/texts.js';
import { SHOWING, State } from '../visit/visit-states.js';

/**
 * @typedef {object} ViewParts
 * @property {HTMLElement} root gets `data-frame`, the number of the newest report
 * @property {import('./stage-panel.js').StagePanel} stage
 * @property {import('./live-view.js').LiveView} live
 * @property {import('./export-panel.js').ExportPanel} exports
 * @property {import('./recording-panel.js').RecordingPanel} recording
 * @property {import('./session-view.js').SessionView} session
 * @property {import('./setup-panel.js').SetupPanel} setup
 * @property {import('./switches.js').Switches} switches
 * @property {import('./language-menu.js').LanguageMenu} languages
 * @property {import('./clip-panel.js').ClipPanel} clip
 * @property {import('./marker-panel.js').MarkerPanel} markers
 * @property {import('./record-panel.js').RecordPanel} record
 * @property {() => Pick<import('../visit/visit.js').Visit, 'dropped' | 'admission'>} visit
 */

/** @param {ViewParts} parts @returns {import('../visit/visit-states.js').VisitEvents} */
export function visitEvents({ root, stage, live, exports, recording, session, setup, switches, languages, clip, markers, record, visit }) {
  return {
    onState: (state, error) => {
      stage.show(state, error);
      languages.showState(state);
      clip.show(state);
      // A recording continues while the camera is paused, and can be stopped.
      const video = SHOWING.includes(state) || (state === State.PAUSED && stage.hasFrame) ? 'there' : 'away';
      exports.showVideo(video);
      recording.showVideo(video);
      // The panel says the reason.
      if (error && [State.FAILED, State.LOST, State.RECONNECTING].some((each) => each === state)) stage.say('');
    },
    onHappening: (kind, error) => {
      if (kind === 'began') {
        live.begin(setup.source.clip && clip.plays === 'once' ? 'file' : 'page');
        session.begin();
        record.begin();
        clip.begin();
      }
      if (kind === 'began' || kind === 'back') stage.say('');
      if (kind === 'backAnew') stage.sayBriefly(T.FACES_ANEW);
      if (kind === 'paused' && clip.follows) live.hold(T.CLIP_HELD);
      else if (kind === 'paused') live.pause(T.NO_FRAMES);
      // A pause takes no time of the file.
      if (clip.follows && (kind === 'paused' || kind === 'resumed')) return;
      const reason = error && (kind === 'fellBack' ? fallbackOf(error) : problemOf(error));
      if (kind === 'fellBack' && reason) {
        stage.play(null);
        stage.showCompatibility('on');
        stage.sayBriefly(reason.text);
      }
      if (reason?.key === 'unknown') console.error(error);
      live.note(kind, reason?.title);
    },
    onCountdown: (secondsLeft) => stage.showCountdown(secondsLeft),
    onSource: (opened) => {
      clip.follow(opened);
      session.describe(opened.clipSize);
      switches.showSource(opened.facing);
      setup.refresh(opened.cameraId);
    },
    onConnecting: () => live.beginConnection(),
    onSession: (sessionId, origin) => {
      live.beginSession(sessionId, origin);
      session.connect();
      record.admit(visit().admission);
    },
    onMove: () => recording.interrupt(),
    onMoved: (origin, gapMs) => {
      const kind = origin === 'resumed' ? 'moved' : 'movedAnew';
      const gap = gapMs === null ? '' : (gapMs / 1000).toFixed(1);
      live.note(kind, gap);
      stage.sayBriefly(T.eventSentence({ timeS: 0, kind, detail: gap }));
    },
    onInterlude: () => {
      recording.interrupt();
      live.interrupt(T.NO_CONNECTION, visit().dropped);
    },
    onRelease: () => {
      stage.showCompatibility('off');
      recording.close();
      live.logAll();
      session.end();
      record.end();
      live.reset();
      stage.play(null);
    },
    onVideo: (stream) => {
      stage.play(stream);
      recording.resume(stream);
    },
    onTelemetry: (telemetry, atMs) => live.add(telemetry, atMs),
    onControl: (message) => {
      switches.hear(message);
      live.hear(message, switches.view);
      if (message.type === 'marker') markers.addOfProgram(live.timeOf(message.pts), [message.name, message.note].filter(Boolean).join(': '));
      if (message.type === 'notice') stage.say(endingOf(message.code)?.title ?? message.detail);
      if (message.type === 'error') stage.say(message.code === 'no_such_marker' ? T.NOTE_STAYS : message.detail);
    },
    onShown: (frame) => live.showJpegFrame(frame),
    onLook: (newest) => {
      stage.showBadge(live.show(newest, visit().dropped));
      exports.refresh();
      root.dataset.frame = String(newest.seq);
    },
    onRates: (rates) => live.showRates(rates),
  };
}
