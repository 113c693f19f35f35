/** The tables `kill_switches` and `platform_switch`. Whoever writes has the lock of starts. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';

export interface SwitchState {
  readonly isOn: boolean;
  /** Null: nobody has ever turned it. */
  readonly reason: string | null;
  readonly changedBy: string | null;
  readonly changedAt: Date | null;
}

export interface Turn {
  readonly isOn: boolean;
  readonly reason: string;
}

const OFF: SwitchState = { isOn: false, reason: null, changedBy: null, changedAt: null };

const COLUMNS = `is_on as "isOn", reason, changed_by as "changedBy", changed_at as "changedAt"`;

const OF_TENANT = statement<{ readonly tenantId: string }, SwitchState>(
  'kill-switches.of-tenant',
  `select ${COLUMNS} from kill_switches where tenant_id = :tenantId`,
);

export async function tenantSwitch(open: OpenContext): Promise<SwitchState> {
  return (await open.tx.first(OF_TENANT, { tenantId: open.tenantId })) ?? OFF;
}

const OF_PLATFORM = statement<Record<never, never>, SwitchState>(
  'platform-switch.read',
  `select ${COLUMNS} from platform_switch`,
);

export async function platformSwitch(
  tx: OpenContext['tx'] | SystemTransaction,
): Promise<SwitchState> {
  return (await tx.first(OF_PLATFORM)) ?? OFF;
}

const TURN_TENANT = statement<
  Turn & { readonly tenantId: string; readonly changedBy: string },
  SwitchState
>(
  'kill-switches.turn',
  `insert into kill_switches as s (tenant_id, is_on, reason, changed_by)
   values (:tenantId, :isOn, :reason, :changedBy)
   on conflict (tenant_id) do update set is_on = excluded.is_on, reason = excluded.reason,
     changed_by = excluded.changed_by, changed_at = clock_timestamp(), version = s.version + 1
   returning ${COLUMNS}`,
);

export async function turnTenant(open: OpenContext, turn: Turn): Promise<SwitchState> {
  const { tenantId, actor } = open;
  return (await open.tx.first(TURN_TENANT, { ...turn, tenantId, changedBy: actor.name }))!;
}

const TURN_PLATFORM = statement<Turn & { readonly changedBy: string }, SwitchState>(
  'platform-switch.turn',
  `update platform_switch set is_on = :isOn, reason = :reason, changed_by = :changedBy,
     changed_at = clock_timestamp(), version = version + 1
   returning ${COLUMNS}`,
);

export async function turnPlatform(
  tx: SystemTransaction,
  turn: Turn,
  changedBy: string,
): Promise<SwitchState> {
  return (await tx.first(TURN_PLATFORM, { ...turn, changedBy }))!;
}
