/** Asks before something is lost for good. Draws into its own dialog only. */

import { fill, isConfirmed } from './dialogs.js';

/** @param {HTMLDialogElement} dialog holds .text and buttons with the values "yes" and "no" @returns {(text: string) => Promise<boolean>} */
export function makeQuestion(dialog) {
  return async (text) => {
    fill(dialog, text);
    return isConfirmed(dialog);
  };
}
