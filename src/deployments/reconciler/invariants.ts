import { finishedRunAwake } from './finished-run-awake.js';
import { freeCapacityAwaited } from './free-capacity-awaited.js';
import { freeSlotAwaited } from './free-slot-awaited.js';
import type { Invariant } from './invariant.js';
import { lostLeaseAsleep } from './lost-lease-asleep.js';
import { openRunAsleep } from './open-run-asleep.js';
import { signalSleptPast } from './signal-slept-past.js';
import { slotHeldByFinished } from './slot-held-by-finished.js';

/** All that is looked after, in this order. Adding one is its file and a word here. */
export const invariants: readonly Invariant[] = [
  openRunAsleep,
  finishedRunAwake,
  slotHeldByFinished,
  freeSlotAwaited,
  freeCapacityAwaited,
  signalSleptPast,
  lostLeaseAsleep,
];
