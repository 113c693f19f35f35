import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { newId } from '../../../kernel/ids.js';
import { Config } from '../../../platform/config/config.js';
import type { OpenContext } from '../../../platform/context.js';
import type { Event } from '../../../platform/events/event.js';
import { Events } from '../../../platform/events/events.js';
import { specTextOf } from '../../deployments.queries.js';
import type { DeploymentSpec } from '../../planning/deployment-spec.js';
import { type ApprovalFacts, approvalRequested } from '../approvals.events.js';
import type { ApprovalRequest } from '../requests/request.js';
import { lastRequest } from '../requests/requests.store.js';
import { gateWith } from './external-gate.queries.js';
import { callbackUrlOf } from './external-gates.service.js';
import { insertGateCall } from './gate-calls.store.js';

const MINUTE_MS = 60_000;
const NONCE_BYTES = 32;

interface Wanted {
  readonly gateId: string;
  /** The names of the policies that want its answer. */
  readonly rules: readonly string[];
  readonly spec: DeploymentSpec;
}

/**
 * A request that has rules of gates outside asks them: a question for each, written down in the transaction
 * in which the request opens. Who sends them looks for what is due.
 */
@Injectable()
export class GateCalls {
  constructor(
    events: Events,
    private readonly config: Config,
  ) {
    events.hear(approvalRequested, (open, event) => this.ask(open, event));
  }

  private async ask(open: OpenContext, { subjectId, body }: Event<ApprovalFacts>): Promise<void> {
    const request = await lastRequest(open, subjectId);
    if (!request || request.number !== body.requestNumber) return;
    const wanted = new Map<string, string[]>();
    for (const { external, name } of request.rules) {
      if (external === null) continue;
      wanted.set(external.gateId, [...(wanted.get(external.gateId) ?? []), name]);
    }
    if (wanted.size === 0) return;
    const spec = JSON.parse((await specTextOf(open, subjectId))!) as DeploymentSpec;
    for (const [gateId, rules] of wanted) await this.askOne(open, request, { gateId, rules, spec });
  }

  /** Where there is no such gate any more nobody answers, and the request ends as its deadline says. */
  private async askOne(
    open: OpenContext,
    request: ApprovalRequest,
    { gateId, rules, spec }: Wanted,
  ): Promise<void> {
    const gate = await gateWith(open, gateId);
    if (!gate) return;
    const own = request.askedAt.getTime() + gate.deadlineMinutes * MINUTE_MS;
    const deadlineAt = new Date(Math.min(own, request.deadlineAt.getTime()));
    const id = newId();
    const nonce = randomBytes(NONCE_BYTES).toString('base64url');
    const { deploymentId, number: requestNumber, subjectDigest } = request;
    const call = { id, nonce, deploymentId, requestNumber, subjectDigest, deadlineAt };
    const bodyText = JSON.stringify({
      type: 'approval.requested',
      id,
      gate: gate.name,
      policies: rules,
      deployment: deploymentOf(deploymentId, spec, request),
      subjectDigest,
      nonce,
      deadlineAt: deadlineAt.toISOString(),
      callbackUrl: callbackUrlOf(this.config, gateId),
    });
    const asked = { gateId, gateName: gate.name, rules, bodyText };
    await insertGateCall(open, { ...call, ...asked });
  }
}

function deploymentOf(id: string, spec: DeploymentSpec, request: ApprovalRequest) {
  return {
    id,
    module: spec.module.name,
    version: spec.release.version,
    environment: spec.environment.name,
    cluster: spec.cluster.name,
    strategy: spec.strategy.kind,
    requestedBy: request.requestedBy,
    requestNumber: request.number,
  };
}
