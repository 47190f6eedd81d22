/** The browser's question before the page is closed or reloaded while something would be lost. */

/**
 * @param {() => boolean} wouldLose called when the page is about to be left
 * @returns {() => void} call it where the person has agreed to lose it: the next leave asks nothing
 */
export function askBeforeLeaving(wouldLose) {
  let isAgreed = false;
  addEventListener('beforeunload', (event) => {
    if (isAgreed || !wouldLose()) return;
    event.preventDefault();
    // Safari and older Chromium ask only if this is set.
    event.returnValue = '';
  });
  return () => (isAgreed = true);
}
