/** Which layers the server draws, on which background, in which language, and whether it mirrors the video; applied at once and remembered. Uses its own elements only. */

import { inputs, make } from '../browser/elements.js';
import { keepChoice, readChoice } from '../browser/settings.js';
import { languageInUse } from '../texts/format.js';
import { T } from '../texts/texts.js';

export class Switches {
  #layers;
  #backgrounds;
  #send;
  #mirror;
  /** @type {import('../source/video-source.js').Facing} */
  #facing = 'front';
  /** @type {'mirrored' | 'as it is'} what the server does */
  #view = 'as it is';

  /**
   * @param {HTMLElement} layers holds one checkbox per layer
   * @param {HTMLElement} backgrounds gets a radio button for each background mode; hidden if the server offers fewer than two
   * @param {HTMLInputElement} mirror whether a front camera is shown as in a mirror
   * @param {(message: object) => void} send to the server, if there is a connection
   */
  constructor(layers, backgrounds, mirror, send) {
    this.#layers = layers;
    this.#backgrounds = backgrounds;
    this.#mirror = mirror;
    this.#send = send;
    mirror.checked = readChoice('selfView') !== 'as it is';
    mirror.addEventListener('change', () => {
      keepChoice('selfView', mirror.checked ? 'mirrored' : 'as it is');
      this.#sendMirror();
    });
    const kept = readChoice('layers')?.split(' ');
    if (kept) for (const input of inputs(layers, 'input')) input.checked = kept.includes(input.value);
    layers.addEventListener('change', () => {
      keepChoice('layers', this.#drawn().join(' '));
      this.#sendLayers();
    });
    backgrounds.addEventListener('change', ({ target }) => {
      if (target instanceof HTMLInputElement) keepChoice('view', target.value);
      this.#sendBackgroundMode();
    });
  }

  /** @returns {'mirrored' | 'as it is'} how the server draws the video at the moment */
  get view() {
    return this.#view;
  }

  /** Only a camera that looks at the person is mirrored. @param {import('../source/video-source.js').Facing} facing of the source that is sent */
  showSource(facing) {
    this.#facing = facing;
    this.#sendMirror();
  }

  /** @param {string[]} names of the server's background modes */
  offerBackgrounds(names) {
    const known = names.filter((name) => name in T.BACKGROUND_MODES);
    if (known.length < 2 || !this.#backgrounds.hidden) return;
    this.#backgrounds.hidden = false;
    const kept = readChoice('view');
    for (const name of known) {
      const label = make('label');
      const input = make('input', { type: 'radio', name: 'view', value: name });
      input.checked = name === (kept && known.includes(kept) ? kept : known[0]);
      label.append(input, make('span', { textContent: T.BACKGROUND_MODES[name] }));
      this.#backgrounds.append(label);
    }
  }

  /** @param {import('../connection/telemetry.js').Control} message a message of the server */
  hear(message) {
    if (message.type === 'hello') {
      this.offerBackgrounds(message.backgroundModes);
      this.#sendLayers();
      this.#sendBackgroundMode();
      this.#sendMirror();
      // An older server draws English only. The language changes with a reload, so with another session.
      if (message.languages.includes(languageInUse())) this.#send({ type: 'language', language: languageInUse() });
    }
    if (message.type === 'language') this.#layers.dataset.language = message.language;
    if (message.type === 'hello' || message.type === 'mirror') {
      this.#view = message.mirror ? 'mirrored' : 'as it is';
      this.#mirror.dataset.inForce = this.#view;
    }
    if (message.type === 'layers') this.#layers.dataset.inForce = message.layers.join(' ');
    if (message.type === 'view') this.#backgrounds.dataset.inForce = message.backgroundMode;
  }

  #drawn() {
    return inputs(this.#layers, 'input:checked').map((input) => input.value);
  }

  #sendLayers() {
    this.#send({ type: 'layers', layers: this.#drawn() });
  }

  #sendMirror() {
    this.#send({ type: 'mirror', mirror: this.#facing === 'front' && this.#mirror.checked });
  }

  #sendBackgroundMode() {
    const mode = inputs(this.#backgrounds, 'input:checked')[0]?.value;
    if (mode) this.#send({ type: 'view', view: mode });
  }
}
