import { approvalWordings } from './approval-wordings.js';
import { deploymentWordings } from './deployment-wordings.js';
import type { EventName } from './event-names.js';
import { tenantWordings } from './tenant-wordings.js';
import type { Wording } from './wording.js';

/** One for each event: the compiler asks for those of a new one. */
const wordings: Readonly<Record<EventName, Wording>> = {
  ...approvalWordings,
  ...deploymentWordings,
  ...tenantWordings,
};

export function wordingOf(name: EventName): Wording {
  return wordings[name];
}
