// Pages in each other's place: links and forms marked `data-place` fetch their address, and what has an
// `id` and `data-live` is replaced. Without scripts they are links and forms.

const parser = new DOMParser();
const view = (page) => page.querySelector('main')?.dataset.view;
const listeners = [];
let underway;

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
    if (mine !== underway) return false;
    if (!answer.ok || view(page) !== view(document)) throw answer.status;
    if (state) history[state](null, '', answer.url);
    document.title = page.title;
    replace(page, state);
  } catch (error) {
    if (error?.name === 'AbortError') return false;
    // What cannot be put in place is gone to.
    if (state) location.href = url;
    return false;
  } finally {
    if (mine === underway) underway = undefined;
  }
  for (const listener of listeners) listener();
  return true;
}

// In a list the regions come and go.
function relist(list, fresh) {
  for (const old of [...list.children]) if (!fresh.querySelector(`#${old.id}`)) old.remove();
  [...fresh.children].forEach((region, at) => {
    const here = list.children[at];
    if (here?.id !== region.id) list.insertBefore(region, here ?? null).served = region.outerHTML;
  });
}

function replace(page, isWanted) {
  const focused = document.activeElement?.id;
  for (const list of document.querySelectorAll('[data-list]')) {
    const fresh = page.getElementById(list.id);
    if (fresh) relist(list, fresh);
  }
  for (const old of document.querySelectorAll('[data-live]')) {
    const fresh = page.getElementById(old.id);
    if (!fresh || fresh.outerHTML === old.served) continue;
    // What happens elsewhere takes nothing away that somebody types into.
    if (!isWanted && old.contains(document.activeElement) && document.activeElement.matches('input, select')) continue;
    fresh.served = fresh.outerHTML;
    for (const details of old.querySelectorAll('details[id]')) {
      const same = fresh.querySelector(`#${CSS.escape(details.id)}`);
      if (same) same.open = details.open;
    }
    const scrolls = [old, ...old.querySelectorAll('[data-scrolls]')].map((e) => [e.id, e.scrollTop, e.scrollLeft]);
    // What is yet to be fetched stays as it was until then.
    if (fresh.dataset.later && (old.filled || !old.dataset.later)) fresh.replaceChildren(...old.childNodes);
    old.replaceWith(fresh);
    for (const [id, top, left] of scrolls) document.getElementById(id)?.scrollTo(left, top);
  }
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** The same page again, unless another is on its way. */
export const refresh = () => underway ?? place(location.href);

const isPlain = (event) => !(event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);

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

addEventListener('popstate', () => place(location.href, 'replaceState'));
for (const region of document.querySelectorAll('[data-live]')) region.served = region.outerHTML;
