/** Copies the modules that the element imports, its description and the licence into this folder, for `npm pack`; npm takes no files from above it. */

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const CLIENT = dirname(HERE);
/** Texts of the page that the element never shows. */
const OF_PAGE = /^export \* from '\.\/en-(?:clip|controls|exports|record|sessions|share|values)\.js';\n/gm;
const IMPORT = /^(?:import|export)\s[^;]*?from '(\.[^']+)'/gm;

/** @param {string} module @returns {string} what the package has of it */
const taken = (module) => readFileSync(module, 'utf8').replace(OF_PAGE, '');

/** @param {string} module @param {Set<string>} [found] @returns {Set<string>} it and every module that it imports, directly or not */
function withImports(module, found = new Set()) {
  if (found.has(module)) return found;
  found.add(module);
  for (const [, path] of taken(module).matchAll(IMPORT)) withImports(join(dirname(module), path), found);
  return found;
}

rmSync(join(HERE, 'js'), { recursive: true, force: true });
for (const module of withImports(join(CLIENT, 'js', 'element', 'facestream-view.js'))) {
  const copy = join(HERE, relative(CLIENT, module));
  mkdirSync(dirname(copy), { recursive: true });
  writeFileSync(copy, taken(module));
}
copyFileSync(join(dirname(CLIENT), 'LICENSE'), join(HERE, 'LICENSE'));
copyFileSync(join(dirname(CLIENT), 'examples', 'embed', 'README.md'), join(HERE, 'README.md'));
