/** Opens a dialog with its button, and closes it as a person expects: by its own button, Escape, or a press outside. Draws nothing. */

/**
 * @param {HTMLElement} opener gets the focus back, as browsers do it for a modal dialog
 * @param {HTMLDialogElement} dialog holds a button .close
 */
export function opensSheet(opener, dialog) {
  opener.addEventListener('click', () => dialog.showModal());
  closesSheet(dialog);
}

/** For a dialog that something else opens. @param {HTMLDialogElement} dialog holds a button .close */
export function closesSheet(dialog) {
  dialog.querySelector('.close')?.addEventListener('click', () => dialog.close());
  // The backdrop belongs to the dialog, so only the place tells it from the dialog's own padding.
  dialog.addEventListener('pointerdown', (event) => {
    if (event.target === dialog && !isInside(event, dialog.getBoundingClientRect())) dialog.close();
  });
}

/** @param {{clientX: number, clientY: number}} at @param {DOMRect} box */
function isInside({ clientX, clientY }, { left, right, top, bottom }) {
  return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
}
