/** For an audience: big word, full screen, and the video in a small window of its own. Uses its own buttons only. */

import { T } from '../texts/texts.js';

/**
 * @typedef {object} PresentationParts
 * @property {HTMLElement} root gets `data-present`; is shown in full screen
 * @property {HTMLVideoElement} video
 * @property {HTMLDetailsElement} menu holds the three buttons below; closes at a press on one
 * @property {HTMLButtonElement} word
 * @property {HTMLButtonElement} leave ends the big word; shown with it
 * @property {HTMLButtonElement} fullScreen hidden where the browser has none for pages
 * @property {HTMLButtonElement} smallWindow hidden where the browser has no picture-in-picture
 * @property {(text: string) => void} say
 */

export class Presentation {
  #at;

  /** @param {PresentationParts} parts */
  constructor(parts) {
    this.#at = parts;
    const { menu, word, leave, fullScreen, smallWindow, root } = parts;
    const page = root.ownerDocument;
    fullScreen.hidden = !page.fullscreenEnabled;
    smallWindow.hidden = !page.pictureInPictureEnabled;
    menu.addEventListener('click', ({ target }) => {
      if (target instanceof Element && target.closest('button')) this.#closeMenu();
    });
    word.addEventListener('click', () => this.toggleWord());
    leave.addEventListener('click', () => this.toggleWord());
    fullScreen.addEventListener('click', () => this.toggleFullScreen());
    smallWindow.addEventListener('click', () => this.#toggleSmallWindow());
    // Escape leaves full screen without a key event, so here it only ends the big word.
    page.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape' && this.#isBig && !page.querySelector('dialog[open]')) this.toggleWord();
    });
  }

  get #isBig() {
    return this.#at.root.dataset.present === 'word';
  }

  /** Over the full screen it would hide a part of it. The focus stays where the person is. */
  #closeMenu() {
    // A shortcut presses its button in the closed menu.
    if (!this.#at.menu.open) return;
    this.#at.menu.open = false;
    this.#at.menu.querySelector('summary')?.focus();
  }

  /** The word and the video fill the window, or no longer. */
  toggleWord() {
    const { root, leave } = this.#at;
    if (this.#isBig) delete root.dataset.present;
    else root.dataset.present = 'word';
    leave.hidden = !this.#isBig;
  }

  /** The page fills the screen, or no longer. */
  async toggleFullScreen() {
    const { root, say } = this.#at;
    const page = root.ownerDocument;
    if (!page.fullscreenEnabled) return;
    try {
      await (page.fullscreenElement ? page.exitFullscreen?.() : root.requestFullscreen?.());
    } catch (error) {
      console.warn(error);
      say(T.NO_FULL_SCREEN);
    }
  }

  async #toggleSmallWindow() {
    const { video, say } = this.#at;
    const page = video.ownerDocument;
    try {
      await (page.pictureInPictureElement ? page.exitPictureInPicture?.() : video.requestPictureInPicture?.());
    } catch (error) {
      // Usually there is no video yet.
      console.warn(error);
      say(T.NO_SMALL_WINDOW);
    }
  }
}
