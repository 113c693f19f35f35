import { sampleOf } from '../messages/samples.js';
import { isMatch, type Interest } from './match.js';

const all: Interest = { events: ['approvals'], modules: null, environments: null };
const asked = sampleOf('approval-requested');
const quota = sampleOf('quota-warned');

describe('a subscription matches', () => {
  it.each([
    ['a kind of events', ['approvals'], true],
    ['an event by its name', ['approval-requested'], true],
    ['one of several', ['quotas', 'approval-requested'], true],
    ['another kind', ['deployments'], false],
    ['another event of the kind', ['approval-given'], false],
    ['nothing', [], false],
  ])('%s', (_what, events, expected) => {
    expect(isMatch({ ...all, events }, asked)).toBe(expected);
  });

  it('an alarm, whatever it is about', () => {
    const alarms = { ...all, events: ['alarms'] };
    expect(isMatch(alarms, sampleOf('deployment-rollback-failed'))).toBe(true);
    expect(isMatch(alarms, sampleOf('break-glass-used'))).toBe(true);
    expect(isMatch(alarms, sampleOf('deployment-failed'))).toBe(false);
  });

  it('its modules and environments only, these in upper or lower case', () => {
    expect(isMatch({ ...all, modules: ['orders'] }, asked)).toBe(true);
    expect(isMatch({ ...all, modules: ['billing'] }, asked)).toBe(false);
    expect(isMatch({ ...all, environments: ['production'] }, asked)).toBe(true);
    expect(isMatch({ ...all, environments: ['QA'] }, asked)).toBe(false);
    expect(isMatch({ ...all, modules: ['billing'], environments: ['production'] }, asked)).toBe(
      false,
    );
  });

  it('what is of no module and no environment, whichever it names', () => {
    const narrowed = { events: ['quotas'], modules: ['billing'], environments: ['QA'] };
    expect(isMatch(narrowed, quota)).toBe(true);
  });
});
