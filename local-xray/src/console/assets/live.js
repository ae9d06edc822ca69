// Follows what happens in the store, while nobody has paused it and somebody looks: the page is put in
// place anew when an event tells of what it shows.

import { byId, refresh } from './place.js';

const shown = byId('live');
const pause = byId('pause');
let paused = false;
let missed = false;
let still = 0;
let events;

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

// Connections are few, and nobody sees what is hidden. Who comes back is told what the page has missed.
const listen = () => {
  if (document.hidden) events = events?.close();
  if (document.hidden || events) return;
  events = new EventSource(`/live?after=${byId('content').dataset.mark}`);
  events.addEventListener('open', live);
  events.addEventListener('error', () => tell('lost', 'No connection, trying again'));
  events.addEventListener('news', (event) => isOfInterest(JSON.parse(event.data)) && update());
};

// What is in progress moves, without anything happening.
const tick = () => {
  const moves = Number(document.querySelector('[data-moves]')?.dataset.moves);
  if (!moves || paused || document.hidden || ++still < moves) return;
  still = 0;
  refresh();
};

const turn = () => {
  paused = !paused;
  pause.textContent = paused ? 'Go on' : 'Pause';
  if (missed) refresh();
  missed = false;
  live();
};

export function follow() {
  shown.hidden = pause.hidden = false;
  pause.addEventListener('click', turn);
  addEventListener('visibilitychange', listen, true);
  listen();
  setInterval(tick, 1000);
}
