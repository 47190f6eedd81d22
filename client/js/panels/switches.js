/** Which layers the server draws, and on which background; applied at once and remembered. Uses its own elements only. */

import { inputs, make } from '../browser/elements.js';
import { keepChoice, readChoice } from '../browser/settings.js';
import { T } from '../texts/texts.js';

export class Switches {
  #layers;
  #backgrounds;
  #send;

  /**
   * @param {HTMLElement} layers holds one checkbox per layer
   * @param {HTMLElement} backgrounds gets a radio button for each background mode; hidden if the server offers fewer than two
   * @param {(message: object) => void} send to the server, if there is a connection
   */
  constructor(layers, backgrounds, send) {
    this.#layers = layers;
    this.#backgrounds = backgrounds;
    this.#send = send;
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

  #sendBackgroundMode() {
    const mode = inputs(this.#backgrounds, 'input:checked')[0]?.value;
    if (mode) this.#send({ type: 'view', view: mode });
  }
}
