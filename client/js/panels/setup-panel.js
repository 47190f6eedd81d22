/** What is sent: camera, size and rate, which are remembered, or a clip. Uses its own element only. */

import { FRONT, REAR, listCameras } from '../source/camera.js';
import { find, inputs } from '../browser/elements.js';
import { keepChoice, readChoice } from '../browser/settings.js';
import { T } from '../texts/texts.js';

export class SetupPanel {
  #element;
  #summary;
  #camera;
  /** @type {File | null} */
  #clip = null;
  #wanted = readChoice('camera') ?? FRONT;
  #onChange;

  /**
   * @param {HTMLElement} element holds .summary, select, and radio buttons "size" and "fps"
   * @param {() => void} onChange the choice has changed
   */
  constructor(element, onChange) {
    this.#element = element;
    this.#summary = find(element, '.summary', HTMLElement);
    this.#camera = find(element, 'select', HTMLSelectElement);
    this.#onChange = onChange;
    for (const name of ['size', 'fps']) this.#check(name, readChoice(name));
    this.#offer([]);
    element.addEventListener('change', ({ target }) => {
      // That is not sent: the server mirrors what it sends back.
      if (target instanceof HTMLInputElement && target.name === 'mirror') return;
      if (target === this.#camera) this.#wanted = this.#camera.value;
      this.#changed();
    });
  }

  /** @returns {Omit<import('../source/video-source.js').SourceOptions, 'clipPlays'>} */
  get source() {
    const [width, height] = this.#checked('size').split('x').map(Number);
    return { camera: this.#wanted, width, height, fps: Number(this.#checked('fps')), clip: this.#clip };
  }

  /** @param {File | null} file played instead of the camera; null: the camera again */
  useClip(file) {
    this.#clip = file;
    this.#sayChoice();
    this.#onChange();
  }

  /**
   * List the cameras; browsers name them once one was allowed.
   *
   * @param {string} inUse id of the camera that is open; empty: none is
   * @returns {Promise<void>}
   */
  async refresh(inUse) {
    this.#offer(await listCameras().catch(() => []), inUse);
  }

  #changed() {
    const { camera, width, height, fps } = this.source;
    for (const [name, value] of Object.entries({ camera, size: `${width}x${height}`, fps: String(fps) })) keepChoice(name, value);
    this.#sayChoice();
    this.#onChange();
  }

  /** @param {{id: string, name: string}[]} cameras @param {string} [inUse] */
  #offer(cameras, inUse = '') {
    const known = cameras.length ? cameras : [{ id: FRONT, name: T.CAMERAS.front }, { id: REAR, name: T.CAMERAS.rear }];
    this.#camera.replaceChildren(...known.map(({ id, name }) => new Option(name, id)));
    // The choice may be "front", or a camera that the browser does not name yet; then the list shows the camera in use.
    const shown = [this.#wanted, inUse].find((wanted) => known.some(({ id }) => id === wanted));
    this.#camera.value = shown ?? known[0].id;
    this.#sayChoice();
  }

  #sayChoice() {
    const { width, height, fps, clip } = this.source;
    this.#summary.textContent = clip ? T.clipName(clip.name) : T.setupSummary(width, height, fps);
  }

  /** @param {string} name */
  #checked(name) {
    return find(this.#element, `[name=${name}]:checked`, HTMLInputElement).value;
  }

  /** @param {string} name @param {string | null} value ignored if there is no such choice */
  #check(name, value) {
    const input = inputs(this.#element, `[name=${name}]`).find((candidate) => candidate.value === value);
    if (input) input.checked = true;
  }
}
