/*
 * Says in a sentence why the page does not start: a module did not come, or the browser is too old. A classic script in the
 * JavaScript of 2009, because it runs where the modules do not; so its sentences stand here and not in strings.js.
 */
(function () {
  'use strict';

  /* As "browserslist" in package.json has them; a test compares. */
  var SUPPORTED = 'Chrome or Edge 108, Firefox 115, Safari 15.4, or newer';
  /* No request is answered so late, as a rule; where one is, the page starts all the same. */
  var LATE_MS = 20000;
  var root = document.documentElement;
  var fault = '';

  /* What the modules use without asking, as young as anything they are written in. */
  function isTooOld() {
    return !(
      'noModule' in document.createElement('script') &&
      window.HTMLDialogElement &&
      window.ResizeObserver &&
      Object.hasOwn &&
      Array.prototype.findLast
    );
  }

  function say(title, text) {
    root.setAttribute('data-state', 'failed');
    root.setAttribute('data-problem', 'boot');
    document.getElementById('state').textContent = 'Not started';
    document.getElementById('message-title').textContent = title;
    document.getElementById('message-text').textContent = text;
  }

  function look() {
    // The last thing that main.js does is to say another state.
    var started = root.getAttribute('data-state') !== 'loading';
    if (isTooOld()) say('This browser is too old', 'Supported are ' + SUPPORTED + '.');
    else if (started) return;
    else if (fault) say('This page could not start', fault + '. Reload it. Supported are ' + SUPPORTED + '.');
    else say('This page did not load completely', 'A part of it did not come from the server. Reload it; if that does not help, tell whoever runs the server.');
  }

  window.addEventListener('error', function (event) {
    if (event.message && !fault) fault = event.message;
  });
  window.addEventListener('load', look);
  setTimeout(function () {
    if (document.readyState !== 'complete') look();
  }, LATE_MS);
})();
