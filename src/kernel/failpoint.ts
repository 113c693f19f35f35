/**
 * Named places where a test may let this process die, fail or wait. What acts there is no part of
 * the product: nothing in src/ arms a failpoint, and a process that is started with
 * TIDEGATE_FAILPOINTS refuses it as a setting that it does not know. Unarmed, a place costs one
 * comparison. docs/recipes/add-a-failpoint.md.
 */

/** Transactions that a kill must find from both sides, by what they commit. */
export const commitNames = [
  'accept',
  'verb',
  'report',
  'step-started',
  'step-succeeded',
  'step-failed',
  'status-changed',
  'undo-planned',
  'finished',
  'lease',
  'claim',
  'renew',
  'sleep',
  'release',
  'approval-asked',
  'approval-decided',
  // What is to be said of an event, and that it is time to say so.
  'told',
  'reminded',
  // Part of a person is gone from the audit log.
  'erased',
  // Entries of the audit log came into their trees.
  'sealed',
] as const;

export type CommitName = (typeof commitNames)[number];

export const failpoints = [
  // Each is told which commit it stands at, where that has a name.
  'database.commit:before',
  'database.commit:after',
  'queue.wake-up:before',
  'queue.wake-up:after',
  'signal.publish:before',
  'storage.read:before',
  'storage.commit:before',
  'storage.commit:after',
  // Around a step's handler; told the kind of step.
  'engine.action:before-effect',
  'engine.action:after-effect',
  // Around a step of a tenant's task; told its kind.
  'tenant.step:before',
  'tenant.step:after',
  // Around a message that is sent to a channel; told its kind.
  'delivery.send:before',
  'delivery.send:after',
  // Around a delivery of an audit stream.
  'audit-stream.send:before',
  'audit-stream.send:after',
  'agent.statement:after-fetch',
  'agent.statement:after-accept',
  'agent.hook:after-start',
  'agent.hook:after-run',
  'agent.instance:after-spawn',
  'agent.front:before',
  'agent.front:after',
  'agent.report:before',
] as const;

export type Failpoint = (typeof failpoints)[number];

/** Acts, or does not; `about` says which of several uses of the place was reached. */
export type FailpointAction = (at: Failpoint, about: string | undefined) => Promise<void>;

let action: FailpointAction | undefined;

export function failpoint(at: Failpoint, about?: string): Promise<void> | undefined {
  return action?.(at, about);
}

/** For tests alone. Undefined: nothing happens anywhere again. */
export function armFailpoints(armed: FailpointAction | undefined): void {
  action = armed;
}
