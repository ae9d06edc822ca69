// The service map: moved, zoomed, walked through by keys.

export function start() {}
