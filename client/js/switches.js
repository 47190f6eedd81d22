/** What the server draws, and on which picture: switches that act at once and are remembered. Uses its own elements only. */

import { recall, remember } from './settings.js';
import { VIEWS } from './strings.js';

export class Switches {
  #layers;
  #views;
  #send;

  /**
   * @param {HTMLElement} layers holds a checkbox a layer
   * @param {HTMLElement} views gets a radio button a view, and is hidden where the server has no choice of views
   * @param {(message: object) => void} send to the server, where there is a connection
   */
  constructor(layers, views, send) {
    this.#layers = layers;
    this.#views = views;
    this.#send = send;
    const kept = recall('layers')?.split(' ');
    if (kept) for (const input of layers.querySelectorAll('input')) input.checked = kept.includes(input.value);
    layers.addEventListener('change', () => {
      remember('layers', this.#drawn().join(' '));
      this.#sendLayers();
    });
    views.addEventListener('change', ({ target }) => {
      remember('view', target.value);
      this.#sendView();
    });
  }

  /** @param {string[]} names of the views the server has; fewer than two are no choice */
  offerViews(names) {
    const known = names.filter((name) => name in VIEWS);
    if (known.length < 2 || !this.#views.hidden) return;
    this.#views.hidden = false;
    const kept = recall('view');
    for (const name of known) {
      const label = document.createElement('label');
      const input = Object.assign(document.createElement('input'), { type: 'radio', name: 'view', value: name });
      input.checked = name === (known.includes(kept) ? kept : known[0]);
      label.append(input, Object.assign(document.createElement('span'), { textContent: VIEWS[name] }));
      this.#views.append(label);
    }
  }

  /** @param {import('./telemetry.js').Control} message what the server said */
  hear(message) {
    if (message.type === 'hello') {
      this.offerViews(message.views);
      this.#sendLayers();
      this.#sendView();
    }
    if (message.type === 'layers') this.#layers.dataset.inForce = message.layers.join(' ');
    if (message.type === 'view') this.#views.dataset.inForce = message.view;
  }

  #drawn() {
    return [...this.#layers.querySelectorAll('input:checked')].map((input) => input.value);
  }

  #sendLayers() {
    this.#send({ type: 'layers', layers: this.#drawn() });
  }

  #sendView() {
    const view = this.#views.querySelector('input:checked')?.value;
    if (view) this.#send({ type: 'view', view });
  }
}
