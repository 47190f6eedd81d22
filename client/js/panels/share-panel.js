/** Shares the page: its address, or a link with an access token that expires. Draws into its own dialog only, and keeps nothing once that is closed. */

import { find } from '../browser/elements.js';
import { asPeerError } from '../connection/errors.js';
import { fetchConfig } from '../connection/http.js';
import { requestLink, requestQr, useElsewhere } from '../connection/shared-link.js';
import { timeOfDay } from '../texts/format.js';
import { shareProblemOf } from '../texts/problems.js';
import { T } from '../texts/texts.js';
import { opensSheet } from './sheet.js';

/**
 * @typedef {import('../connection/shared-link.js').SharedLink} SharedLink
 * @typedef {Pick<import('../connection/telemetry.js').PageConfig, 'auth' | 'listens' | 'addresses'>} Reach what the server says about who can open the page
 */

export class SharePanel {
  #dialog;
  #server;
  #operator;
  #form;
  #admin;
  #name;
  #problem;
  #result;
  #link;
  #said;
  #waits;
  #warning;
  #where;
  #choice;
  #at;
  /** @type {Reach} */
  #reach;
  /** Number of the request whose response is awaited; closing the dialog makes it out of date. */
  #request = 0;
  #isWaiting = false;

  /**
   * @param {HTMLElement} opener
   * @param {HTMLDialogElement} dialog holds .close, a form and the elements whose classes begin with "share-"
   * @param {string} server address without a slash at its end
   * @param {{token: () => string, reach: () => Reach}} at the token of this page, empty if it has none; what the server has said last
   */
  constructor(opener, dialog, server, at) {
    this.#dialog = dialog;
    this.#server = server;
    this.#at = at;
    this.#reach = at.reach();
    this.#operator = find(dialog, '.share-operator', HTMLDetailsElement);
    this.#form = find(dialog, 'form', HTMLFormElement);
    this.#admin = find(dialog, '.share-admin', HTMLInputElement);
    this.#name = find(dialog, '.share-name', HTMLInputElement);
    this.#problem = find(dialog, '.share-problem', HTMLElement);
    this.#result = find(dialog, '.share-result', HTMLElement);
    this.#link = find(dialog, '.share-link', HTMLInputElement);
    this.#said = find(dialog, '.share-said', HTMLElement);
    this.#waits = find(dialog, '.share-waits', HTMLElement);
    this.#warning = find(dialog, '.share-here', HTMLElement);
    this.#where = find(dialog, '.share-where', HTMLElement);
    this.#choice = find(dialog, 'select', HTMLSelectElement);
    this.#choice.addEventListener('change', () => this.#useChoice());
    this.#operator.addEventListener('toggle', () => this.#isElsewhere && !this.#operator.hidden && this.#arrange());
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

  /** The server has said what it requires, perhaps after the dialog was opened. */
  refresh() {
    if (this.#dialog.open) this.#begin();
  }

  /** Whether the server requires a token, so that its address alone is not enough. */
  get #needsToken() {
    return this.#reach.auth === 'token';
  }

  /** Whether the page was opened from elsewhere, perhaps by somebody who has no admin token. */
  get #isElsewhere() {
    return this.#needsToken && !this.#reach.listens && useElsewhere(this.#server) !== 'own machine';
  }

  /** Whether the form for a link is in use, in place of the address. */
  get #isForm() {
    return this.#needsToken && this.#operator.open;
  }

  #begin() {
    this.#offer(this.#at.reach());
    this.#operator.hidden = !this.#needsToken;
    this.#operator.open = !this.#isElsewhere;
    find(this.#operator, 'summary', HTMLElement).hidden = !this.#isElsewhere;
    this.#arrange();
    (this.#isForm ? this.#admin : this.#copyButton).focus();
  }

  /** The form, or the address. */
  #arrange() {
    this.#result.hidden = this.#isForm;
    this.#text(this.#isForm ? T.SHARE_WITH_TOKEN : this.#needsToken ? T.SHARE_WITHOUT_TOKEN : T.SHARE_OPENLY);
    this.#useChoice();
  }

  /** Which address is shared: that of this page, or, where that is of use on this machine only, one that the server has said. @param {Reach} reach */
  #offer(reach) {
    this.#reach = reach;
    const isOnlyHere = useElsewhere(this.#server) === 'own machine';
    const addresses = isOnlyHere && reach.addresses.length ? reach.addresses : [this.#server];
    this.#choice.replaceChildren(...addresses.map((address) => new Option(`${address}/`)));
    this.#where.hidden = addresses.length < 2;
  }

  /** What another device can do with the chosen address; without a token, the address is all that it needs. */
  #useChoice() {
    const address = this.#choice.value;
    const use = useElsewhere(address);
    const warnings = { 'own machine': T.SHARE_WARNINGS[this.#reach.listens === 'loopback' ? 'loopback' : 'here'], 'no camera': T.SHARE_WARNINGS.noCamera, full: '' };
    this.#warning.textContent = warnings[use];
    this.#warning.hidden = use === 'full';
    // An address that no other device can open is not worth a large button.
    const isMinor = use === 'own machine' && !this.#isForm;
    this.#copyButton.classList.toggle('primary', !isMinor);
    this.#copyButton.classList.toggle('quiet', isMinor);
    if (this.#isForm) return;
    this.#show(address, T.SHARE_ADDRESS, '');
    this.#hideQr();
    // The server draws codes only for people who may use it.
    if (use !== 'own machine' && (!this.#needsToken || this.#at.token())) this.#drawQr(address);
  }

  /** @param {string} address */
  async #drawQr(address) {
    const request = (this.#request += 1);
    // The address can be copied without its code.
    const qrSvg = await requestQr(this.#server, this.#at.token(), address).catch(() => '');
    if (qrSvg && request === this.#request) this.#showQr(qrSvg, T.SHARE_ADDRESS.qr, 'short');
  }

  /** The admin token is in the page only while the dialog is open. */
  #forget() {
    this.#request += 1;
    this.#isWaiting = false;
    for (const input of [this.#admin, this.#name, this.#link]) input.value = '';
    for (const place of [this.#problem, this.#waits, this.#said]) place.textContent = '';
    this.#hideQr();
  }

  async #create() {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#problem.textContent = '';
    this.#waits.textContent = T.SHARE_WAITS;
    const request = (this.#request += 1);
    const lifetime = find(this.#form, ':checked', HTMLInputElement);
    const wanted = { lifetimeH: Number(lifetime.value), subject: this.#name.value.trim() };
    const outcome = await this.#linkFor(this.#admin.value.trim(), wanted).catch(asPeerError);
    if (request !== this.#request) return;
    this.#isWaiting = false;
    this.#waits.textContent = '';
    if (outcome instanceof Error) this.#complain(outcome);
    else this.#showLink(outcome);
  }

  /** @param {string} admin token @param {{lifetimeH: number, subject: string}} wanted @returns {Promise<SharedLink>} */
  async #linkFor(admin, wanted) {
    const request = this.#request;
    if (useElsewhere(this.#choice.value) === 'own machine' && !this.#reach.listens) {
      // To an admin, the server says which addresses it has.
      const config = await fetchConfig(this.#server, admin);
      if (config?.listens && request === this.#request) {
        this.#offer(config);
        this.#useChoice();
      }
    }
    return requestLink(this.#server, admin, { ...wanted, address: this.#choice.value });
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
    this.#operator.hidden = true;
    this.#result.hidden = false;
    this.#text('');
    // The link begins with the chosen address.
    this.#where.hidden = true;
    this.#showQr(qrSvg, T.SHARE_LINK.qr, 'long');
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

  /** @param {string} qrSvg @param {string} name @param {'short' | 'long'} content which decides the size */
  #showQr(qrSvg, name, content) {
    this.#qr.classList.toggle('short', content === 'short');
    this.#qr.src = `data:image/svg+xml,${encodeURIComponent(qrSvg)}`;
    this.#qr.alt = name;
    this.#qr.hidden = false;
  }

  #hideQr() {
    this.#qr.hidden = true;
    this.#qr.removeAttribute('src');
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
