// Pages in each other's place: links and forms marked `data-place` fetch their address, and what has an
// `id` and `data-live` is replaced. Without scripts they are links and forms.

const parser = new DOMParser();
export const byId = (id) => document.getElementById(id);
/** Whether a key or a button is pressed with one that gives it another meaning, which is the browser's. */
export const isChord = (event) => event.ctrlKey || event.metaKey || event.altKey;
const view = (page) => page.querySelector('main')?.dataset.view;
const where = () => location.pathname + location.search;
const listeners = [];
let at = where();
let underway;
let again = false;

/** Calls `listener` after every change, and once now. */
export function placed(listener) {
  listeners.push(listener);
  listener();
}

/** Shows the page at an address; `state` is the history method to note it with, if any. */
export async function place(url, state) {
  underway?.abort();
  const mine = (underway = new AbortController());
  let answer;
  try {
    answer = await fetch(url, { signal: mine.signal });
    const page = parser.parseFromString(await answer.text(), 'text/html');
    if (mine !== underway) return;
    if (!answer.ok || view(page) !== view(document)) throw answer.status;
    if (state) history[state](null, '', answer.url);
    at = where();
    document.title = page.title;
    replace(page, state);
    byId(new URL(url, location).hash.slice(1))?.focus();
    for (const listener of listeners) listener();
  } catch {
    // What cannot be put in place is gone to; an address that is here already, if it answers.
    if (mine !== underway || !state) return;
    if (url !== location.href) location.href = url;
    else if (answer) location.reload();
  } finally {
    if (mine === underway) {
      underway = undefined;
      if (again) refresh();
    }
  }
}

/** The same page again; after the one that is on its way, if there is one. */
export function refresh() {
  again = !!underway;
  if (!underway) place(location.href);
}

// In a list the regions come and go.
function relist(list, fresh) {
  for (const old of [...list.children]) if (!fresh.querySelector(`#${old.id}`)) old.remove();
  [...fresh.children].forEach((region, at) => {
    const here = list.children[at];
    if (here?.id !== region.id) list.insertBefore(region, here ?? null).served = region.outerHTML;
  });
}

// What has the focus, or what is in its place, has it again.
const focusable = 'a, button, input, select, summary, [tabindex]';
function keepFocus() {
  const active = document.activeElement;
  const region = active.closest('[data-live]');
  if (!region) return () => {};
  const href = active.getAttribute('href');
  const index = [...region.querySelectorAll(focusable)].indexOf(active);
  return () => {
    if (active.isConnected) return;
    const all = [...(byId(region.id)?.querySelectorAll(focusable) ?? [])];
    const same = byId(active.id) ?? all.find((one) => href && one.getAttribute('href') === href);
    (same ?? all[index] ?? byId('content')).focus({ preventScroll: true });
  };
}

const fields = (region) => [...region.querySelectorAll('input[name], select[name]')];

function replace(page, isWanted) {
  const focusAgain = keepFocus();
  byId('content').dataset.mark = page.getElementById('content').dataset.mark;
  for (const list of document.querySelectorAll('[data-list]')) {
    const fresh = page.getElementById(list.id);
    if (fresh) relist(list, fresh);
  }
  for (const old of document.querySelectorAll('[data-live]')) {
    const fresh = page.getElementById(old.id);
    if (!fresh || fresh.outerHTML === old.served) continue;
    // What happens elsewhere takes nothing away that somebody types or has chosen.
    if (!isWanted && old.contains(document.activeElement) && document.activeElement.matches('input, select')) continue;
    fresh.served = fresh.outerHTML;
    if (!isWanted) {
      const same = fields(fresh);
      fields(old).forEach(({ name, value, checked }, at) => same[at]?.name === name && Object.assign(same[at], { value, checked }));
    }
    for (const details of old.querySelectorAll('details[id]')) {
      const same = fresh.querySelector(`#${CSS.escape(details.id)}`);
      if (same) same.open = details.open;
    }
    const scrolling = [...(isWanted ? [] : [old]), ...old.querySelectorAll('[data-scrolls]')];
    const scrolls = scrolling.map((one) => [one.id, one.scrollTop, one.scrollLeft]);
    // What is yet to be fetched stays as it was until then.
    if (fresh.dataset.later && (old.filled || !old.dataset.later)) fresh.replaceChildren(...old.childNodes);
    old.replaceWith(fresh);
    for (const [id, top, left] of scrolls) byId(id)?.scrollTo(left, top);
  }
  focusAgain();
}

const isPlain = (event) => !(event.defaultPrevented || event.button || event.shiftKey || isChord(event));

addEventListener('click', (event) => {
  const link = event.target.closest?.('a[data-place]');
  if (!link || !isPlain(event)) return;
  event.preventDefault();
  place(link.href.baseVal ?? link.href, 'pushState');
});

addEventListener('submit', (event) => {
  const form = event.target;
  if (!form.matches('[data-place]')) return;
  event.preventDefault();
  const query = new URLSearchParams(new FormData(form, event.submitter));
  for (const [key, value] of [...query]) if (!value) query.delete(key);
  place(`${form.action}?${query}`, 'pushState');
});

addEventListener('change', (event) => {
  if (event.target.matches('[data-submits]')) event.target.form.requestSubmit();
});

// A step to another part of the page is none to another page.
addEventListener('popstate', () => where() !== at && place(location.href, 'replaceState'));
for (const region of document.querySelectorAll('[data-live]')) region.served = region.outerHTML;
