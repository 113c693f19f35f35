/** The checker of chaos runs can fail: each fact that must not be is planted in a log. */
import { startFaults, type AuditFact, type Started } from '../chaos/start-faults.js';

const tenantId = 'acme';
const at = (minute: number) => new Date(Date.UTC(2026, 11, 4, 12, minute));
const fact = (minute: number, action: string, subjectId: string, body: object): AuditFact => ({
  tenantId,
  at: at(minute),
  action,
  subjectId,
  body: body as AuditFact['body'],
});
const started = (minute: number, id = 'one', previousStatus = 'Pending') =>
  fact(minute, 'deployment-started', id, { previousStatus });
const turned = (minute: number, isOn: boolean, action = 'kill-switch-turned') =>
  fact(minute, action, tenantId, { isOn });
const frozen = (minute: number, change: object = {}) =>
  fact(minute, 'freeze-created', 'f', {
    name: 'F',
    environments: ['Production'],
    modules: [],
    labels: {},
    verbs: ['start'],
    from: at(0).toISOString(),
    to: at(30).toISOString(),
    rule: null,
    start: null,
    duration: null,
    timeZone: null,
    ...change,
  });

const deployments = new Map<string, Started>([
  ['one', { lane: 'normal', module: 'web', environment: 'production' }],
  ['back', { lane: 'rollback', module: 'web', environment: 'Production' }],
  ['elsewhere', { lane: 'normal', module: 'web', environment: 'QA' }],
]);
const faults = (...facts: AuditFact[]) => startFaults(facts, deployments);

it('finds a start between a switch’s on and its off', () => {
  expect(faults(turned(1, true), started(2))).toHaveLength(1);
  expect(faults(turned(1, true, 'platform-switch-turned'), started(2))).toHaveLength(1);
  expect(faults(started(0), turned(1, true), turned(2, false), started(3))).toEqual([]);
  expect(faults(turned(1, true), started(2, 'back'), started(2, 'one', 'Paused'))).toEqual([]);
});

it('finds a start inside a freeze that names it', () => {
  expect(faults(frozen(1), started(2))).toHaveLength(1);
  expect(faults(frozen(1), started(31))).toEqual([]);
  expect(faults(frozen(1), started(2, 'elsewhere'), started(2, 'back'))).toEqual([]);
  expect(faults(frozen(1, { verbs: ['approve'] }), started(2))).toEqual([]);
  expect(faults(frozen(1), fact(2, 'freeze-removed', 'f', {}), started(3))).toEqual([]);
  expect(faults(frozen(1), fact(2, 'freeze-overridden', 'one', {}), started(3))).toEqual([]);
  const weekly = {
    rule: 'FREQ=WEEKLY;BYDAY=FR',
    start: '2026-11-27T12:00:00',
    duration: 'PT10M',
    timeZone: 'UTC',
    to: null,
  };
  expect(faults(frozen(1, weekly), started(9))).toHaveLength(1);
  expect(faults(frozen(1, weekly), started(11))).toEqual([]);
});
