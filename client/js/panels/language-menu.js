/** The menu of languages. A choice reloads the page, because its texts are read once; so it waits until nothing runs. Uses its own element only. */

import { keepChoice } from '../browser/settings.js';
import { languageInUse } from '../texts/format.js';
import { LANGUAGES } from '../texts/languages.js';
import { T } from '../texts/texts.js';
import { RUNNING } from '../visit/visit-states.js';

export class LanguageMenu {
  #select;

  /**
   * @param {HTMLSelectElement} select gets an option for each language, named in that language
   * @param {() => Promise<boolean>} mayReload whether the page may forget what only it holds
   * @param {() => void} reload
   */
  constructor(select, mayReload, reload) {
    this.#select = select;
    for (const [tag, { name }] of Object.entries(LANGUAGES)) {
      const option = new Option(name, tag);
      option.lang = tag;
      select.append(option);
    }
    select.value = languageInUse();
    select.addEventListener('change', async () => {
      if (await mayReload()) {
        keepChoice('language', select.value);
        reload();
      } else select.value = languageInUse();
    });
  }

  /** @param {import('../visit/visit-states.js').VisitState} state */
  showState(state) {
    const waits = RUNNING.includes(state);
    this.#select.disabled = waits;
    this.#select.title = waits ? T.LANGUAGE_WAITS : '';
  }
}
