/** English: the dialog that shares the page. */

export const SHARE_WITH_TOKEN = 'Creates a link with an access token that expires. Creating one requires the admin token of this server, which the page does not keep.';
export const SHARE_OPENLY = 'Whoever can open this address can use the page, without an access token.';
/** To a person who came from elsewhere. */
export const SHARE_WITHOUT_TOKEN = 'Whoever opens this address needs an access token of their own.';
/** Why an address is of little use on another device. */
export const SHARE_WARNINGS = {
  here: 'This address works only on this computer. To share it, open the page at the server’s address in your network.',
  loopback: 'Other devices cannot open this page: the server listens on this computer only. To change that, ask the operator of this server, or stop it and run in its folder “facestream certs”, then “facestream token --admin”, which creates the admin token for links, then “facestream serve --host 0.0.0.0” (in a checkout, write “.venv/bin/python -m facestream” instead of “facestream”). Behind a tunnel or proxy, share the page at its address.',
  noCamera: 'At this http address, browsers on other devices give no camera; only a video file works. For https, ask the operator of this server, or run “facestream certs” in its folder and restart it, or use a tunnel or proxy.',
};
export const SHARE_ADDRESS = { field: 'Address of this page', copy: 'Copy address', qr: 'QR code of the address' };
export const SHARE_LINK = { field: 'Link', copy: 'Copy link', qr: 'QR code of the link' };
export const SHARE_WAITS = 'The server is creating the link.';
/** @param {string} time of day, with the date if it is another day */
export const sharedUntil = (time) => `Whoever has this link can use the server until ${time}. The page does not keep it.`;
export const COPIED = 'Copied.';
export const COPY_BY_HAND = 'The browser did not allow copying. The text is selected: copy it by hand.';
export const NOT_SENT = 'This browser could not share the link. Copy it instead.';

/** Why there is no link, by the code of the server's problem; "away": it did not answer, "other": any other code. @type {Record<string, string>} */
export const SHARE_PROBLEMS = {
  token_required: 'Enter an admin token of this server.',
  token_wrong: 'This admin token is not valid on this server.',
  token_expired: 'This admin token has expired. The operator of this server can create another with “facestream token --admin”.',
  not_an_admin: 'This token is for using the page. Creating a link requires an admin token.',
  no_admins: 'This server has no admin tokens, so it cannot create links. Its operator can create one with “facestream token --admin” and restart the server.',
  no_token_key: 'This server has no key that signs tokens, so it cannot create links. Its operator can create one with “facestream token” and restart the server.',
  bad_token_request: 'The server does not accept this name or the address of this page. Try a shorter name, or none.',
  not_found: 'This server cannot create links. Its operator can install a newer version.',
  method_not_allowed: 'This server cannot create links. Its operator can install a newer version.',
  away: 'The server does not answer. Check that it is running, and try again.',
  other: 'The server did not create a link. Try again; if this happens again, tell the operator of this server.',
};
