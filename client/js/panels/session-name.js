/** The field in which a person names a session. Uses its own element only. */

import { MOST_NAME, nameOf } from '../storage/sessions.js';

/** @param {HTMLInputElement} field @param {(name: string) => void} rename called when the person has finished */
export function asksName(field, rename) {
  field.maxLength = MOST_NAME;
  field.addEventListener('change', () => {
    field.value = nameOf(field.value);
    rename(field.value);
  });
}
