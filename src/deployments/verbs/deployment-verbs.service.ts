import { Injectable } from '@nestjs/common';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { limits } from '../../kernel/limits.js';
import { Targets } from '../../drivers/targets/targets.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { together } from '../../platform/database/together.js';
import { versionMismatch } from '../../platform/http/http.errors.js';
import { ifMatchVersion } from '../../platform/http/if-match.js';
import {
  gateUnstable,
  journalFull,
  nothingToPromote,
  stateNotSuitable,
} from '../deployment.errors.js';
import { mustBeAllowed } from '../deployment-scopes.js';
import { linksOf, type VerbAccepted } from '../deployments.dto.js';
import { verbRequested } from '../deployments.events.js';
import { lockForVerb, type VerbHead } from '../deployments.store.js';
import { RunHints } from '../run-hints.js';
import { DeploymentRows } from '../runs/deployment-rows.js';
import { JournalWriter } from '../runs/journal.store.js';
import { deploymentRun } from '../runs/runs.store.js';
import { specOf } from '../runs/spec-of.js';
import { Steps } from '../steps/steps.js';
import { refusalOf } from '../windows/refusals.js';
import { StartGuards } from '../windows/start-guards.js';
import { checkAnswer, cutHooksOf, type ResumeRequest } from './hook-answer.js';
import { openGate } from './open-gate.js';
import { type Asked, type Verb, verbs } from './verbs.js';
import { ask, lastAsked } from './verbs.store.js';

export interface VerbRequest {
  readonly verb: Verb;
  readonly reason?: string | undefined;
  readonly params?: Readonly<Record<string, unknown>>;
  /** The If-Match header, when the client sent one. */
  readonly ifMatch?: string | undefined;
}

interface Locked extends VerbHead {
  /** What was asked for last, while nobody has applied it. */
  readonly pending: string | null;
  readonly lastNumber: number;
}

/** Two requests for the same, whoever asks and why: "leave the nodes" is another one. */
function sameness({ verb, params = {} }: Pick<VerbRequest, 'params'> & { verb: string }): string {
  return canonicalJson({ verb, params });
}

/**
 * Takes verbs: checks them against the present status and leaves them for the holder of the lease,
 * who alone changes a status. Asking twice before it was applied is asking once.
 */
@Injectable()
export class DeploymentVerbs {
  constructor(
    private readonly database: Database,
    private readonly rows: DeploymentRows,
    private readonly hints: RunHints,
    private readonly steps: Steps,
    private readonly targets: Targets,
    private readonly guards: StartGuards,
  ) {}

  /** As a client asks: what its body has beside the reason are parameters, where nothing is to be checked. */
  ask(ctx: Context, id: string, asked: Asked): Promise<VerbAccepted> {
    const { ifMatch } = asked;
    const { permission } = verbs[asked.verb];
    if (asked.verb === 'promote') return this.promote(ctx, id, { ...asked.body, ifMatch });
    if (asked.verb === 'resume') return this.resume(ctx, id, { ...asked.body, ifMatch });
    const { reason, ...params } = asked.body;
    const request: VerbRequest = { verb: asked.verb, reason, params, ifMatch };
    return this.database.transaction(ctx, async (open) => {
      await mustBeAllowed(open, id, permission);
      return this.requestIn(open, id, request);
    });
  }

  /** Ends the gate that is open now; with `step`, only if it is that one. */
  private async promote(
    ctx: Context,
    id: string,
    request: Omit<VerbRequest, 'verb' | 'params'> & { readonly step?: string | undefined },
  ): Promise<VerbAccepted> {
    return this.database.transaction(ctx, async (open) => {
      await mustBeAllowed(open, id, verbs.promote.permission);
      const locked = await this.lock(open, id);
      const { step, ...rest } = request;
      this.check(locked, { ...rest, verb: 'promote' });
      const gate = await openGate(open, id, this.steps.registry);
      if (!gate || (step !== undefined && gate.stepId !== step)) {
        throw nothingToPromote(gate?.stepId ?? null, step);
      }
      if (gate.verdict === 'unstable') throw gateUnstable(gate.stepId);
      await this.refuseHeld(open, id, locked);
      const params = { stepId: gate.stepId };
      return this.take(open, id, locked, { ...rest, verb: 'promote', params });
    });
  }

  /** Throws `frozen`, `kill-switch-on`. */
  private async refuseHeld(open: OpenContext, id: string, { now }: VerbHead): Promise<void> {
    const spec = await specOf(open, id);
    const lane = spec.start?.isReturn === true ? 'rollback' : 'normal';
    const asked = { spec, deployment: { id, lane }, verb: 'promote', by: open.actor, now } as const;
    const held = await this.guards.first(open, asked);
    if (held) throw refusalOf(held);
  }

  /** Where a hook was cut off, only with what became of it: it is never guessed. */
  private async resume(ctx: Context, id: string, request: ResumeRequest): Promise<VerbAccepted> {
    return this.database.transaction(ctx, async (open) => {
      await mustBeAllowed(open, id, verbs.resume.permission);
      const { outcome, node, ...rest } = request;
      const asked: VerbRequest = { ...rest, verb: 'resume' };
      const locked = await this.lock(open, id);
      this.check(locked, asked);
      checkAnswer(await cutHooksOf(open, id, this.targets), request);
      const params = outcome && { outcome, ...(node === undefined ? {} : { node }) };
      return this.take(open, id, locked, { ...asked, ...(params ? { params } : {}) });
    });
  }

  /** In the transaction of `ctx`, which locks the deployment until its end. */
  async requestIn(open: OpenContext, id: string, request: VerbRequest): Promise<VerbAccepted> {
    const locked = await this.lock(open, id);
    this.check(locked, request);
    return this.take(open, id, locked, request);
  }

  private async take(
    open: OpenContext,
    id: string,
    locked: Locked,
    request: VerbRequest,
  ): Promise<VerbAccepted> {
    const { verb } = request;
    if (locked.pending !== sameness(request)) await this.write(open, id, locked, request);
    return { id, verb, status: locked.status, links: linksOf(id) };
  }

  private async lock(open: OpenContext, id: string): Promise<Locked> {
    const head = await lockForVerb(open, id);
    const last = await lastAsked(open, id);
    const pending = last && !last.applied ? sameness(last) : null;
    return { ...head, pending, lastNumber: last?.number ?? 0 };
  }

  private check({ status, version, journalSeq }: Locked, { verb, ifMatch }: VerbRequest): void {
    if (ifMatch !== undefined && ifMatchVersion(ifMatch) !== version)
      throw versionMismatch(version);
    const { possibleIn } = verbs[verb];
    if (possibleIn.includes(status)) {
      if (journalSeq < limits.journalEntries - limits.journalReserve) return;
      throw journalFull();
    }
    throw stateNotSuitable(verb, status, { when: 'while', possibleIn });
  }

  private async write(
    open: OpenContext,
    id: string,
    locked: Locked,
    { verb, reason, params = {} }: VerbRequest,
  ): Promise<void> {
    const number = locked.lastNumber + 1;
    const { outcome, node } = params as { outcome?: string; node?: string };
    const answer = { ...(outcome ? { outcome } : {}), ...(node ? { node } : {}) };
    const data = { number, verb, ...(reason ? { reason } : {}), ...answer };
    const journal = new JournalWriter(open, deploymentRun(open.tenantId, id), this.rows, locked);
    journal.append({ kind: 'requested', planNumber: 0, actor: open.actor.name, data });
    const asked = ask(open, id, { number, verb, params, reason: reason ?? null });
    await together([asked, journal.flush(null)]);
    await open.record(verbRequested[verb](id, data));
    open.tx.commitsAs('verb');
    this.hints.urgent(open, id);
  }
}
