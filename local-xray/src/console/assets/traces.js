// The list of traces: the filter is checked while it is typed; what is new in the list is marked.

import { byId, placed } from './place.js';

let timer, known, shown;

const check = async (input) => {
  const { value } = input;
  const answer = await fetch(`/filter?filter=${encodeURIComponent(value)}`).catch(() => {});
  const told = await answer?.text();
  // What was typed meanwhile is checked next; another page has another filter.
  if (!answer?.ok || input.value !== value || !input.isConnected) return;
  byId('filter-error').innerHTML = told;
  input.ariaInvalid = told ? 'true' : null;
};

export function start() {
  addEventListener('input', ({ target }) => {
    if (target.id !== 'filter') return;
    clearTimeout(timer);
    timer = setTimeout(check, 200, target);
  });
  placed(() => {
    const rows = [...document.querySelectorAll('.rows tr[id]')];
    if (shown === location.href) for (const row of rows) if (!known.has(row.id)) row.className = 'new';
    known = new Set(rows.map((row) => row.id));
    shown = location.href;
  });
}
