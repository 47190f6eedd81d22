/** Disclosures that lie over the page close like menus: by Escape, or by a press beside them. */

/** @param {Iterable<HTMLDetailsElement>} menus */
export function closeLikeMenus(menus) {
  for (const menu of menus) {
    document.addEventListener('pointerdown', ({ target }) => menu.contains(target) || (menu.open = false));
    menu.addEventListener('keydown', ({ key }) => {
      if (key !== 'Escape') return;
      menu.open = false;
      menu.querySelector('summary').focus();
    });
  }
}
