// Whether a freeze names what is wanted, there and now. A recurring one that cannot be worked out counts.
import { Injectable } from '@nestjs/common';
import type { OpenContext } from '../../platform/context.js';
import { frozenAt } from './freeze-times.js';
import type { FreezeFound } from './freeze.js';
import { freezesInTheWay } from './freezes.queries.js';
import { StartGuard, type Held, type StartAsked } from './start-guards.js';

@Injectable()
export class FreezeGuard extends StartGuard {
  readonly kind = 'freeze';

  async check(
    open: OpenContext,
    { spec, deployment, verb, now }: StartAsked,
  ): Promise<Held | null> {
    const found = await freezesInTheWay(open, {
      environment: spec.environment,
      module: spec.module.name,
      // Going back is held by a freeze that names it, and by no other, at whatever point of it.
      verb: deployment.lane === 'rollback' ? 'rollback' : verb,
      now,
      deploymentId: deployment.id,
    });
    return longest(found.flatMap((freeze) => inTheWay(freeze, freeze.now)));
  }
}

interface InTheWay {
  readonly name: string;
  /** Null: nobody can say. */
  readonly until: number | null;
}

function inTheWay(freeze: FreezeFound, now: number): InTheWay[] {
  const { name } = freeze;
  try {
    const window = frozenAt(freeze, now);
    return window ? [{ name, until: window.to }] : [];
  } catch {
    return [{ name, until: null }];
  }
}

/** Of several the one that ends last: before that it makes no sense to look again. */
function longest(all: readonly InTheWay[]): Held | null {
  const [first, ...rest] = all;
  if (!first) return null;
  const endOf = ({ until }: InTheWay) => until ?? Infinity;
  const last = rest.reduce((one, other) => (endOf(other) > endOf(one) ? other : one), first);
  const end = last.until === null ? '' : ` until ${new Date(last.until).toISOString()}`;
  const more = rest.length > 0 ? `, and by ${rest.length} more` : '';
  return {
    kind: 'freeze',
    name: last.name,
    detail: `frozen by "${last.name}"${end}${more}`,
    until: last.until,
    who: 'someone who may override freezes',
    verb: 'override-freeze',
  };
}
