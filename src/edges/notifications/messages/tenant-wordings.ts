/** What is said of freezes, holds, the kill switch, quotas, and what platform admins do in a tenant. */
import { Permission } from '../../../kernel/permission.js';
import type { EventName } from './event-names.js';
import { textIn } from './occurrence.js';
import {
  actorField,
  deploymentPage,
  list,
  placeFields,
  placeOf,
  rolloutOf,
  text,
  time,
  type Wording,
} from './wording.js';

type Said = Pick<Wording, 'title' | 'lines'> & Partial<Wording>;

const told = (said: Said): Wording => ({
  fields: [...placeFields, text('Reason', 'reason'), actorField],
  page: () => null,
  readers: Permission.DeploymentsRead,
  sample: {},
  ...said,
});

const freeze = (done: string): Wording =>
  told({
    title: (of) => `Freeze ${done}: ${textIn(of, 'name') ?? placeOf(of)}`,
    lines: (of) => [
      `${of.actor} has ${done} the freeze "${textIn(of, 'name') ?? placeOf(of)}" for ${placeOf(of)}.`,
    ],
    fields: [
      ...placeFields,
      list('Holds back', 'verbs'),
      time('From', 'from'),
      time('Until', 'to'),
      text('Recurs', 'rule'),
      text('Time zone', 'timeZone'),
      text('Reason', 'reason'),
    ],
    sample: {
      name: 'Year-end',
      verbs: ['start'],
      from: '2026-12-20T00:00:00.000Z',
      to: '2027-01-04T06:00:00.000Z',
    },
  });

export const tenantWordings = {
  'freeze-created': freeze('created'),
  'freeze-changed': freeze('changed'),
  'freeze-removed': freeze('removed'),
  'freeze-overridden': told({
    title: (of) => `Freeze overridden: ${rolloutOf(of)}`,
    lines: (of) => [`${of.actor} lets ${rolloutOf(of)} go on despite a freeze.`],
    fields: [...placeFields, list('Freezes', 'freezes'), text('Reason', 'reason'), actorField],
    page: deploymentPage,
    sample: { version: '2.1.0', freezes: ['Year-end'], reason: 'A fix that customers wait for.' },
  }),
  'kill-switch-turned': told({
    title: (of) => `Kill switch ${switchOf(of.body)}`,
    lines: (of) => [
      of.body.isOn === false
        ? `${of.actor} has turned the kill switch off: rollouts start and go on again.`
        : `${of.actor} has turned the kill switch on: nothing starts and no rollout continues. Rollbacks do.`,
    ],
    fields: [text('Reason', 'reason'), actorField],
    sample: { isOn: true, reason: 'An incident at the payment provider.' },
  }),
  'hold-placed': told({
    title: (of) => `Automation held back: ${placeOf(of)}`,
    lines: (of) => [
      `After a rollback by a person, keys and pipelines cannot deploy to ${placeOf(of)} until a person releases it.`,
    ],
  }),
  'hold-released': told({
    title: (of) => `Hold released: ${placeOf(of)}`,
    lines: (of) => [`${of.actor} lets keys and pipelines deploy to ${placeOf(of)} again.`],
    sample: { reason: 'Fixed in 2.1.1.' },
  }),
  'quota-warned': told({
    title: (of) =>
      `Quota at ${textIn(of, 'percent') ?? '?'} %: ${textIn(of, 'quota') ?? 'a quota'}`,
    lines: (of) => [
      of.body.isOver === true
        ? 'More is used than the limit, which was lowered: what exists stays, but nothing can be added.'
        : 'When the limit is reached, anything that needs more is refused.',
    ],
    fields: [
      text('Quota', 'quota'),
      text('Used', 'use'),
      text('Limit', 'limit'),
      text('Month', 'month'),
    ],
    readers: Permission.UsageRead,
    sample: { quota: 'deploymentsPerMonth', percent: 80, use: 400, limit: 500, month: '2026-12' },
  }),
  'channel-disabled': told({
    title: (of) => `Channel disabled: ${textIn(of, 'name') ?? 'a channel'}`,
    lines: (of) => [
      of.body.why === 'by-hand'
        ? `${of.actor} has disabled the channel "${textIn(of, 'name') ?? ''}": what goes there waits.`
        : `The receiver of the channel "${textIn(of, 'name') ?? ''}" wants no more messages. What goes there waits until the channel is enabled again.`,
    ],
    fields: [text('Kind', 'kind'), text('Place', 'place')],
    readers: Permission.ChannelsManage,
    sample: { name: 'payments-releases', kind: 'webhook', place: 'hooks.example.org', why: 'gone' },
  }),
  'audit-stream-behind': told({
    title: (of) => `Audit stream behind: ${textIn(of, 'name') ?? 'a stream'}`,
    lines: (of) => [
      `The receiver of the audit stream "${textIn(of, 'name') ?? ''}" has not caught up with the log for ${textIn(of, 'minutes') ?? 'some'} minutes. Nothing is lost: it is tried until it has everything.`,
    ],
    fields: [text('Place', 'place'), text('Entries behind', 'behind'), text('Error', 'error')],
    readers: Permission.AuditStream,
    sample: {
      name: 'siem',
      place: 'https://siem.example.org',
      minutes: 15,
      behind: 1208,
      error: 'status-503',
    },
  }),
  'acted-on-people': told({
    title: (of) => `Changed by a platform admin: ${textIn(of, 'event') ?? 'who may do what'}`,
    lines: (of) => [
      `${of.actor}, who is not a member of your tenant, has changed who may do what in it.`,
    ],
    fields: [text('What', 'event'), actorField],
    readers: Permission.UsersManage,
    sample: { event: 'user-roles-changed' },
  }),
  'suspicious-activity-detected': told({
    title: (of) => `Suspicious activity: ${textIn(of, 'kind') ?? 'something'}`,
    lines: () => [
      'Nothing was refused because of it. The audit log shows what led to it: GET /audit-logs.',
    ],
    fields: [text('Kind', 'kind'), text('About', 'who'), text('Times', 'times')],
    readers: Permission.AuditRead,
    sample: { kind: 'account-failures', who: 'ada', times: 10, places: 3 },
  }),
} as const satisfies Partial<Record<EventName, Wording>>;

function switchOf({ isOn }: Readonly<Record<string, unknown>>): string {
  return isOn === false ? 'off' : 'on';
}
