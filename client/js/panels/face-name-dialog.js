/** The name of a face: a button beside the face that is followed, and a dialog that asks. Uses its own elements only. */

import { find } from '../browser/elements.js';
import { MOST_CHARS, faceNameIn } from '../session/face-names.js';
import { T } from '../texts/texts.js';
import { fill, isConfirmed } from './dialogs.js';

/**
 * @typedef {object} NameParts
 * @property {() => number} followed id of the face on show; 0: there is none
 * @property {(id: number) => string} nameOf what was typed before; empty: nothing
 * @property {(id: number, name: string) => Promise<void>} name keeps the name; empty: none any more
 * @property {() => boolean} isRecorded whether a server gets the name, too
 * @property {(text: string) => void} say
 */

export class FaceNameDialog {
  #dialog;
  #input;
  #parts;

  /** @param {HTMLButtonElement} button @param {HTMLDialogElement} dialog holds .text, an input and buttons with the values "yes" and "no" @param {NameParts} parts */
  constructor(button, dialog, parts) {
    this.#dialog = dialog;
    this.#input = find(dialog, 'input', HTMLInputElement);
    this.#parts = parts;
    // Some characters have two code units.
    this.#input.maxLength = 2 * MOST_CHARS;
    button.addEventListener('click', () => this.#ask());
  }

  async #ask() {
    const { followed, nameOf, name, isRecorded, say } = this.#parts;
    // Another face may be followed while the person types.
    const id = followed();
    if (!id) return say(T.FACE_NAME.noFace);
    fill(this.#dialog, [T.FACE_NAME.of(T.faceName(id)), isRecorded() ? T.FACE_NAME.recorded : ''].filter(Boolean).join(' '));
    this.#input.value = nameOf(id);
    const confirmed = isConfirmed(this.#dialog);
    this.#input.select();
    if (await confirmed) await name(id, faceNameIn(this.#input.value)).catch((error) => (console.warn('name of a face:', error), say(T.FACE_NAME.notKept)));
  }
}
