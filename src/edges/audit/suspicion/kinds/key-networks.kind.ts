import { accessKeySeen } from '../../../../tenancy/access-keys/access-keys.events.js';
import type { SuspicionKind } from '../suspicion-kind.js';
import { keyNetworks } from '../suspicion.settings.js';

/** One access key is used from many networks at once: it has got into other hands. */
export const keyNetworksKind: SuspicionKind = {
  kind: 'key-networks',
  windowMs: 3_600_000,
  measure: 'places',
  threshold: keyNetworks,
  watch: ({ events }, notice) => {
    events.hear(accessKeySeen, (open, { subjectId: who, body }) =>
      notice(open, { who, place: body.network }),
    );
  },
};
