/** German: the dialog that shares the page. */

export const SHARE_WITH_TOKEN = 'Erstellt einen Link mit einem Zugangsschlüssel, der abläuft. Dafür ist der Admin-Schlüssel dieses Servers nötig; die Seite bewahrt ihn nicht auf.';
export const SHARE_OPENLY = 'Wer diese Adresse öffnen kann, kann die Seite ohne Zugangsschlüssel benutzen.';
/** To a person who came from elsewhere. */
export const SHARE_WITHOUT_TOKEN = 'Wer diese Adresse öffnet, braucht einen eigenen Zugangsschlüssel.';
/** Why an address is of little use on another device. */
export const SHARE_WARNINGS = {
  here: 'Die Adresse dieser Seite funktioniert nur auf diesem Computer. Um sie mit anderen zu teilen, öffnen Sie die Seite unter der Adresse des Servers in Ihrem Netz.',
  loopback:
    'Andere Geräte können diese Seite nicht öffnen, weil der Server nur für diesen Computer erreichbar ist. Um das zu ändern, fragen Sie den Betreiber dieses Servers, oder beenden Sie den Server und führen Sie in seinem Ordner „facestream certs“ aus, dann „facestream token --admin“, das den Admin-Schlüssel für Links erstellt, dann „facestream serve --host 0.0.0.0“ (bei einer Kopie des Quelltexts steht „.venv/bin/python -m facestream“ an der Stelle von „facestream“). Bei einem Tunnel oder Proxy öffnen und teilen Sie die Seite unter dessen Adresse.',
  noCamera:
    'Unter dieser http-Adresse geben Browser auf anderen Geräten keine Kamera frei; dort geht nur eine Videodatei. Um das zu ändern, fragen Sie den Betreiber dieses Servers, oder führen Sie im Ordner des Servers „facestream certs“ aus und starten Sie ihn neu, oder teilen Sie die https-Adresse eines Tunnels oder Proxys.',
};
export const SHARE_ADDRESS = { field: 'Adresse dieser Seite', copy: 'Adresse kopieren', qr: 'QR-Code der Adresse' };
export const SHARE_LINK = { field: 'Link zur Seite', copy: 'Link kopieren', qr: 'QR-Code des Links' };
export const SHARE_WAITS = 'Der Server erstellt den Link.';
/** @param {string} time of day, with the date if it is another day */
export const sharedUntil = (time) => `Wer diesen Link hat, kann den Server bis ${time} benutzen. Die Seite bewahrt ihn nicht auf.`;
export const COPIED = 'Kopiert.';
export const COPY_BY_HAND = 'Der Browser hat das Kopieren nicht erlaubt. Der Text ist markiert: Kopieren Sie ihn von Hand.';
export const NOT_SENT = 'Dieser Browser konnte den Link nicht teilen. Kopieren Sie ihn stattdessen.';

/** Why there is no link, by the code of the server's problem; "away": it did not answer, "other": any other code. @type {Record<string, string>} */
export const SHARE_PROBLEMS = {
  token_required: 'Geben Sie einen Admin-Schlüssel dieses Servers ein.',
  token_wrong: 'Dieser Admin-Schlüssel gilt auf diesem Server nicht.',
  token_expired: 'Dieser Admin-Schlüssel ist abgelaufen. Der Betreiber dieses Servers kann mit „facestream token --admin“ einen neuen erstellen.',
  not_an_admin: 'Dieser Schlüssel ist für die Benutzung der Seite. Um einen Link zu erstellen, ist ein Admin-Schlüssel nötig.',
  no_admins: 'Dieser Server hat keine Admin-Schlüssel und kann darum keine Links erstellen. Sein Betreiber kann mit „facestream token --admin“ einen erstellen und den Server neu starten.',
  no_token_key: 'Dieser Server hat nichts, womit er Zugangsschlüssel unterschreibt, und kann darum keine Links erstellen. Sein Betreiber kann das mit „facestream token“ ändern und den Server neu starten.',
  bad_token_request: 'Der Server nimmt diesen Namen oder die Adresse dieser Seite nicht an. Versuchen Sie es mit einem kürzeren Namen oder ohne.',
  not_found: 'Dieser Server kann keine Links erstellen. Sein Betreiber kann eine neuere Version installieren.',
  method_not_allowed: 'Dieser Server kann keine Links erstellen. Sein Betreiber kann eine neuere Version installieren.',
  away: 'Der Server antwortet nicht. Prüfen Sie, ob er läuft, und versuchen Sie es noch einmal.',
  other: 'Der Server hat keinen Link erstellt. Versuchen Sie es noch einmal; wenn das wieder geschieht, informieren Sie den Betreiber dieses Servers.',
};
