/** Pages of `GET /audit-logs` in a tenant of millions of entries: each filter, and what combines badly. */
import { milliseconds, percentile, spread } from '../engine/figures.js';
import type { Rig } from '../engine/rig.js';
import type { BenchTenant } from '../engine/world.js';
import { known } from './fill.js';

interface Sample {
  readonly trace: string;
  readonly deployment: string;
  readonly release: string;
  readonly subject: string;
  readonly at: Date;
  readonly nobody: string;
}

const DAY_MS = 24 * 3_600_000;

function questions({ trace, deployment, release, subject, at, nobody }: Sample): string[] {
  const { busyActor, busyPerson, quietActor, rareActor, rareAction, busyAction } = known;
  const day = `from=${at.toISOString()}&to=${new Date(at.getTime() + DAY_MS).toISOString()}`;
  return [
    '',
    day,
    ...['deployment', 'tenant'].map((category) => `category=${category}`),
    ...[rareAction, busyAction, 'nothing-such'].map((action) => `action=${action}`),
    ...[busyActor, busyPerson, quietActor, 'nobody'].map((actor) => `actor=${actor}`),
    ...['allowed', 'denied', 'failed'].map((outcome) => `outcome=${outcome}`),
    `outcome=denied&${day}`,
    'outcome=denied&category=deployment',
    'outcome=denied&category=rollback',
    `outcome=denied&actor=${busyActor}`,
    `actor=${busyActor}&category=release`,
    `actor=${busyPerson}&category=node`,
    `actor=${busyPerson}&category=release&outcome=denied&${day}`,
    `actor=${busyActor}&action=${busyAction}`,
    `actor=${busyActor}&action=${rareAction}`,
    `actor=${rareActor}&category=deployment`,
    `category=deployment&action=${busyAction}`,
    `deployment=${deployment}`,
    `deployment=${deployment}&outcome=denied`,
    `release=${release}`,
    `release=${release}&actor=${busyActor}`,
    `release=${nobody}`,
    `trace=${trace}`,
    `subject=${subject}`,
  ];
}

export interface Pages {
  readonly rows: string[][];
  readonly worst: number;
}

export async function pages(rig: Rig, tenant: BenchTenant, times: number): Promise<Pages> {
  const [sample] = await rig.sql<Sample>(
    `select trace_id as trace, deployment_id as deployment, release_id as release, subject_id as subject,
       at, id as nobody
     from audit_entries where tenant_id = $1 and trace_id is not null and deployment_id is not null
       and release_id is not null and at > now() - interval '50 days' order by at limit 1`,
    [tenant.id],
  );
  const rows: string[][] = [];
  let worst = 0;
  const measure = async (name: string, query: string, cursors: readonly string[]) => {
    const took: number[] = [];
    let shown = 0;
    for (let at = 0; at < times; at += 1) {
      const cursor = cursors[at % cursors.length]!;
      const since = performance.now();
      const page = (await tenant.get(`/audit-logs?${query}${cursor}`)) as { items: unknown[] };
      took.push(performance.now() - since);
      shown = page.items.length;
    }
    worst = Math.max(worst, percentile(took, 50));
    rows.push([name, String(shown), milliseconds(Math.min(...took)), spread(took)]);
  };
  rows.push(['nothing: GET /audit-logs/key', '', ...(await nothing(tenant, times))]);
  for (const query of questions(sample!)) {
    await measure(query.replaceAll(/T[\d:.]+Z/g, '') || 'everything', query, ['']);
  }
  for (const filter of ['', 'category=deployment', `actor=${known.busyPerson}`, 'outcome=denied']) {
    const deep = await cursorsOf(tenant, filter, sample!.at);
    await measure(`${filter || 'everything'}, deep`, filter, deep);
  }
  return { rows, worst };
}

/** What a request takes on this machine that asks no table of entries. */
async function nothing(tenant: BenchTenant, times: number): Promise<string[]> {
  const took: number[] = [];
  for (let at = 0; at < times; at += 1) {
    const since = performance.now();
    await tenant.get('/audit-logs/key');
    took.push(performance.now() - since);
  }
  return [milliseconds(Math.min(...took)), spread(took)];
}

/** As a client comes to a page in the middle: by the cursors of pages that end there. A small log has none. */
async function cursorsOf(tenant: BenchTenant, filter: string, near: Date): Promise<string[]> {
  const cursors: string[] = [];
  for (const days of [0, 7, 14]) {
    const to = new Date(near.getTime() + days * DAY_MS).toISOString();
    const page = (await tenant.get(`/audit-logs?${filter}&to=${to}`)) as {
      nextCursor: string | null;
    };
    cursors.push(`&to=${to}${page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`}`);
  }
  return cursors;
}
