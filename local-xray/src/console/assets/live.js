// Follows what happens in the store, while nobody has paused it: the page is put in place anew when an
// event tells of what it shows.

import { refresh } from './place.js';

const shown = document.getElementById('live');
const pause = document.getElementById('pause');
let paused = false;
let missed = false;

const tell = (state, words) => {
  shown.dataset.state = state;
  if (shown.textContent !== words) shown.textContent = words;
};
const live = () => (paused ? tell('paused', missed ? 'Paused, there is more' : 'Paused') : tell('live', 'Live'));

// What a page follows stands in its content: `traces`, one trace's id, `telemetry`, …
const isOfInterest = (news) => {
  const follows = document.querySelector('[data-follows]')?.dataset.follows.split(' ') ?? [];
  const any = news.more || news.traces.length > 0;
  return follows.some((what) => (what === 'traces' ? any : (news[what] ?? (news.more || news.traces.includes(what)))));
};

const update = () => {
  if (paused) missed = true;
  else refresh();
  live();
};

// What is in progress moves, without anything happening.
const tick = () => {
  const moving = document.querySelector('[data-moves]');
  setTimeout(() => {
    if (moving && !paused && !document.hidden) refresh();
    tick();
  }, Number(moving?.dataset.moves || 1) * 1000);
};

const turn = () => {
  paused = !paused;
  pause.ariaPressed = paused;
  pause.textContent = paused ? 'Go on' : 'Pause';
  if (missed) refresh();
  missed = false;
  live();
};

export function follow() {
  shown.hidden = pause.hidden = false;
  pause.addEventListener('click', turn);
  const events = new EventSource('/live');
  events.addEventListener('open', live);
  events.addEventListener('error', () => tell('lost', 'No connection, trying again'));
  events.addEventListener('news', (event) => isOfInterest(JSON.parse(event.data)) && update());
  tick();
}
