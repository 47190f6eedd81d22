/** How menus close. */

/** Make menus close on Escape, on a press outside, and when the focus leaves them. @param {Iterable<HTMLDetailsElement>} menus */
export function closeLikeMenus(menus) {
  for (const menu of menus) {
    // In a low window, the sheet may begin or end outside it.
    menu.addEventListener('toggle', () => menu.open && menu.querySelector('.sheet')?.scrollIntoView({ block: 'nearest' }));
    document.addEventListener('pointerdown', ({ target }) => {
      if (!menu.contains(/** @type {Node} */ (target))) menu.open = false;
    });
    menu.addEventListener('focusout', ({ relatedTarget }) => {
      // null: a press on a text in the menu, or another window; neither leaves the menu.
      if (relatedTarget instanceof Node && !menu.contains(relatedTarget)) menu.open = false;
    });
    menu.addEventListener('keydown', ({ key }) => {
      if (key !== 'Escape') return;
      menu.open = false;
      menu.querySelector('summary')?.focus();
    });
  }
}
