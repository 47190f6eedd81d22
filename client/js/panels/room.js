/** Tells the styles the height of parts that only the browser knows, so that the video leaves room for them. Draws nothing. */

/**
 * @param {HTMLElement} root gets `--NAME` in pixels for each part
 * @param {Record<string, HTMLElement>} parts by name
 */
export function leaveRoom(root, parts) {
  const names = new Map(Object.entries(parts).map(([name, part]) => [part, name]));
  const observer = new ResizeObserver(() => {
    for (const [part, name] of names) root.style.setProperty(`--${name}`, `${part.offsetHeight}px`);
  });
  for (const part of names.keys()) observer.observe(part);
}
