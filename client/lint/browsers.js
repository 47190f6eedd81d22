/**
 * ESLint rules that report features that a supported browser lacks: names, members and selectors in scripts, and style sheets.
 * They know no types, so a member is reported only if every interface with a member of this name is too new. Each rule takes
 * a list of names to ignore.
 */

import { MDN, lacking } from './support.js';

const SELECTING = ['querySelector', 'querySelectorAll', 'matches', 'closest'];
const ALLOWED = [{ type: 'array', items: { type: 'string' } }];
/** MDN lists all of them as one feature. */
const DYNAMIC_UNITS = /^[dsl]v(w|h|i|b|min|max)$/;

/** @type {Map<string, object[]>} features by the name of a member, whatever it is a member of */
const MEMBERS = new Map();
for (const owner of [...Object.values(MDN.api), ...Object.values(MDN.javascript.builtins)]) {
  for (const [name, feature] of Object.entries(owner)) {
    if (name.startsWith('__') || !feature.__compat) continue;
    const plain = name.replace(/_static$/, '');
    if (!MEMBERS.has(plain)) MEMBERS.set(plain, []);
    MEMBERS.get(plain).push(feature);
  }
}

/** @param {string} name @returns {object | undefined} the feature of a global name */
const globalOf = (name) => own(MDN.api, name) ?? own(MDN.javascript.builtins, name) ?? own(MDN.api.Window, name);

/** Ignore names that every object inherits. */
function own(table, name) {
  return table && Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Names and members in scripts. A feature that is checked before its use, by a condition or `?.`, is not reported. */
const names = {
  meta: { schema: ALLOWED },
  create(context) {
    const { sourceCode, options } = context;
    const report = (node, name, lack) => {
      if (!lack || options[0]?.includes(name) || isAskedFor(node, name, sourceCode)) return;
      context.report({ node, message: `${name}: ${lack}` });
    };

    /** @param {import('estree').MemberExpression} node */
    function checkMember(node) {
      const { object, property, computed } = node;
      if (computed || property.type !== 'Identifier') return;
      const { name } = property;
      const isGlobal = object.type === 'Identifier' && isUndeclared(object, sourceCode);
      if (isGlobal && ['globalThis', 'window', 'self'].includes(object.name)) return report(node, name, lacking(globalOf(name)));
      const owner = isGlobal ? globalOf(object.name) : undefined;
      const known = own(owner, `${name}_static`) ?? own(owner, name);
      if (known) return report(node, name, lacking(known));
      const features = MEMBERS.get(name) ?? [];
      const lacks = features.map(lacking);
      if (lacks.length && lacks.every(Boolean)) report(node, name, lacks[0]);
    }

    return {
      MemberExpression: checkMember,
      'Program:exit'() {
        for (const { identifier } of sourceCode.scopeManager.globalScope.through) {
          report(identifier, identifier.name, lacking(globalOf(identifier.name)));
        }
      },
    };
  },
};

/** Pseudo-classes and pseudo-elements in the selectors of scripts. */
const selectors = {
  create(context) {
    return {
      CallExpression({ callee, arguments: [first] }) {
        if (!first || !SELECTING.includes(callee.property?.name)) return;
        for (const [, name] of context.sourceCode.getText(first).matchAll(/::?([a-z-]+)/g)) {
          const lack = lacking(own(MDN.css.selectors, name));
          if (lack) context.report({ node: first, message: `:${name}: ${lack}` });
        }
      },
    };
  },
};

/** Selectors, properties, keywords, functions, units and at-rules of a style sheet. */
const styles = {
  meta: { schema: ALLOWED },
  create(context) {
    const { options } = context;
    const check = (node, name, feature) => {
      const lack = options[0]?.includes(name) ? '' : lacking(feature);
      if (lack) context.report({ node, message: `${name}: ${lack}` });
    };
    const { properties, selectors: pseudo, types } = MDN.css;
    let property;
    return {
      PseudoClassSelector: (node) => check(node, `:${node.name}`, own(pseudo, node.name)),
      PseudoElementSelector: (node) => check(node, `::${node.name}`, own(pseudo, node.name)),
      NestingSelector: (node) => check(node, '&', pseudo.nesting),
      Declaration(node) {
        property = options[0]?.includes(node.property) ? undefined : own(properties, node.property);
        if (property) check(node, node.property, property);
      },
      'Declaration:exit'() {
        property = undefined;
      },
      Identifier: (node) => property && check(node, node.name, own(property, node.name)),
      Function: (node) => check(node, `${node.name}()`, own(types, node.name) ?? own(types.color, node.name)),
      Dimension: (node) => DYNAMIC_UNITS.test(node.unit) && check(node, node.unit, types.length.viewport_percentage_units_dynamic),
      Atrule: (node) => check(node, `@${node.name}`, own(MDN.css['at-rules'], node.name)),
      Feature: (node) => check(node, node.name, own(MDN.css['at-rules'].media, node.name)),
    };
  },
};

export default { rules: { names, selectors, styles } };

/** @param {import('estree').Identifier} node @param {import('eslint').SourceCode} sourceCode */
function isUndeclared(node, sourceCode) {
  return sourceCode.scopeManager.globalScope.through.some(({ identifier }) => identifier === node);
}

/** @param {import('estree').Node} node @param {string} name @param {import('eslint').SourceCode} sourceCode */
function isAskedFor(node, name, sourceCode) {
  const { parent } = node;
  const isCalled = (parent.type === 'CallExpression' && parent.callee === node) || parent.type === 'NewExpression';
  if (isCalled && parent.optional) return true;
  if (!isCalled && ['UnaryExpression', 'LogicalExpression'].includes(parent.type)) return true;
  if (!isCalled && (parent.test === node || parent.callee?.name === 'Boolean')) return true;
  // Inside a condition that checks it.
  let inner = node;
  for (let outer = parent; outer; [inner, outer] = [outer, outer.parent]) {
    const condition = outer.test ?? (outer.operator === '&&' ? outer.left : undefined);
    if (condition && condition !== inner && sourceCode.getText(condition).includes(name)) return true;
  }
  return false;
}
