// The service map: dragged and zoomed within its frame, which scrolls, and walked through by keys.

import { isChord, placed } from './place.js';

let frame, svg, width, height, chosen;
// Pixels per unit, once somebody has zoomed; until then what fits the width and can be read.
let zoomed;
let scrolled = [0, 0];

const { abs, max, min } = Math;
const scale = () => zoomed ?? min(1, max(0.75, frame.clientWidth / width));

const draw = () => {
  svg.setAttribute('width', width * scale());
  svg.setAttribute('height', height * scale());
};

// A point of the frame stays where it is.
const zoom = (to, x = frame.clientWidth / 2, y = frame.clientHeight / 2) => {
  const [before, left, top] = [scale(), frame.scrollLeft + x, frame.scrollTop + y];
  zoomed = min(4, max(0.05, to));
  draw();
  const by = zoomed / before;
  frame.scrollTo(left * by - x, top * by - y);
};

const buttons = {
  'zoom-in': () => zoom(scale() * 1.3),
  'zoom-out': () => zoom(scale() / 1.3),
  'zoom-all': () => zoom(min(1, frame.clientWidth / width, (innerHeight * 0.7) / height)),
};

export function start() {
  const on = (type, act, options) => addEventListener(type, (event) => svg && act(event, event.target), options);
  placed(() => {
    frame = document.querySelector('.map-frame');
    svg = frame?.firstElementChild;
    if (!svg) return;
    ({ width, height } = svg.viewBox.baseVal);
    draw();
    frame.scrollTo(...scrolled);
    const part = svg.querySelector('.selected');
    if (part && part.id !== chosen) {
      part.scrollIntoView({ block: 'nearest', inline: 'nearest', container: 'nearest' });
      if (document.activeElement.id === 'find') part.focus();
    }
    chosen = part?.id;
  });
  on('scroll', () => (scrolled = [frame.scrollLeft, frame.scrollTop]), true);
  on('resize', draw);

  // Who dragged the map did not click at it.
  let moved;
  on('pointerdown', ({ pointerType }, over) => (moved = pointerType === 'mouse' && svg.contains(over) ? 0 : NaN));
  on('pointermove', ({ buttons, movementX: x, movementY: y }) => {
    if (buttons & 1) moved += abs(x) + abs(y);
    if (buttons & 1 && moved > 4) frame.scrollBy(-x, -y);
  });
  on('click', (event) => event.detail && moved > 4 && event.preventDefault(), true);
  on('click', (_, button) => buttons[button.id]?.());
  on('dragstart', (event, part) => svg.contains(part) && event.preventDefault());

  // With Ctrl, which is what a pinch says, too: who scrolls by is not held up.
  const wheel = (event, over) => {
    if (!(event.ctrlKey || event.metaKey) || !svg.contains(over)) return;
    event.preventDefault();
    const { left, top } = frame.getBoundingClientRect();
    zoom(scale() * 1.002 ** -event.deltaY, event.clientX - left, event.clientY - top);
  };
  on('wheel', wheel, { passive: false });

  // A node or an edge says where arrow keys lead.
  on('keydown', (event, part) => {
    const next = part.dataset[event.key.toLowerCase()];
    if (!next || isChord(event)) return;
    event.preventDefault();
    svg.querySelector(`[data-node="${next}"]`).focus();
  });
}
