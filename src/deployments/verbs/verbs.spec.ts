import type { AskedVerb } from '../../engine/run.js';
import { activeStatuses, deploymentStates } from '../deployment.states.js';
import { type Verb, VERBS, verbs } from './verbs.js';

type Same<A, B> = [A, B] extends [B, A] ? true : false;

describe('the verbs', () => {
  it('are those that the engine knows', () => {
    const isSame: Same<Verb, AskedVerb['verb']> = true;
    expect(isSame).toBe(true);
    expect(VERBS).toEqual(['pause', 'resume', 'promote', 'cancel']);
  });

  it.each(VERBS)('allow %s only where it leads somewhere', (verb) => {
    const { possibleIn } = verbs[verb];
    expect(possibleIn.length).toBeGreaterThan(0);
    expect(possibleIn.filter((status) => deploymentStates.isTerminal(status))).toEqual([]);
  });

  it('let every deployment be cancelled that is not over or on its way back', () => {
    expect(verbs.cancel.possibleIn).toEqual(
      activeStatuses.filter((status) => status !== 'RollingBack'),
    );
  });

  it.each(VERBS)(
    'show for %s a body that it takes, and take none without a word too many',
    (verb) => {
      const { body, example } = verbs[verb];
      expect(body.safeParse(example).success).toBe(true);
      expect(body.safeParse({ ...example, colour: 'red' }).success).toBe(false);
      expect(body.safeParse({ ...example, reason: '' }).success).toBe(false);
    },
  );
});
