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
  private readonly specs = new Map<string, { readonly version: string; readonly spec: GateSpec }>();

  constructor(private readonly most = SPECS_MOST) {}

  get(key: SpecKey): GateSpec | undefined {
    const found = this.specs.get(nameOf(key));
    return found?.version === key.version ? found.spec : undefined;
  }

  put(key: SpecKey, spec: GateSpec): void {
    this.specs.delete(nameOf(key));
    this.specs.set(nameOf(key), { version: key.version, spec });
    if (this.specs.size <= this.most) return;
    const [oldest] = this.specs.keys();
    this.specs.delete(oldest!);
  }
}

const nameOf = ({ tenantId, id, stepId }: SpecKey) => `${tenantId} ${id} ${stepId}`;
