/** The token under which Nest hands out the kernel's Clock; tests bind a ManualClock to it. */
export const CLOCK = Symbol('tidegate:clock');
