import { Inject, Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import type { Clock } from '../../../kernel/clock.js';
import { DomainError, messageOf } from '../../../kernel/errors.js';
import { CLOCK } from '../../../platform/clock.js';
import { Context, type OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { withLogScope } from '../../../platform/logging/log-scope.js';
import { Logger } from '../../../platform/logging/logger.js';
import { Metrics } from '../../../platform/metrics/metrics.js';
import { GuardedFetch } from '../../../platform/outbound/guarded-fetch.js';
import { Sealer } from '../../../platform/sealing/sealer.js';
import { lockForVerb } from '../../deployments.store.js';
import { Decisions } from '../decisions/decisions.service.js';
import { lastRequest } from '../requests/requests.store.js';
import { secretContext } from './external-gate.entity.js';
import { gateWith } from './external-gate.queries.js';
import {
  type ClaimedCall,
  claimGateCalls,
  endGateCall,
  type GateCall,
  heldGateCall,
  noteAttempt,
} from './gate-calls.store.js';
import { headersOf, timestampOf } from './gate-signature.js';

const CALLS_AT_ONCE = 8;
/** Longer than one call may take; who takes it over after that asks again under the same id. */
const LEASE_MS = 30_000;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 5 * 60_000;
/** Of what the other side says nothing is needed but that it has heard. */
const ANSWER_BYTES = 16 * 1024;

interface Sending {
  readonly call: GateCall;
  readonly url: string;
  readonly secret: string;
}

/**
 * Asks gates outside what they are to be asked, again and again until they have heard it, and closes what
 * nobody has answered at its deadline. At least once: whoever is asked twice sees the same `webhook-id`.
 */
@Injectable()
export class GateCallSender {
  private readonly log: Logger;
  private readonly attempts: Counter<'outcome'>;

  constructor(
    private readonly database: Database,
    private readonly decisions: Decisions,
    private readonly outbound: GuardedFetch,
    private readonly sealer: Sealer,
    logger: Logger,
    metrics: Metrics,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.log = logger.child({ part: 'external-gates' });
    this.attempts = metrics.counter({
      name: 'external_gate_calls_total',
      help: 'Questions to external gates, by what became of one sending: delivered, failed, expired, dropped',
      labelNames: ['outcome'],
    });
  }

  /** Everything that is due now. */
  async look(): Promise<void> {
    const claimed = await this.database.system((tx) => claimGateCalls(tx, CALLS_AT_ONCE, LEASE_MS));
    await Promise.all(
      claimed.map((one) =>
        withLogScope({ tenantId: one.tenantId, gateCall: one.id }, () => this.leadQuietly(one)),
      ),
    );
  }

  /** One that fails here is tried again when its lease is over, and holds up nobody else. */
  private async leadQuietly(claimed: ClaimedCall): Promise<void> {
    try {
      await this.lead(claimed);
    } catch (error) {
      this.log.warn({ error: messageOf(error) }, 'a question to an external gate failed');
    }
  }

  private async lead(claimed: ClaimedCall): Promise<void> {
    const ctx = Context.system(claimed.tenantId, 'external-gates');
    const sending = await this.database.transaction(ctx, (open) => this.prepare(open, claimed));
    if (sending === null) return;
    const outcome = await this.send(sending, claimed.tenantId);
    const isDelivered = outcome === 'delivered';
    const { id, fence } = claimed;
    const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** sending.call.attempts);
    await this.database.transaction(ctx, (open) =>
      noteAttempt(open, { id, fence, isDelivered, outcome, delayMs }),
    );
    this.attempts.inc({ outcome: isDelivered ? 'delivered' : 'failed' });
  }

  /** Null: there is nothing to send. */
  private async prepare(open: OpenContext, claimed: ClaimedCall): Promise<Sending | null> {
    const seen = await heldGateCall(open, claimed);
    if (!seen) return null;
    // As whoever answers: the deployment first, then the question.
    await lockForVerb(open, seen.deploymentId);
    const call = await heldGateCall(open, claimed);
    if (!call) return null;
    const request = await lastRequest(open, call.deploymentId);
    const isOpen = request?.number === call.requestNumber && request.status === 'open';
    if (!isOpen) return this.close(open, call, 'dropped');
    if (call.isLate) {
      // At the request's own deadline that ends by itself.
      if (call.deadlineAt < request.deadlineAt) await this.refuse(open, call);
      return this.close(open, call, 'expired');
    }
    const { tenantId } = open;
    const gate = await gateWith(open, call.gateId);
    const sealed = gate && this.sealer.unseal(gate.sealedSecret, secretContext(tenantId, gate.id));
    if (!gate || !sealed) return { call, url: '', secret: '' };
    return { call, url: gate.url, secret: sealed.toString('utf8') };
  }

  private async close(open: OpenContext, { id }: GateCall, end: 'dropped' | 'expired') {
    await endGateCall(open, id, end);
    this.attempts.inc({ outcome: end });
    return null;
  }

  /** Closed on failure: whoever did not answer has not agreed. */
  private async refuse(open: OpenContext, call: GateCall): Promise<void> {
    const { deploymentId, requestNumber, subjectDigest, gateId, gateName, deliveredAt } = call;
    const why = deliveredAt === null ? 'could not be reached' : 'did not answer';
    await this.decisions.recordExternal(open, {
      deploymentId,
      requestNumber,
      subjectDigest,
      gate: { id: gateId, name: gateName },
      verb: 'reject',
      comment: `The external gate "${gateName}" ${why} until ${call.deadlineAt.toISOString()}.`,
    });
  }

  /** `delivered`, or why not: an error's code or a status, nothing that the other side has said. */
  private async send({ call, url, secret }: Sending, tenantId: string): Promise<string> {
    if (url === '') return 'external-gate-not-found';
    const timestamp = timestampOf(this.clock.now());
    const message = { id: call.id, timestamp, body: call.bodyText };
    try {
      const { status } = await this.outbound.request(url, {
        key: tenantId,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headersOf(message, secret) },
        body: call.bodyText,
        maxBytes: ANSWER_BYTES,
      });
      return status >= 200 && status < 300 ? 'delivered' : `status ${status}`;
    } catch (error) {
      if (error instanceof DomainError) return error.code;
      throw error;
    }
  }
}
