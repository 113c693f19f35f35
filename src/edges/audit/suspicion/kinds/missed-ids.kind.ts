import { idsMissed } from '../../../../tenancy/permissions/denied.events.js';
import type { SuspicionKind } from '../suspicion-kind.js';
import { missedIds } from '../suspicion.settings.js';

/** Somebody who is signed in tries ids that they cannot have from us. */
export const missedIdsKind: SuspicionKind = {
  kind: 'missed-ids',
  windowMs: 600_000,
  measure: 'times',
  threshold: missedIds,
  watch: ({ events }, notice) => {
    events.hear(idsMissed, (open, { subjectId: who, body }) =>
      notice(open, { who, times: body.count }),
    );
  },
};
