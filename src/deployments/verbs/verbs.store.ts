/** The verbs of one deployment, in the table `signals`. Its row is locked. */
import type { OpenContext } from '../../platform/context.js';
import type { Verb } from './verbs.js';
import { askVerb, lastVerb } from '../runs/asked-verbs.store.js';
import { deploymentRun } from '../runs/runs.store.js';

export interface LastVerb {
  readonly number: number;
  readonly verb: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly applied: boolean;
}

/** What was asked for last; undefined: nothing was. */
export function lastAsked(open: OpenContext, id: string): Promise<LastVerb | undefined> {
  return open.tx.first(lastVerb, deploymentRun(open.tenantId, id));
}

export interface NewVerb {
  readonly number: number;
  readonly verb: Verb;
  readonly params: Readonly<Record<string, unknown>>;
  readonly reason: string | null;
}

/** Whoever acts on the run cannot sleep over it. */
export async function ask(open: OpenContext, id: string, asked: NewVerb): Promise<void> {
  const { number, verb, params, reason } = asked;
  await open.tx.execute(askVerb, {
    ...deploymentRun(open.tenantId, id),
    number,
    verb,
    params: JSON.stringify(params),
    actor: open.actor.name,
    reason,
  });
}
