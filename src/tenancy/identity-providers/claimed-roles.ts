/** What claims give, made to be what the rules say of this sign-in. */
import type { Role } from '../../kernel/permission.js';
import type { OpenContext } from '../../platform/context.js';
import { endSessionsIn } from '../auth/sessions.store.js';
import {
  bindRole,
  hasAdmin,
  lockAdminsOf,
  removeRolesOf,
} from '../permissions/role-bindings.store.js';
import {
  claimedBy,
  type ClaimedRow,
  enterByClaim,
  leaveClaimedGroups,
} from './claimed-roles.store.js';
import { type ExternalPerson, meets } from './external-person.js';
import type { ClaimRule, SignInProvider } from './identity-provider.js';
import { claimsApplied } from './identity-providers.events.js';
import { targetsOf } from './rule-targets.js';

interface SignedInThere {
  readonly userId: string;
  readonly username: string;
  readonly person: ExternalPerson;
}

/**
 * Replaces all that claims have given before; what people or a directory gave stays. When that would
 * take the tenant's last Admin away, the person keeps what claims gave until now beside what is new: a
 * slip in a directory must not lock a tenant up, and whoever reads the audit log finds it.
 */
export async function applyClaims(
  open: OpenContext,
  provider: SignInProvider,
  { userId, username, person }: SignedInThere,
): Promise<void> {
  const met = provider.rules.filter(({ when }) => when === null || meets(person, when));
  const { rows, unknown } = await rowsOf(open, met, provider.id);
  const before = await claimedBy(open, userId);
  if (isSame(before, rows)) return;
  await lockAdminsOf(open);
  const hadAdmin = await hasAdmin(open);
  await removeRolesOf(open, { kind: 'user', id: userId }, 'claim');
  await leaveClaimedGroups(open, userId);
  for (const row of rows) await give(open, userId, row);
  const kept = hadAdmin && !(await hasAdmin(open));
  if (kept) for (const row of before) await give(open, userId, row);
  const after = await claimedBy(open, userId);
  // What rules give beside a stored role of the same scope has no row of its own.
  if (isSame(before, after) && !kept) return;
  // As with every role that somebody loses: what they have open begins anew.
  if (before.some((row) => !isAmong(row, after))) await endSessionsIn(open, userId);
  const names = (kind: ClaimedRow['kind']) =>
    after.filter((row) => row.kind === kind).map(({ name }) => name);
  const [roles, groups] = [names('role'), names('group')];
  await open.record(
    claimsApplied(username, { provider: provider.name, roles, groups, unknown, kept }),
  );
}

async function rowsOf(open: OpenContext, rules: readonly ClaimRule[], providerId: string) {
  const targets = await targetsOf(open, rules);
  const rows = new Map<string, ClaimedRow>();
  const unknown: string[] = [];
  for (const [index, target] of targets.entries()) {
    const { role, group, modules, environments } = rules[index]!;
    if (target === null) unknown.push(role ?? group ?? '');
    else if (target.kind === 'group') {
      const { id, name } = target.group;
      add(rows, {
        kind: 'group',
        target: id,
        isBuiltIn: false,
        name,
        modules: null,
        environments: null,
        providerId,
      });
    } else {
      const { bound, role: name } = target.role;
      const isBuiltIn = typeof bound === 'string';
      add(rows, {
        kind: 'role',
        target: isBuiltIn ? bound : bound.id,
        isBuiltIn,
        name,
        modules: spelled(modules),
        environments: spelled(environments),
        providerId,
      });
    }
  }
  return { rows: [...rows.values()], unknown };
}

function add(rows: Map<string, ClaimedRow>, row: ClaimedRow): void {
  rows.set(keyOf(row), row);
}

/** As a binding is stored: each name once and in order. */
function spelled(names: readonly string[] | null): readonly string[] | null {
  return names && [...new Set(names)].sort();
}

async function give(open: OpenContext, userId: string, row: ClaimedRow): Promise<void> {
  if (row.kind === 'group') return enterByClaim(open, userId, row);
  const { modules, environments, target, isBuiltIn, providerId } = row;
  await bindRole(open, {
    role: isBuiltIn ? (target as Role) : { id: target },
    subject: { kind: 'user', id: userId },
    scope: { modules, environments },
    source: 'claim',
    ...(providerId === null ? {} : { providerId }),
  });
}

/** Whether it gives the same, whichever provider it is from. */
function isAmong(row: ClaimedRow, rows: readonly ClaimedRow[]): boolean {
  const { kind, target, modules, environments } = row;
  const gives = JSON.stringify([kind, target, modules, environments]);
  return rows.some(
    (one) => gives === JSON.stringify([one.kind, one.target, one.modules, one.environments]),
  );
}

function isSame(before: readonly ClaimedRow[], after: readonly ClaimedRow[]): boolean {
  const keys = new Set(before.map(keyOf));
  return keys.size === after.length && after.every((row) => keys.has(keyOf(row)));
}

function keyOf({ kind, target, modules, environments, providerId }: ClaimedRow): string {
  return JSON.stringify([kind, target, modules, environments, providerId]);
}
