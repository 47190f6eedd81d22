/** What `<facestream-view>` shows: the annotated video, the label over it, or a message in its place. Draws into its own shadow root only. */

import { make, putText } from '../browser/elements.js';

const STYLE = `
:host { display: block; position: relative; overflow: hidden; aspect-ratio: 4 / 3; min-inline-size: 10rem; background: #070c0b; color: #e7efec;
  font: 1rem/1.4 ui-sans-serif, system-ui, sans-serif; }
:host([hidden]), [hidden] { display: none !important; }
p { margin: 0; }
video { display: block; inline-size: 100%; block-size: 100%; object-fit: contain; }
.word, .message { position: absolute; padding: 0.25em 0.75em; background: rgb(7 12 11 / 0.82); }
.word { inset-block-end: 0.5em; inset-inline-start: 0.5em; max-inline-size: calc(100% - 1em); box-sizing: border-box; border-radius: 0.5em; }
.label { font-size: 1.25em; font-weight: 650; }
.estimate, .countdown { font-size: 0.8em; }
.message { inset: 0; display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 0.4em; overflow: auto; text-align: center; }
.title { font-weight: 650; }
@media (forced-colors: active) { .word { border: 1px solid; } }
`;

/** Shared by all elements, because browsers apply it although the page's Content-Security-Policy forbids inline styles. @type {CSSStyleSheet | null} */
let sheet = null;

export class ViewSurface {
  #video = make('video', { autoplay: true, muted: true, playsInline: true });
  #word = part('div', 'word');
  #label = part('p', 'label');
  #estimate = part('p', 'estimate');
  #message = part('div', 'message');
  #title = part('p', 'title');
  #text = part('p', 'text');
  #countdown = part('p', 'countdown');

  /** @param {ShadowRoot} root @param {() => void} onPlay the annotated video plays */
  constructor(root, onPlay) {
    addStyle(root);
    this.#video.setAttribute('part', 'video');
    this.#video.addEventListener('playing', onPlay);
    this.#title.setAttribute('role', 'status');
    this.#countdown.setAttribute('role', 'timer');
    this.#word.append(this.#label, this.#estimate);
    this.#message.append(this.#title, this.#text, this.#countdown, make('slot'));
    root.append(this.#video, this.#word, this.#message);
    this.label('', '');
  }

  /** @returns {HTMLVideoElement} that shows the annotated video */
  get video() {
    return this.#video;
  }

  /** @returns {boolean} whether a frame of the annotated video is on show */
  get hasFrame() {
    return this.#video.videoWidth > 0;
  }

  /** @param {MediaStream | null} stream the annotated video; null: none */
  play(stream) {
    this.#video.srcObject = stream;
  }

  /** @param {string} label of a face; empty: hide it @param {string} estimate the caution below it */
  label(label, estimate) {
    this.#word.hidden = !label;
    put(this.#label, label);
    put(this.#estimate, estimate);
  }

  /** @param {'shown' | 'hidden'} message whether it covers the video @param {string} title @param {string} text */
  say(message, title, text) {
    this.#message.hidden = message === 'hidden';
    put(this.#title, title);
    put(this.#text, text);
    put(this.#countdown, '');
  }

  /** @param {string} text below the message; empty: none */
  count(text) {
    put(this.#countdown, text);
  }
}

/** @param {'p' | 'div'} name @param {string} className also its `part`, for the page's styles @returns {HTMLElement} */
function part(name, className) {
  const made = make(name, { className });
  made.setAttribute('part', className);
  return made;
}

/** @param {HTMLElement} element @param {string} text empty: hide it */
function put(element, text) {
  putText(element, text);
  element.hidden = !text;
}

/** @param {ShadowRoot} root */
function addStyle(root) {
  // Safari supports shared style sheets only since 16.4.
  if ('adoptedStyleSheets' in root && 'replaceSync' in CSSStyleSheet.prototype) {
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
    }
    root.adoptedStyleSheets = [sheet];
  } else root.append(make('style', { textContent: STYLE }));
}
