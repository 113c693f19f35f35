import { eventType } from '../../platform/events/event.js';
import type { Environment } from './environment.js';

type Facts = Omit<Environment, 'id' | 'createdAt' | 'defaults' | 'hasApprovalPolicies'> & {
  /** As text: parameters may hold fractions, which the audit's canonical form refuses. */
  readonly defaults: string;
};

export const environmentCreated = eventType<Facts>({
  name: 'environment-created',
  subject: 'environment',
  audit: 'configuration',
});

export const environmentChanged = eventType<Facts>({
  name: 'environment-changed',
  subject: 'environment',
  audit: 'configuration',
});

/** A tenant has got those that are built in; whoever was there before has had them. */
export const builtInEnvironmentsAdded = eventType<{
  readonly environments: readonly { readonly id: string; readonly name: string }[];
}>({ name: 'built-in-environments-added', subject: 'tenant' });

/** What both say of it. */
export function factsOf(environment: Environment): Facts {
  const {
    id: _id,
    createdAt: _createdAt,
    hasApprovalPolicies: _,
    defaults,
    ...facts
  } = environment;
  return { ...facts, defaults: JSON.stringify(defaults) };
}
