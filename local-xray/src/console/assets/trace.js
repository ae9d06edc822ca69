// A trace: its rows walked through by keys, the rest of a long one fetched as it is reached.

import { byId, isChord, placed } from './place.js';

const fill = (region) => async (answer) => {
  const rows = answer.ok && (await answer.text());
  if (!rows || !region.isConnected) return;
  const focused = region.contains(document.activeElement) && document.activeElement.id;
  region.innerHTML = rows;
  region.filled = true;
  if (focused) byId(focused)?.focus({ preventScroll: true });
};
const reach = (entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    reached.unobserve(target);
    fetch(target.dataset.later).then(fill(target), () => {});
  }
};
const reached = new IntersectionObserver(reach, { rootMargin: '1500px' });

const rows = () => [...document.querySelectorAll('#rows .row')];
const level = (row) => Number(row.ariaLevel);
const focus = (row) => {
  row?.querySelector('.what').focus({ preventScroll: true });
  row?.scrollIntoView({ block: 'nearest' });
};
const beside = (row, by) => focus(rows()[rows().indexOf(row) + by]);
const above = (row) => focus(rows().slice(0, rows().indexOf(row)).findLast((of) => level(of) < level(row)));
const turn = (row, isOpen, otherwise) =>
  row.ariaExpanded === isOpen ? row.querySelector('.toggle').click() : otherwise();
const keys = {
  ArrowDown: (row) => beside(row, 1),
  ArrowUp: (row) => beside(row, -1),
  ArrowRight: (row) => turn(row, 'false', () => beside(row, 1)),
  ArrowLeft: (row) => turn(row, 'true', () => above(row)),
};

// One stop of the Tab key for all rows: arrows go on from there.
const stopAt = (link) => {
  for (const other of document.querySelectorAll('#rows .row a')) other.tabIndex = -1;
  if (link) link.tabIndex = 0;
};

let chosen;
export function start() {
  addEventListener('focusin', ({ target }) => target.matches('#rows .what') && stopAt(target));
  addEventListener('keydown', (event) => {
    const row = event.target.closest?.('#rows .row');
    if (!row || !keys[event.key] || isChord(event)) return;
    event.preventDefault();
    keys[event.key](row);
  });
  placed(() => {
    for (const region of document.querySelectorAll('[data-later]')) if (!region.filled) reached.observe(region);
    // The chosen row never is in a region that is fetched.
    document.querySelector('[data-later] [aria-selected]')?.removeAttribute('aria-selected');
    const row = document.querySelector('#rows [aria-selected]');
    stopAt((row ?? document.querySelector('#rows .row'))?.querySelector('.what'));
    const id = row?.querySelector('.what').id;
    if (id !== chosen && /[?&]segment=/.test(location.search)) row?.scrollIntoView({ block: 'nearest' });
    chosen = id;
  });
}
