import type { EventName } from './event-names.js';
import type { Occurrence } from './occurrence.js';
import { wordingOf } from './wordings.js';

const ID = '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f';
const WITHOUT_PLACE: readonly EventName[] = [
  'kill-switch-turned',
  'quota-warned',
  'acted-on-people',
  'channel-disabled',
  'audit-stream-behind',
  'suspicious-activity-detected',
];
const OF_DEPLOYMENTS: readonly string[] = ['approval', 'approvals', 'break', 'deployment'];
const isOverride = (name: EventName) => name === 'freeze-overridden';

/** An example of the event, for previews: nothing in it is of any tenant. */
export function sampleOf(name: EventName): Occurrence {
  const isPlaced = !WITHOUT_PLACE.includes(name);
  const noun = name.split('-')[0]!;
  const isOfDeployment =
    isOverride(name) || (OF_DEPLOYMENTS.includes(noun) && name !== 'approval-policy-changed');
  return {
    id: ID,
    name,
    at: new Date('2026-11-30T09:00:00.000Z'),
    actor: 'ada',
    subject: { kind: isOfDeployment ? 'deployment' : noun, id: ID },
    modules: isPlaced ? ['orders'] : [],
    environments: isPlaced ? ['Production'] : [],
    body: wordingOf(name).sample,
  };
}
