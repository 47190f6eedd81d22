/** Saves files on the person's device, as downloads. Keeps nothing. */

import { make } from './elements.js';

/** The browser reads the blob after the task that asks for it, and no event reports when it has. */
export const READ_MS = 60_000;

/** @param {Blob} blob @param {string} name */
export function saveFile(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = make('a', { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), READ_MS);
}
