/** Checked by tsc, never run: the types in index.d.ts are those of the module. */

import type { FacestreamView as Module } from '../js/element/facestream-view.js';
import type { FacestreamView as Declared } from './index.js';

type Own = Exclude<keyof Module, keyof HTMLElement | 'connectedCallback' | 'disconnectedCallback' | 'attributeChangedCallback'>;
type DeclaredOwn = Exclude<keyof Declared, keyof HTMLElement>;

declare const view: Module;
const asDeclared: Declared = view;
const everyMember: [Own] extends [DeclaredOwn] ? true : never = true;
declare const state: Declared['state'];
const asState: Module['state'] = state;
export { asDeclared, everyMember, asState };
