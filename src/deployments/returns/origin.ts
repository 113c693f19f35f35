import type { OpenContext } from '../../platform/context.js';
import { stateNotSuitable } from '../deployment.errors.js';
import { returnStates, type Return } from '../deployment.states.js';
import { lockOriginRow, type OriginRow } from '../deployments.store.js';

/**
 * Locked until the end of the transaction, so that two clicks at once become one deployment. Only
 * what is over may be locked for long: the engine writes to the row of one that is not.
 * Throws `deployment-not-found`, `state-not-suitable`.
 */
export async function lockOrigin(open: OpenContext, id: string, verb: Return): Promise<OriginRow> {
  const origin = await lockOriginRow(open, id);
  const { status } = origin;
  if (returnStates[verb].includes(status)) return origin;
  throw stateNotSuitable(verb, status, { when: 'after', possibleIn: returnStates[verb] });
}
