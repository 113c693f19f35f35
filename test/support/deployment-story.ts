/** What a deployment that ended otherwise than wanted has to say: enough to find out why. */
import { withClient } from './database.js';
import type { Tidegate } from './tidegate.js';

/** Of a gate: what it read in the end decides. */
const LAST_SAMPLES = 20;

interface JournalRow {
  readonly at: Date;
  readonly kind: string;
  readonly stepId: string | null;
  readonly data: unknown;
}

interface SampleRow {
  readonly at: Date;
  readonly stepId: string;
  readonly n: number;
  readonly body: {
    readonly ageS: number;
    readonly silentNodes: readonly string[];
    readonly usage?: unknown;
  };
}

/** Its journal, where its gate has come to, and what that gate read last; one line each. */
export function storyOf(tidegate: Tidegate, id: string): Promise<string> {
  return withClient(tidegate.database.superuser, async (client) => {
    const journal = await client.query<JournalRow>(
      `select at, kind, step_id as "stepId", data from journal where deployment_id = $1 order by seq`,
      [id],
    );
    const gate = await client.query<{ gate: unknown }>('select gate from runs where id = $1', [id]);
    const samples = await client.query<SampleRow>(
      `select * from (
         select at, step_id as "stepId", n, body from gate_samples
         where deployment_id = $1 order by at desc limit ${LAST_SAMPLES}) as newest
       order by at`,
      [id],
    );
    const clock = (at: Date) => at.toISOString().slice(11, 23);
    return [
      ...journal.rows.map(
        ({ at, kind, stepId, data }) =>
          `${clock(at)} ${kind} ${stepId ?? ''} ${JSON.stringify(data)}`,
      ),
      `gate: ${JSON.stringify(gate.rows[0]?.gate)}`,
      ...samples.rows.map(({ at, stepId, n, body: { ageS, silentNodes, usage, ...body } }) => {
        const read = { usage, silentNodes, ...body };
        return `${clock(at)} ${stepId} sample ${n} at ${ageS} s: ${JSON.stringify(read)}`;
      }),
    ].join('\n');
  });
}
