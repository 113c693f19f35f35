import type { KeyObject } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { BoundedMap } from '../../../kernel/bounded-map.js';
import type { Clock } from '../../../kernel/clock.js';
import { readPublicKey } from '../../../kernel/signature.js';
import { CLOCK } from '../../../platform/clock.js';
import { Database } from '../../../platform/database/database.js';
import { Signal } from '../../../platform/signal/signal.js';
import { Topic } from '../../../platform/signal/topics.js';
import { keyOfNode } from './nodes.queries.js';

/** A revoked node is out within this, even when the signal is lost. */
const STANDING_MS = 3_000;
/** A node never gets another key or another name; that it is known at all is what ends. */
const IDENTITY_MS = 10 * 60_000;
const NODES = 20_000;

/** What a node has for good. */
export interface NodeIdentity {
  readonly name: string;
  readonly publicKey: KeyObject;
}

/** What may change at any moment. */
export interface NodeStanding {
  readonly isRevoked: boolean;
  /** Where it runs, as it has said lately; null: it has been silent. */
  readonly bootId: string | null;
}

interface Known extends NodeIdentity {
  readonly tenantId: string;
  readonly until: number;
  readonly standing: NodeStanding;
  standingUntil: number;
}

/**
 * The nodes that this process has heard of lately. Who a node is, is remembered for longer than it takes to
 * report again; how it stands for three seconds at most, and not past the signal that something was decided.
 */
@Injectable()
export class KnownNodes implements OnModuleDestroy {
  private readonly known = new BoundedMap<string, Known>(NODES);
  private readonly unsubscribe: () => void;

  constructor(
    private readonly database: Database,
    @Inject(CLOCK) private readonly clock: Clock,
    signal: Signal,
  ) {
    this.unsubscribe = signal.subscribe(Topic.Desired, (nodeId) => {
      const known = this.known.get(nodeId);
      if (known) known.standingUntil = -Infinity;
    });
  }

  onModuleDestroy(): void {
    this.unsubscribe();
  }

  async identity(tenantId: string, nodeId: string): Promise<NodeIdentity | undefined> {
    const known = this.known.get(nodeId);
    // The tenant is a claim, too: a node known in one is nobody in another.
    if (known?.tenantId === tenantId && known.until > this.clock.monotonic()) return known;
    return this.look(tenantId, nodeId);
  }

  /** As it was said at most three seconds ago. Undefined: that would have to be asked. */
  rememberedStanding(nodeId: string): NodeStanding | undefined {
    const known = this.known.get(nodeId);
    if (known === undefined || known.standingUntil <= this.clock.monotonic()) return undefined;
    return known.standing;
  }

  /** Undefined: there is no such node any more. */
  async standing(tenantId: string, nodeId: string): Promise<NodeStanding | undefined> {
    return this.rememberedStanding(nodeId) ?? (await this.look(tenantId, nodeId))?.standing;
  }

  private async look(tenantId: string, nodeId: string): Promise<Known | undefined> {
    const node = await this.database.system((tx) => keyOfNode(tx, tenantId, nodeId));
    const publicKey = node && keyOf(node.publicKey);
    if (!publicKey) return undefined;
    const { name, isRevoked, bootId } = node;
    const now = this.clock.monotonic();
    const known = {
      tenantId,
      name,
      publicKey,
      until: now + IDENTITY_MS,
      standing: { isRevoked, bootId },
      standingUntil: now + STANDING_MS,
    };
    this.known.set(nodeId, known);
    return known;
  }
}

/** Of a node whose key another one had first there is none that anybody could sign with. */
function keyOf(text: string): KeyObject | undefined {
  try {
    return readPublicKey(text);
  } catch {
    return undefined;
  }
}
