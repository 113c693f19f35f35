import { z } from 'zod';
import { changeLimits } from '../../../kernel/change-limits.js';
import { limits } from '../../../kernel/limits.js';
import { dnsLabel, text, uuid } from '../../../kernel/text.js';
import { pageQuery } from '../../../platform/http/page.js';
import { description, groupOrRoleName } from '../../../tenancy/roles/roles.dto.js';
import { BARS, DEFAULT_TIMEOUT_MS } from '../rule.js';

const { approversNamed, modulesPerPolicy } = changeLimits;
const { labelsPerEnvironment } = limits;

const names = (maxCharacters: number) =>
  z.array(text(maxCharacters).min(1)).max(approversNamed).default([]);

/** A group or a person, by id or by name: answers and audit entries have the ids. */
const NAME_CHARACTERS = 254;

const approvers = z
  .strictObject({
    roles: names(63).meta({ description: 'Names of roles, built in or the tenant’s own.' }),
    groups: names(NAME_CHARACTERS).meta({ description: 'Ids or names; answered as ids.' }),
    users: names(NAME_CHARACTERS).meta({
      description: 'Ids, usernames or addresses; answered as ids.',
    }),
  })
  .meta({
    description:
      'Who may decide, if `approvals:decide` is theirs there as well. All three empty: nobody.',
  });

const labels = z
  .record(dnsLabel, text(63))
  .refine((pairs) => Object.keys(pairs).length <= labelsPerEnvironment, {
    message: `at most ${labelsPerEnvironment} labels`,
  })
  .meta({ description: 'Of the environment, which must have all of these. Clusters have none.' });

const distinctGroups = z
  .strictObject({
    groups: z.array(text(NAME_CHARACTERS).min(1)).min(1).max(approversNamed),
    count: z.int().min(1).max(changeLimits.approvalQuorum),
  })
  .meta({
    description:
      'Decisions must come from members of so many different ones of these groups; one person stands for one group.',
  });

const MINUTE_MS = 60_000;
const duration = z.int().min(MINUTE_MS).max(changeLimits.approvalTimeoutMs);

/** Whatever a policy says: bodies, answers and audit entries follow from it. */
export const approvalPolicyRules = z.strictObject({
  name: groupOrRoleName.meta({ example: 'two of the release board' }),
  description,
  environment: text(40)
    .min(1)
    .nullable()
    .meta({ description: 'Null: every environment, those to come as well.' }),
  modules: z
    .array(dnsLabel)
    .min(1)
    .max(modulesPerPolicy)
    .nullable()
    .default(null)
    .meta({ description: 'Names, exactly; null: all.' }),
  labels: labels.default({}),
  strategies: z
    .array(text(64).min(1))
    .min(1)
    .max(20)
    .nullable()
    .default(null)
    .meta({ description: 'Kinds of strategies; null: all.' }),
  kind: z.enum(['people', 'external']).default('people').meta({
    description: '`external`: something outside is asked, by the gate in `external`.',
  }),
  approvers: approvers.default({ roles: [], groups: [], users: [] }),
  quorum: z.int().min(1).max(changeLimits.approvalQuorum).default(1),
  distinctGroups: distinctGroups.nullable().default(null),
  bars: z.array(z.enum(BARS)).max(BARS.length).default(['requester']).meta({
    description: 'Who may not decide although they are named. A key counts as its maker.',
  }),
  decisionValidMs: duration.nullable().default(null).meta({
    description: 'How long a decision counts; null: as long as the request is open.',
  }),
  timeoutMs: duration
    .default(DEFAULT_TIMEOUT_MS)
    .meta({ description: 'Not decided by then: it is rejected.' }),
  reasonRequired: z.boolean().default(false),
  passkeyRequired: z.boolean().default(false),
  external: z.strictObject({ gateId: uuid }).nullable().default(null),
});

const { shape: rules } = approvalPolicyRules;

const checked = <S extends typeof approvalPolicyRules>(schema: S) =>
  schema.superRefine((policy, context) => {
    const refuse = (path: string[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    const { kind, external, distinctGroups: distinct, quorum, approvers: named } = policy;
    if ((kind === 'external') !== (external !== null)) {
      refuse(['external'], 'must name the gate if the kind is "external", and be null otherwise');
    }
    if (kind === 'external' && Object.values(named).some((list) => list.length > 0)) {
      refuse(['approvers'], 'must be empty where something outside decides');
    }
    if (kind === 'external' && (quorum !== 1 || distinct !== null)) {
      refuse(['quorum'], 'must be 1, without distinct groups, where something outside decides');
    }
    if (distinct && distinct.count > distinct.groups.length) {
      refuse(['distinctGroups', 'count'], 'must be at most the number of groups');
    }
    if (distinct && distinct.count > quorum) {
      refuse(['distinctGroups', 'count'], 'must be at most the quorum: a person stands for one');
    }
  });

export const approvalPolicyParams = z.strictObject({ id: uuid });
export const approvalPolicyBody = checked(approvalPolicyRules).meta({ id: 'ApprovalPolicyRules' });

export const approvalPoliciesQuery = pageQuery.extend({
  environment: text(40).min(1).optional().meta({
    description: 'Only those that may count there, those of every environment among them.',
  }),
});

export const approvalPolicyOut = z
  .strictObject({
    id: z.uuid(),
    ...rules,
    named: z
      .array(
        z.strictObject({
          kind: z.enum(['group', 'user']),
          id: z.uuid(),
          name: z.string().nullable().meta({ description: 'Null: they are gone.' }),
        }),
      )
      .meta({ description: 'What the ids stand for.' }),
    version: z.int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'ApprovalPolicy' });

export type ApprovalPolicyParams = z.output<typeof approvalPolicyParams>;
export type ApprovalPolicyBody = z.output<typeof approvalPolicyBody>;
export type ApprovalPoliciesQuery = z.output<typeof approvalPoliciesQuery>;
