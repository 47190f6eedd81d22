/** What the dialogs with a question have in common. */

/** @param {HTMLDialogElement} dialog with buttons whose values are "yes" and "no" @returns {Promise<boolean>} whether the answer is "yes" */
export async function isConfirmed(dialog) {
  // Escape closes a dialog without a value, so the last answer would still be set.
  dialog.returnValue = '';
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  return dialog.returnValue === 'yes';
}

/** @param {HTMLDialogElement} dialog @param {string} text */
export function fill(dialog, text) {
  const place = dialog.querySelector('.text');
  if (place) place.textContent = text;
}
