import { z } from 'zod';
import type { AskedVerb, RunStatus } from '../../engine/run.js';
import type { ErrorCode } from '../../kernel/error-entry.js';
import { Permission } from '../../kernel/permission.js';
import { text } from '../../kernel/text.js';
import {
  gateUnstable,
  hookOutcomeNeeded,
  noHookToAnswer,
  nothingToPromote,
} from '../deployment.errors.js';

import { killSwitchOn } from '../kill-switch/kill-switch.errors.js';
import { frozen } from '../windows/freezes.errors.js';

/**
 * What may be asked of a deployment that is under way: an entry here is a verb, with its route, its
 * body and its place in the document (verb-routes.ts makes them). What the engine does about it is the
 * engine's (verb-effect.ts); what has to be checked before it is taken, the service's.
 */
export interface VerbDefinition<Body extends z.ZodType = z.ZodType> {
  readonly permission: Permission;
  /** Ends or holds what runs. */
  readonly isOpenWhileSuspended?: true;
  /** In which statuses it may be asked for. Everything else is 409 with the present status. */
  readonly possibleIn: readonly RunStatus[];
  readonly body: Body;
  readonly summary: string;
  readonly description: string;
  /** Beside those that every verb can be refused with. */
  readonly errors: readonly ErrorCode[];
  /** A body as a client may send it. */
  readonly example: z.input<Body>;
}

const verb = <Body extends z.ZodType>(definition: VerbDefinition<Body>) => definition;

const reason = text(500).min(1);

export const verbs = {
  pause: verb({
    permission: Permission.DeploymentsPause,
    isOpenWhileSuspended: true,
    possibleIn: ['Running'],
    body: z.strictObject({ reason: reason.optional() }).default({}).meta({ id: 'VerbRequest' }),
    summary: 'Pause a deployment',
    description:
      'Takes effect when the action in progress has ended. Deadlines stop meanwhile; a gate starts counting again. After 24 hours it is rolled back.',
    errors: [],
    example: { reason: 'looking at the logs' },
  }),

  resume: verb({
    permission: Permission.DeploymentsResume,
    possibleIn: ['Paused'],
    body: z
      .strictObject({
        reason: reason.optional(),
        /**
         * Only after a crash has cut off a hook that must not run twice: it has done its work (`done`),
         * or is to be run again (`retry`). Needs a reason, which stays in the journal.
         */
        outcome: z.enum(['done', 'retry']).optional(),
        /** The node that `outcome` is about; without it, all whose hook was cut off. */
        node: text(63).min(1).optional(),
      })
      .refine((body) => body.outcome === undefined || body.reason !== undefined, {
        path: ['reason'],
        message: 'an outcome needs a reason: how do you know?',
      })
      .refine((body) => body.node === undefined || body.outcome !== undefined, {
        path: ['outcome'],
        message: 'what became of the hook on that node?',
      })
      .default({})
      .meta({ id: 'ResumeRequest' }),
    summary: 'Resume a paused deployment',
    description:
      'Continues where it was paused, also after it stopped for a person to look. When a crash interrupted a hook that must not run twice, `outcome` says what became of it.',
    errors: [hookOutcomeNeeded, noHookToAnswer],
    example: { outcome: 'done', reason: 'the index is there; see the ticket' },
  }),

  promote: verb({
    permission: Permission.DeploymentsPromote,
    /** And only while a gate is open that does not say `unstable`. */
    possibleIn: ['Running'],
    body: z
      .strictObject({
        /** Why waiting is not needed: it stays in the journal and in the audit log. */
        reason,
        /** The gate that is meant, when several open one after the other (`w1.stabilization`). */
        step: text(80).min(1).optional(),
      })
      .meta({ id: 'PromoteRequest' }),
    summary: 'End the open gate now',
    description:
      'What remains of the gate is skipped and the next wave begins. The reason and the figures of that moment stay in the journal. Refused when no gate is open and when it has found the release harmful.',
    errors: [nothingToPromote, gateUnstable, frozen, killSwitchOn],
    example: { reason: 'hotfix for the outage; checked by hand', step: 'w1.stabilization' },
  }),

  cancel: verb({
    permission: Permission.DeploymentsCancel,
    isOpenWhileSuspended: true,
    possibleIn: ['Pending', 'PendingApproval', 'Running', 'Paused'],
    body: z
      .strictObject({
        reason: reason.optional(),
        /** True: stop, and leave the nodes as they are. */
        leave: z.boolean().default(false),
      })
      .default({ leave: false })
      .meta({ id: 'CancelRequest' }),
    summary: 'Cancel a deployment',
    description:
      'Stops it and rolls back what has moved; with `leave`, stops it and leaves the nodes as they are.',
    errors: [],
    example: { reason: 'wrong version' },
  }),
  // Exactly those that the engine has an effect for.
} as const satisfies Readonly<Record<AskedVerb['verb'], VerbDefinition>>;

export type Verb = keyof typeof verbs;
export const VERBS = Object.keys(verbs) as readonly Verb[];

/** A verb with what a client has sent, as it has been validated. */
export type Asked = {
  [V in Verb]: {
    readonly verb: V;
    readonly body: z.output<(typeof verbs)[V]['body']>;
    /** The If-Match header, when the client sent one. */
    readonly ifMatch: string | undefined;
  };
}[Verb];
