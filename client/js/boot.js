/*
 * Shows why the page does not start: a module failed to load, or the browser is too old. This is a classic script in ES5,
 * because it has to run in browsers that cannot run the modules. For the same reason its texts are here and not in texts/en.js.
 */
(function () {
  'use strict';

  /* Same as "browserslist" in package.json; a test compares the two. */
  var SUPPORTED = 'Chrome or Edge 108, Firefox 115, Safari 15.4, or newer';
  /* Longer than requests normally take. If one takes even longer, the page still starts. */
  var LATE_MS = 20000;
  var root = document.documentElement;
  var fault = '';

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
    put('state', 'Not started');
    put('message-title', title);
    put('message-text', text);
  }

  function look() {
    // main.js changes the state as its last step.
    var started = root.getAttribute('data-state') !== 'loading';
    if (isTooOld()) say('This browser is too old', 'Supported browsers: ' + SUPPORTED + '.');
    else if (started) return;
    else if (fault) say('This page could not start', fault + '. Reload the page. Supported browsers: ' + SUPPORTED + '.');
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
