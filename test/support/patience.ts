/**
 * How long a test waits for what processes have to start for. It is over as soon as it is so: only a broken
 * run takes this long, and a machine that is busy with others no longer makes one.
 */
export const PATIENCE_MS = 45_000;
