/** Pages of audit entries, whatever they are asked for by: those that a look at every entry would find, in order. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isChosen } from '../../src/edges/audit/archive/entry-choice.js';
import {
  END_OF_TIME,
  type EntryFilter,
  entryRows,
} from '../../src/edges/audit/entries/entries.views.js';
import { newId } from '../../src/kernel/ids.js';
import { Context } from '../../src/platform/context.js';
import { AuditRig } from '../support/audit-rig.js';

const ENTRIES = 400;
const CATEGORIES = ['deployment', 'release', 'node', 'tenant'] as const;
const ACTIONS = ['made', 'changed', 'gone'] as const;
const ACTORS = ['lea', 'system:engine', 'key:ci'] as const;
const OUTCOMES = ['allowed', 'allowed', 'allowed', 'denied', 'failed'] as const;
/** Several in the same millisecond, over two partitions. */
const BEGAN_MS = Date.UTC(2026, 10, 30, 23, 59, 59, 950);
const MILLISECONDS = 100;

interface Written {
  readonly id: string;
  readonly at: Date;
  readonly category: string;
  readonly action: string;
  readonly actor: string;
  readonly result: string;
  readonly subject: string;
  readonly personId: string;
  readonly deploymentId: string | null;
  readonly releaseId: string | null;
  readonly traceId: string | null;
}

let rig: AuditRig;
let tenantId: string;
const written: Written[] = [];
const ids = [newId(), newId(), newId()];
const traces = ['a'.repeat(32), 'b'.repeat(32)];

/** Always the same ones, however often it runs. */
function pick<T>(from: readonly T[], seed: number): T {
  return from[Math.abs(Math.trunc(Math.sin(seed) * 1e6)) % from.length]!;
}

beforeAll(async () => {
  rig = await AuditRig.start();
  const [mine, other] = [await rig.tenant(), await rig.tenant()];
  tenantId = mine;
  for (let number = 0; number < ENTRIES; number += 1) {
    const at = new Date(BEGAN_MS + (number * MILLISECONDS) / ENTRIES);
    written.push({
      id: newId(at.getTime()),
      at,
      category: pick(CATEGORIES, number),
      action: pick(ACTIONS, number + 0.1),
      actor: pick(ACTORS, number + 0.2),
      result: pick(OUTCOMES, number + 0.3),
      subject: pick(ids, number + 0.4),
      personId: pick(ids, number + 0.8),
      deploymentId: pick([...ids, null], number + 0.5),
      releaseId: pick([...ids, null], number + 0.6),
      traceId: pick([...traces, null], number + 0.7),
    });
  }
  for (const owner of [mine, other]) {
    await rig.sql(
      `insert into audit_entries (tenant_id, id, at, category, action, actor, result, subject_kind,
         subject_id, body_text, leaf_hash, deployment_id, release_id, trace_id, actor_kind, actor_id)
       select $1, e.id, e.at, e.category, e.action, e.actor, e.result, 'node', e.subject, '{}', '',
         e."deploymentId", e."releaseId", e."traceId", 'user', e."personId"
       from jsonb_to_recordset($2::jsonb) as e (id uuid, at timestamptz, category text, action text,
         actor text, result text, subject text, "deploymentId" uuid, "releaseId" uuid, "traceId" text,
         "personId" text)`,
      [owner, JSON.stringify(written)],
    );
  }
}, 60_000);
afterAll(() => rig?.stop());

const maybe = <T>(from: readonly T[]) => fc.option(fc.constantFrom(...from), { freq: 2 });
const time = fc.integer({ min: -5, max: MILLISECONDS + 5 }).map((ms) => new Date(BEGAN_MS + ms));
const filters: fc.Arbitrary<EntryFilter> = fc.record({
  category: maybe([...CATEGORIES, 'access']),
  action: maybe([...ACTIONS, 'never']),
  actor: maybe([...ACTORS, 'nobody']),
  subject: fc.option(fc.constantFrom(...ids), { freq: 1 }),
  personId: fc.option(fc.constantFrom(...ids), { freq: 1 }),
  result: maybe(['allowed', 'denied', 'failed']),
  deploymentId: fc.option(fc.constantFrom(...ids), { freq: 1 }),
  releaseId: fc.option(fc.constantFrom(...ids), { freq: 1 }),
  traceId: fc.option(fc.constantFrom(...traces), { freq: 1 }),
  from: fc.option(time, { nil: new Date(0) }),
  to: fc.option(time, { nil: END_OF_TIME }),
});

function expected({ from, to, ...rest }: EntryFilter): string[] {
  const asked = Object.entries(rest).filter(([, value]) => value !== null);
  return written
    .filter((entry) => entry.at >= from && entry.at < to)
    .filter((entry) => asked.every(([name, value]) => entry[name as keyof Written] === value))
    .sort((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1))
    .map(({ id }) => id);
}

it('are what every filter and all of them together leave, from page to page', async () => {
  await fc.assert(
    fc.asyncProperty(filters, fc.integer({ min: 1, max: 60 }), async (filter, take) => {
      const found: string[] = [];
      for (let before: string | null = null; ;) {
        const rows = await rig.db.transaction(Context.system(tenantId, 'test'), (open) =>
          entryRows(open, filter, { before, take }),
        );
        // As the archive chooses, which has no statements.
        expect(rows.every((row) => isChosen(row, filter))).toBe(true);
        found.push(...rows.map(({ id }) => id));
        if (rows.length < take) break;
        before = found.at(-1)!;
      }
      expect(found).toEqual(expected(filter));
    }),
    { numRuns: 60 },
  );
}, 120_000);
