// The list of traces: the filter is checked while it is typed.

export function start() {}
