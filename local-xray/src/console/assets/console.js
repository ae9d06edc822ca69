// What every page does: keys, copies, theme, and following what happens.

import { byId, isChord, placed } from './place.js';
import { follow } from './live.js';
import * as map from './map.js';
import * as trace from './trace.js';
import * as traces from './traces.js';

// Buttons that need a script show themselves.
placed(() => {
  for (const button of document.querySelectorAll('[data-copy], [data-script]')) button.hidden = false;
});

addEventListener('click', async (event) => {
  const button = event.target.closest?.('[data-copy]');
  if (!button) return;
  const from = button.dataset.copy ? byId(button.dataset.copy) : button.parentElement.querySelector('code, pre');
  const words = (button.dataset.words ??= button.textContent);
  try {
    await navigator.clipboard.writeText(button.dataset.text ?? from.textContent);
    button.textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren(from);
    button.textContent = 'Selected';
  }
  byId('told').textContent = button.textContent;
  setTimeout(() => (button.textContent = words), 1500);
});

const toggle = byId('theme');
const other = () => (document.documentElement.dataset.theme === 'dark' ? 'Light' : 'Dark');
toggle.hidden = false;
toggle.textContent = other();
toggle.addEventListener('click', () => {
  theme.set(other().toLowerCase());
  toggle.textContent = other();
});

byId('help').hidden = false;
byId('help').addEventListener('click', () => byId('keys').showModal());

// Who speaks to the machine must not press keys by words.
const act = byId('keys-act');
act.checked = stored('keys') !== 'off';
act.addEventListener('change', () => stored('keys', act.checked ? 'on' : 'off'));

addEventListener('keydown', (event) => {
  if (event.defaultPrevented || isChord(event)) return;
  if (!act.checked || document.querySelector('dialog[open]')) return;
  const open = event.key === 'Escape' && document.querySelector('.compare[open], #filter-help[open]');
  if (open) {
    open.open = false;
    open.firstElementChild.focus();
    return;
  }
  // In a tick box nothing is typed; and a dialog that was just closed leaves the focus in its own for a moment.
  if (event.target.matches('input:not([type=checkbox]), select, textarea')) {
    if (event.key === 'Escape') event.target.blur();
    return;
  }
  const field = event.key === '/' && (document.querySelector('[data-find]') ?? byId('filter'));
  const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]:not([hidden])`);
  if (!field && !button) return;
  event.preventDefault();
  if (field) field.focus();
  else button.click();
});

map.start();
traces.start();
trace.start();
follow();
