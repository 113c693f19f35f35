/** What is taken for an attack. A new kind is a file in `kinds/` and a line here. */
import { accountFailuresKind } from './kinds/account-failures.kind.js';
import { breakGlassHoursKind } from './kinds/break-glass-hours.kind.js';
import { keyNetworksKind } from './kinds/key-networks.kind.js';
import { missedIdsKind } from './kinds/missed-ids.kind.js';
import { networkFailuresKind } from './kinds/network-failures.kind.js';
import type { SuspicionKind } from './suspicion-kind.js';

export const suspicionKinds: readonly SuspicionKind[] = [
  accountFailuresKind,
  networkFailuresKind,
  keyNetworksKind,
  missedIdsKind,
  breakGlassHoursKind,
];
