// A trace: its rows walked through by keys, the rest of a long one fetched as it is reached.

export function start() {}
