import type { Grants } from '../../../kernel/grants.js';
import type { OpenContext } from '../../../platform/context.js';
import type { Occurrence } from '../messages/occurrence.js';
import { wordingOf } from '../messages/wordings.js';
import { type Subscribed, whoMuted } from '../subscriptions/subscriptions.store.js';
import type { Asked } from './asked-people.js';
import { grantsOfGroups, type Recipient, recipientsOf } from './recipients.queries.js';
import { isAsking, type Unasked } from './unasked.js';

export interface Recipients {
  /** Subscriptions to a channel whose owner may read it. */
  readonly channels: readonly Subscribed[];
  /** Each once, however often they have subscribed; with an address. */
  readonly people: readonly (Recipient & { readonly email: string })[];
}

interface Wanted {
  readonly subscriptions: readonly Subscribed[];
  readonly unasked: readonly Unasked[];
  readonly asked: Asked | null;
}

/** Who hears of an event: whoever wants to, and may read it at this moment. */
export async function recipientsFor(
  open: OpenContext,
  of: Occurrence,
  { subscriptions, unasked, asked }: Wanted,
): Promise<Recipients> {
  const ownersOf = (kind: Subscribed['ownerKind']) =>
    subscriptions.flatMap(({ ownerKind, ownerId }) =>
      ownerKind === kind && ownerId !== null ? [ownerId] : [],
    );
  const notMuted = await withoutMuted(open, unasked);
  const people = await recipientsOf(open, [...ownersOf('user'), ...notMuted]);
  const groups = await grantsOfGroups(open, ownersOf('group'));
  const isAllowed = ({ ownerKind, ownerId }: Subscribed): boolean => {
    if (ownerKind === 'tenant') return true;
    if (ownerKind === 'group') return mayRead(groups.get(ownerId!), of);
    if (isAsking(of.name) && asked?.isBarred(ownerId!) === true) return false;
    return mayRead(people.get(ownerId!)?.grants, of);
  };
  const allowed = subscriptions.filter(isAllowed);
  const own = allowed.flatMap(({ channelId, ownerId }) => (channelId === null ? [ownerId!] : []));
  const ids = new Set([...notMuted.filter((id) => mayRead(people.get(id)?.grants, of)), ...own]);
  return {
    channels: allowed.filter(({ channelId }) => channelId !== null),
    people: [...ids].sort().flatMap((id) => {
      const { email = null, ...rest } = people.get(id)!;
      return email === null ? [] : [{ ...rest, email }];
    }),
  };
}

/** Somewhere where it happened. */
function mayRead(grants: Grants | undefined, { name, ...where }: Occurrence): boolean {
  const { readers } = wordingOf(name);
  const each = (names: readonly string[]) => (names.length === 0 ? [undefined] : names);
  return each(where.modules).some((module) =>
    each(where.environments).some(
      (environment) => grants?.find(readers, { module, environment }) !== undefined,
    ),
  );
}

async function withoutMuted(open: OpenContext, unasked: readonly Unasked[]): Promise<string[]> {
  const left: string[] = [];
  for (const { kind, people } of unasked) {
    const muted = await whoMuted(open, kind, people);
    left.push(...people.filter((id) => !muted.has(id)));
  }
  return left;
}
