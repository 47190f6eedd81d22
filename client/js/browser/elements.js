/** Finds, makes, fills and sizes elements of a known type; throws where index.html and the scripts disagree. Keeps nothing. */

/**
 * @template {Element} T
 * @param {ParentNode} parent
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T} the first match
 */
export function find(parent, selector, type) {
  const found = parent.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`index.html: expected a ${type.name} at ${selector}`);
  return found;
}

/** @param {string} selector below the document @returns {HTMLElement} */
export const element = (selector) => find(document, selector, HTMLElement);

/** @param {ParentNode} parent @param {string} selector @returns {HTMLInputElement[]} */
export function inputs(parent, selector) {
  return [...parent.querySelectorAll(selector)].filter((found) => found instanceof HTMLInputElement);
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Partial<HTMLElementTagNameMap[Name]>} [properties]
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function make(name, properties = {}) {
  return Object.assign(document.createElement(name), properties);
}

/** Setting the same text again would make screen readers repeat it. @param {Element} element @param {string} text */
export function putText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {HTMLCanvasElement | OffscreenCanvas} canvas @returns {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} opaque */
export function contextOf(canvas) {
  const context = /** @type {HTMLCanvasElement} */ (canvas).getContext('2d', { alpha: false });
  if (!context) throw new Error('the browser has no 2D canvas');
  return context;
}

/** Setting even the same size would clear the canvas. @param {HTMLCanvasElement | OffscreenCanvas} canvas @param {number} width @param {number} height */
export function fit(canvas, width, height) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
}

/** @param {HTMLCanvasElement} canvas @param {number} width @param {number} height in CSS pixels @returns {CanvasRenderingContext2D | null} empty, and sharp on this screen; null: there is no room */
export function cleared(canvas, width, height) {
  const scale = devicePixelRatio || 1;
  const context = canvas.getContext('2d');
  if (!context || !width || !height) return null;
  fit(canvas, Math.round(width * scale), Math.round(height * scale));
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
