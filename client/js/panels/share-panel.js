/** Shares the page: its address, or a link with an access token that expires. Draws into its own dialog only, and keeps nothing once that is closed. */

import { find } from '../browser/elements.js';
import { asPeerError } from '../connection/errors.js';
import { isOwnMachine, requestLink } from '../connection/shared-link.js';
import { timeOfDay } from '../texts/format.js';
import { shareProblemOf } from '../texts/problems.js';
import { T } from '../texts/texts.js';
import { opensSheet } from './sheet.js';

/** @typedef {import('../connection/shared-link.js').SharedLink} SharedLink */

export class SharePanel {
  #dialog;
  #server;
  #form;
  #admin;
  #name;
  #problem;
  #result;
  #link;
  #said;
  #waits;
  /** Whether the server requires a token, so that its address alone is not enough. */
  #needsToken = false;
  /** Number of the request whose response is awaited; closing the dialog makes it out of date. */
  #request = 0;
  #isWaiting = false;

  /**
   * @param {HTMLElement} opener
   * @param {HTMLDialogElement} dialog holds .close, a form and the elements whose classes begin with "share-"
   * @param {string} server address without a slash at its end
   */
  constructor(opener, dialog, server) {
    this.#dialog = dialog;
    this.#server = server;
    this.#form = find(dialog, 'form', HTMLFormElement);
    this.#admin = find(dialog, '.share-admin', HTMLInputElement);
    this.#name = find(dialog, '.share-name', HTMLInputElement);
    this.#problem = find(dialog, '.share-problem', HTMLElement);
    this.#result = find(dialog, '.share-result', HTMLElement);
    this.#link = find(dialog, '.share-link', HTMLInputElement);
    this.#said = find(dialog, '.share-said', HTMLElement);
    this.#waits = find(dialog, '.share-waits', HTMLElement);
    find(dialog, '.share-here', HTMLElement).hidden = !isOwnMachine(new URL(server).hostname);
    opensSheet(opener, dialog);
    opener.addEventListener('click', () => this.#begin());
    dialog.addEventListener('close', () => this.#forget());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#create();
    });
    find(dialog, '.share-copy', HTMLButtonElement).addEventListener('click', () => this.#copy());
    this.#link.addEventListener('focus', () => this.#link.select());
    const send = find(dialog, '.share-send', HTMLButtonElement);
    send.hidden = !('share' in navigator);
    send.addEventListener('click', () => this.#send());
  }

  /** The server has said what it requires, perhaps after the dialog was opened. @param {boolean} needsToken */
  offer(needsToken) {
    this.#needsToken = needsToken;
    if (this.#dialog.open) this.#begin();
  }

  #begin() {
    this.#form.hidden = !this.#needsToken;
    this.#result.hidden = this.#needsToken;
    this.#text(this.#needsToken ? T.SHARE_WITH_TOKEN : T.SHARE_OPENLY);
    if (!this.#needsToken) this.#show(`${this.#server}/`, T.SHARE_ADDRESS, '');
    (this.#needsToken ? this.#admin : this.#copyButton).focus();
  }

  /** The admin token is in the page only while the dialog is open. */
  #forget() {
    this.#request += 1;
    this.#isWaiting = false;
    for (const input of [this.#admin, this.#name, this.#link]) input.value = '';
    for (const place of [this.#problem, this.#waits, this.#said]) place.textContent = '';
    this.#qr.hidden = true;
    this.#qr.removeAttribute('src');
  }

  async #create() {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#problem.textContent = '';
    this.#waits.textContent = T.SHARE_WAITS;
    const request = (this.#request += 1);
    const lifetime = find(this.#form, ':checked', HTMLInputElement);
    const wanted = { lifetimeH: Number(lifetime.value), subject: this.#name.value.trim() };
    const outcome = await requestLink(this.#server, this.#admin.value.trim(), wanted).catch(asPeerError);
    if (request !== this.#request) return;
    this.#isWaiting = false;
    this.#waits.textContent = '';
    if (outcome instanceof Error) this.#complain(outcome);
    else this.#showLink(outcome);
  }

  /** @param {import('../connection/errors.js').PeerError} error */
  #complain(error) {
    const { text, detail } = shareProblemOf(error);
    this.#problem.textContent = text;
    this.#problem.title = detail;
    // A token that is pasted now replaces the wrong one.
    this.#admin.focus();
    this.#admin.select();
  }

  /** @param {SharedLink} shared */
  #showLink({ link, qrSvg, expiresInS }) {
    this.#admin.value = '';
    this.#form.hidden = true;
    this.#result.hidden = false;
    this.#text('');
    this.#qr.src = `data:image/svg+xml,${encodeURIComponent(qrSvg)}`;
    this.#qr.alt = T.SHARE_QR;
    this.#qr.hidden = false;
    this.#show(link, T.SHARE_LINK, T.sharedUntil(timeOfDay(new Date(Date.now() + 1000 * expiresInS))));
    // The button that had the focus is gone. In a low window, the button below the code must not scroll it away.
    this.#copyButton.focus({ preventScroll: true });
    this.#dialog.scrollTop = 0;
  }

  /** @param {string} link @param {{field: string, copy: string}} names @param {string} until a sentence */
  #show(link, { field, copy }, until) {
    this.#link.value = link;
    find(this.#dialog, '.share-what', HTMLElement).textContent = field;
    find(this.#dialog, '.share-until', HTMLElement).textContent = until;
    this.#copyButton.textContent = copy;
  }

  /** @param {string} text */
  #text(text) {
    const place = find(this.#dialog, '.share-text', HTMLElement);
    place.textContent = text;
    place.hidden = !text;
  }

  async #copy() {
    this.#said.textContent = '';
    const copied = await copyFrom(this.#link);
    this.#said.textContent = copied ? T.COPIED : T.COPY_BY_HAND;
  }

  async #send() {
    try {
      await navigator.share?.({ title: document.title, url: this.#link.value });
    } catch (error) {
      // The person closed the list of apps.
      if (error instanceof DOMException && error.name === 'AbortError') return;
      this.#said.textContent = T.NOT_SENT;
    }
  }

  get #qr() {
    return find(this.#dialog, '.share-qr', HTMLImageElement);
  }

  get #copyButton() {
    return find(this.#dialog, '.share-copy', HTMLButtonElement);
  }
}

/** @param {HTMLInputElement} field @returns {Promise<boolean>} whether its text was copied */
async function copyFrom(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // Pages over http have no clipboard, but browsers still copy what is selected, and so can the person.
    field.select();
    return document.execCommand('copy');
  }
}
