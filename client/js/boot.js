/*
 * Shows why the page does not start: a module failed to load, or the browser is too old. This is a classic script in ES5,
 * because it has to run in browsers that cannot run the modules. For the same reason its texts are here and not in texts/.
 */
(function () {
  'use strict';

  /* Same as "browserslist" in package.json; a test compares the two. */
  var SUPPORTED = 'Chrome or Edge 108, Firefox 115, Safari 15.4, or newer';
  var SUPPORTED_GERMAN = SUPPORTED.replace('or Edge', 'oder Edge').replace('or newer', 'oder neuer');
  /* Longer than requests normally take. If one takes even longer, the page still starts. */
  var LATE_MS = 20000;
  var root = document.documentElement;
  var fault = '';
  var isGerman = startsInGerman();

  /* What the person chose, else the browser's first language; languages.js looks at its others too. */
  function startsInGerman() {
    var chosen = '';
    try {
      chosen = localStorage.getItem('facestream.language') || '';
    } catch (error) {
      /* Storage is forbidden. */
    }
    return /^de/i.test(chosen || navigator.language || '');
  }

  if (isGerman) {
    root.lang = 'de';
    put('message-title', 'Wird geladen');
    put('message-text', '');
  }

  /* Before the modules run, so that the page does not change its layout. */
  if (/[?&]view=compact(&|$)/.test(location.search)) root.setAttribute('data-view', 'compact');

  /* The newest features that the modules use without checking for them. */
  function isTooOld() {
    return !(
      'noModule' in document.createElement('script') &&
      'HTMLDialogElement' in window &&
      'ResizeObserver' in window &&
      'hasOwn' in Object &&
      'findLast' in Array.prototype
    );
  }

  /** @param {string} id @param {string} text */
  function put(id, text) {
    var element = document.getElementById(id);
    if (element) element.textContent = text;
  }

  /** @param {string} title @param {string} text */
  function say(title, text) {
    root.setAttribute('data-state', 'failed');
    root.setAttribute('data-problem', 'boot');
    put('state', isGerman ? 'Nicht gestartet' : 'Not started');
    put('message-title', title);
    put('message-text', text);
  }

  function look() {
    // main.js changes the state as its last step.
    var started = root.getAttribute('data-state') !== 'loading';
    if (isTooOld()) sayTooOld();
    else if (started) return;
    else if (fault) sayFault();
    else sayIncomplete();
  }

  function sayTooOld() {
    if (isGerman) say('Dieser Browser ist zu alt', 'Unterstützte Browser: ' + SUPPORTED_GERMAN + '.');
    else say('This browser is too old', 'Supported browsers: ' + SUPPORTED + '.');
  }

  function sayFault() {
    if (isGerman) say('Die Seite konnte nicht starten', fault + '. Laden Sie die Seite neu. Unterstützte Browser: ' + SUPPORTED_GERMAN + '.');
    else say('This page could not start', fault + '. Reload the page. Supported browsers: ' + SUPPORTED + '.');
  }

  function sayIncomplete() {
    if (isGerman) say('Die Seite wurde nicht vollständig geladen', 'Eine Datei kam nicht vom Server an. Laden Sie die Seite neu. Wenn das nicht hilft, informieren Sie den Betreiber dieses Servers.');
    else say('This page did not load completely', 'A file could not be loaded from the server. Reload the page. If that does not help, tell the operator of this server.');
  }

  window.addEventListener('error', function (event) {
    if (event.message && !fault) fault = event.message;
  });
  window.addEventListener('load', look);
  setTimeout(function () {
    if (document.readyState !== 'complete') look();
  }, LATE_MS);
})();
