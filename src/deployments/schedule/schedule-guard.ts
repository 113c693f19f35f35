// A start that was asked for at a date. When that comes, all else is asked again.
import { Injectable } from '@nestjs/common';
import type { OpenContext } from '../../platform/context.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import { StartGuard, type Held, type StartAsked } from '../windows/start-guards.js';

@Injectable()
export class ScheduleGuard extends StartGuard {
  readonly kind = 'schedule';

  check(_open: OpenContext, { spec, verb, now }: StartAsked): Promise<Held | null> {
    const present = now ?? Date.now();
    const late = verb === 'approve' ? expiredReason(spec, present) : null;
    if (late !== null) return Promise.resolve(heldBy(late, null));
    const startAt = verb === 'start' ? (spec.start?.startAt ?? null) : null;
    if (startAt === null || startAt <= present) return Promise.resolve(null);
    const when = new Date(startAt).toISOString();
    return Promise.resolve(heldBy(`starts at ${when}, as it was asked for`, startAt));
  }
}

/** Why it never starts; null: it is in time, or has none to be in. */
export function expiredReason({ start }: DeploymentSpec, now: number): string | null {
  const expiresAt = start?.expiresAt ?? null;
  if (expiresAt === null || now < expiresAt) return null;
  return `it was not to start after ${new Date(expiresAt).toISOString()}`;
}

const heldBy = (detail: string, until: number | null): Held => ({
  kind: 'schedule',
  detail,
  until,
  who: 'someone who may operate deployments',
  verb: 'cancel',
});
