import { BoundedMap } from '../../kernel/bounded-map.js';
import type { GateSpec } from './gate-spec.js';

/**
 * Enough for ten thousand open gates, at about 3 KiB each. With more of them the oldest make room,
 * and are read again when their turn comes.
 */
const SPECS_MOST = 10_000;

/** Names one state of one gate's spec: `version` changes with every write of its row. */
export interface SpecKey {
  readonly tenantId: string;
  readonly id: string;
  readonly stepId: string;
  readonly version: string;
}

/**
 * What open gates look at, as last read by this process. It is asked at every poll and hardly ever
 * changes; the version says when it has, so that a cached one can never be out of date.
 */
export class GateSpecCache {
  private readonly specs: BoundedMap<string, { readonly version: string; readonly spec: GateSpec }>;

  constructor(most = SPECS_MOST) {
    this.specs = new BoundedMap(most);
  }

  get(key: SpecKey): GateSpec | undefined {
    const found = this.specs.get(nameOf(key));
    return found?.version === key.version ? found.spec : undefined;
  }

  put(key: SpecKey, spec: GateSpec): void {
    this.specs.set(nameOf(key), { version: key.version, spec });
  }
}

const nameOf = ({ tenantId, id, stepId }: SpecKey) => `${tenantId} ${id} ${stepId}`;
