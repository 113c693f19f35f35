// Drift: a node that says it has done what it was told, and runs something else. It is shown, and
// repaired by telling the node again under a new generation, a few times and not for ever.
import { limits } from '../../../kernel/limits.js';

const pairsSql = (list: string) => `(
  select coalesce(jsonb_agg(pair order by pair), '[]') from (
    select distinct jsonb_build_array(item -> 'releaseId', item -> 'configurationId') as pair
    from jsonb_array_elements(${list}) as item) as pairs)`;

/** True in SQL when a node says that it has done what it was told, and runs something else. */
export const differsSql = (desired: string, seen: string): string => `(
  ${seen}.generation = ${desired}.generation and ${seen}.state in ('healthy', 'absent')
  and ${pairsSql(`${seen}.running || ${seen}.down`)} <> ${pairsSql(`${desired}.releases`)})`;

/**
 * True in SQL when a node has drifted in a module, for so long that it is no moment of a move. What
 * should serve and is down there is what the node runs: telling it again would not bring it up.
 * `desired` and `seen` are aliases of desired_modules and observed_modules.
 */
export const isDriftSql = (desired: string, seen: string): string => `coalesce(
  ${seen}.generation = ${desired}.generation and ${seen}.state in ('healthy', 'absent')
  and greatest(${seen}.at, ${desired}.updated_at)
    < clock_timestamp() - interval '${limits.driftAfterMs} milliseconds'
  and ${pairsSql(`${seen}.running || ${seen}.down`)} <> ${pairsSql(`${desired}.releases`)}, false)`;
