/** What a tenant would leave behind elsewhere: its marks and ids; and whether anything of it has changed. */
import type { Client } from 'pg';
import { withClient } from '../support/database.js';
import type { Inhabitant } from './inhabitant.js';

const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g;

/** A line for each row of the tenant's, in all tables; its people's accounts among them. */
export function rowsOf(tenant: Inhabitant): Promise<string[]> {
  return withClient(tenant.whole.database.superuser, async (client) => {
    const rows: string[] = [];
    for (const table of await tablesOf(client)) {
      const found = await client.query<{ line: string }>(
        `select '${table} ' || t.xmin || ' ' || t::text as line from ${table} t
         where t.tenant_id = $1 order by 1`,
        [tenant.id],
      );
      rows.push(...found.rows.map(({ line }) => line));
    }
    for (const [table, key] of PERSONAL) {
      const found = await client.query<{ line: string }>(
        `select '${table} ' || t.xmin || ' ' || t::text as line from ${table} t
         join memberships m on m.user_id = t.${key} where m.tenant_id = $1 order by 1`,
        [tenant.id],
      );
      rows.push(...found.rows.map(({ line }) => line));
    }
    return rows.filter((line) => !OWN_READS.some((read) => line.includes(read)));
  });
}

/** Of people, in no tenant; those of its members are looked at. */
const PERSONAL = [
  ['users', 'id'],
  ['user_factors', 'user_id'],
] as const;

/** Written when its own people and nodes ask for something, or some seconds later. */
const OWN_REQUESTS = ['usage_days', 'audit_folds', 'audit_pending', 'suspicion_signals'];
/** Entries of who reads what nobody may read unseen. */
const OWN_READS = [',audit-log-read,', ',audit-log-exported,', ',signing-keys-read,'];

async function tablesOf(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relkind in ('r', 'p') and not c.relispartition and a.attname = 'tenant_id'
       and c.relnamespace = 'public'::regnamespace order by 1`,
  );
  return rows.map(({ name }) => name).filter((name) => !OWN_REQUESTS.includes(name));
}

/** All ids in the rows of the one that are in none of the other's: ids that are only its own. */
export async function ownIds(tenant: Inhabitant, other: Inhabitant): Promise<Set<string>> {
  const idsIn = async (whose: Inhabitant) =>
    new Set((await rowsOf(whose)).flatMap((line) => line.match(UUID) ?? []));
  const [own, others] = [await idsIn(tenant), await idsIn(other)];
  return new Set([...own].filter((id) => !others.has(id)));
}

/** Finds what of a tenant is in a text, but for what was sent by who reads it. */
export class Traces {
  private readonly marked: RegExp;

  constructor(
    private readonly ids: ReadonlySet<string>,
    private readonly mark: string,
  ) {
    this.marked = new RegExp(`${mark}[\\w.-]*`, 'g');
  }

  in(text: string, sent: readonly string[] = []): string[] {
    const withMark = text.includes(this.mark) ? (text.match(this.marked) ?? []) : [];
    const withId = (text.match(UUID) ?? []).filter((id) => this.ids.has(id));
    const all = new Set([...withMark, ...withId]);
    return [...all].filter((found) => !sent.some((value) => value.includes(found)));
  }
}
