import { z } from 'zod';
import { changeLimits } from '../../kernel/change-limits.js';
import { limits } from '../../kernel/limits.js';
import { dnsLabel, text, uuid } from '../../kernel/text.js';
import type { AnswerOf } from '../../platform/http/answer.js';
import { DEFAULT_VERBS } from './freeze.js';
import { START_VERBS } from './start-guards.js';

const moment = z.iso.datetime({ offset: true });

const once = z
  .strictObject({ kind: z.literal('once'), from: moment, to: moment })
  .meta({ id: 'FreezeOnce' });

const recurring = z
  .strictObject({
    kind: z.literal('recurring'),
    rule: text(changeLimits.freezeRuleCharacters).min(1).meta({
      description:
        'An RFC 5545 rule of days: FREQ (DAILY, WEEKLY, MONTHLY, YEARLY), INTERVAL, COUNT, UNTIL, BYMONTH, BYMONTHDAY, BYYEARDAY, BYWEEKNO, BYDAY, BYSETPOS, WKST.',
      example: 'FREQ=WEEKLY;BYDAY=FR',
    }),
    start: z
      .string()
      .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/, 'must be like 2026-12-04T16:00')
      .meta({ description: 'The first day, and the time of each, in local time there.' }),
    duration: text(20).meta({
      description: 'How long each lasts: ISO 8601 of weeks, days, hours and minutes.',
      example: 'P2DT16H',
    }),
    timeZone: text(64).meta({ description: 'An IANA time zone.', example: 'Europe/Berlin' }),
  })
  .meta({ id: 'FreezeRecurring' });

const labels = z
  .record(dnsLabel, text(63))
  .refine((pairs) => Object.keys(pairs).length <= limits.labelsPerEnvironment, {
    message: `at most ${limits.labelsPerEnvironment} labels`,
  });

const named = <S extends z.ZodType>(name: S) =>
  z.array(name).max(changeLimits.freezeNames).default([]);

export const freezeRules = z
  .strictObject({
    name: text(100).trim().min(1),
    reason: text(500).trim().min(1),
    environments: named(text(40).min(1)).meta({ description: 'By name; none: all of them.' }),
    modules: named(dnsLabel).meta({ description: 'By name; none: all of them.' }),
    labels: labels.default({}).meta({
      description: 'In environments that bear all of these labels only.',
    }),
    verbs: z
      .array(z.enum(START_VERBS))
      .min(1)
      .max(START_VERBS.length)
      .default([...DEFAULT_VERBS])
      .meta({
        description:
          'What may not be done meanwhile: what is asked to start waits, all others are refused. Going back is allowed unless `rollback` is named.',
      }),
    window: z.discriminatedUnion('kind', [once, recurring]),
  })
  .meta({ id: 'FreezeRules' });
export type FreezeRules = z.output<typeof freezeRules>;

export const freezeParams = z.strictObject({ id: uuid });
export type FreezeParams = z.output<typeof freezeParams>;

const span = z.strictObject({ from: z.iso.datetime(), to: z.iso.datetime().nullable() });

export const freezeOut = z
  .strictObject({
    id: uuid,
    name: z.string(),
    reason: z.string(),
    environments: z.array(z.string()),
    modules: z.array(z.string()),
    labels: z.record(z.string(), z.string()),
    verbs: z.array(z.string()),
    window: z.looseObject({ kind: z.enum(['once', 'recurring']) }).meta({
      description: 'As it was asked for: `from` and `to`, or the rule and what goes with it.',
    }),
    current: span.nullable().meta({
      description:
        'The window that is on at the moment asked about, up to the next one without a freeze.',
    }),
    next: span.nullable().meta({ description: 'The first window after it, within a year.' }),
    createdBy: z.string(),
    version: z.int(),
    createdAt: z.iso.datetime(),
    changedAt: z.iso.datetime(),
  })
  .meta({ id: 'Freeze' });
export type FreezeView = z.output<typeof freezeOut>;

export const freezesQuery = z.strictObject({
  at: moment.optional().meta({ description: 'Those only that are on at this moment.' }),
  environment: text(40).min(1).optional(),
  module: dnsLabel.optional(),
});
export type FreezesQuery = z.output<typeof freezesQuery>;

export const freezesOut = z.strictObject({ items: z.array(freezeOut) });

export const calendarQuery = z.strictObject({
  from: moment.optional().meta({ description: 'Default: now.' }),
  to: moment.optional().meta({ description: 'Default: 30 days after `from`.' }),
  environment: text(40).min(1).optional(),
  module: dnsLabel.optional(),
});
export type CalendarQuery = z.output<typeof calendarQuery>;

export const calendarOut = z
  .strictObject({
    items: z.array(
      z.strictObject({
        freezeId: uuid,
        name: z.string(),
        from: z.iso.datetime(),
        to: z.iso.datetime(),
        environments: z.array(z.string()),
        modules: z.array(z.string()),
        verbs: z.array(z.string()),
      }),
    ),
  })
  .meta({ id: 'FreezeCalendar' });
export type FreezeCalendar = z.output<typeof calendarOut>;

export const overrideParams = z.strictObject({ id: uuid });

export const overrideFreeze = z
  .strictObject({ reason: text(500).trim().min(1) })
  .meta({ id: 'OverrideFreeze' });

export const overrideOut = z
  .strictObject({
    deploymentId: uuid,
    reason: z.string(),
    by: z.string(),
    at: z.iso.datetime(),
  })
  .meta({ id: 'FreezeOverride' });
export type OverrideView = AnswerOf<typeof overrideOut>;
