import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../../kernel/clock.js';
import { CLOCK } from '../../../platform/clock.js';
import { Context, type OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { Sealer } from '../../../platform/sealing/sealer.js';
import { lockForVerb } from '../../deployments.store.js';
import { Decisions } from '../decisions/decisions.service.js';
import { secretContext } from './external-gate.entity.js';
import {
  gateCallAnswered,
  gateCallbackRefused,
  gateCallNotFound,
  gateCallOver,
} from './external-gate.errors.js';
import type { GateAnswerBody } from './external-gates.dto.js';
import { gateCallbackDenied } from './external-gates.events.js';
import { type KnownGate, knownGate } from './external-gates.store.js';
import { askedOf, endGateCall, type GateCall, lockAskedCall } from './gate-calls.store.js';
import { isSignedBy, isTimely, newGateSecret, type SignedMessage } from './gate-signature.js';

export interface ShownAnswer {
  readonly gateId: string;
  readonly message: SignedMessage;
  readonly signatures: string;
  readonly answer: GateAnswerBody;
}

/** Who asks for a gate that is not there waits as long as for one that is. */
const NOBODYS_SECRET = newGateSecret();

/** What gates outside answer: proved by their secret, bound to one question, counted once. */
@Injectable()
export class GateCallbacks {
  constructor(
    private readonly database: Database,
    private readonly decisions: Decisions,
    private readonly sealer: Sealer,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Throws `gate-callback-refused`, `gate-call-not-found`, `gate-call-answered`, `gate-call-over` and what a
   * decision does.
   */
  async take(shown: ShownAnswer): Promise<Pick<GateAnswerBody, 'deploymentId' | 'decision'>> {
    const ctx = await this.contextOf(shown);
    const { deploymentId, decision } = shown.answer;
    await this.database.transaction(ctx, (open) => this.record(open, shown));
    return { deploymentId, decision };
  }

  private async contextOf({ gateId, message, signatures }: ShownAnswer): Promise<Context> {
    const gate = await this.database.system((tx) => knownGate(tx, gateId));
    const secret = gate ? this.secretOf(gate) : NOBODYS_SECRET;
    const isSigned = isSignedBy(secret, message, signatures);
    if (!gate) throw gateCallbackRefused();
    const ctx = Context.system(gate.tenantId, 'external-gates');
    if (!isSigned) throw gateCallbackRefused();
    if (isTimely(message, this.clock.now())) return ctx;
    // Somebody has had a good message in hand: worth an entry, as a wrong signature of a stranger is not.
    await this.database.transaction(ctx, (open) =>
      open.record(gateCallbackDenied(gateId, { why: 'time' }, 'denied')),
    );
    throw gateCallbackRefused();
  }

  private secretOf({ tenantId, id, sealedSecret }: KnownGate): string {
    return this.sealer.unseal(sealedSecret, secretContext(tenantId, id)).toString('utf8');
  }

  private async record(open: OpenContext, shown: ShownAnswer): Promise<void> {
    const { gateId, answer } = shown;
    const { deploymentId, subjectDigest, nonce, decision, comment } = answer;
    const call = await this.lockedCall(open, gateId, answer);
    const isOfQuestion = call.deploymentId === deploymentId && call.subjectDigest === subjectDigest;
    if (!isOfQuestion || call.nonce !== nonce) throw gateCallNotFound();
    if (call.end === 'approved' || call.end === 'rejected') throw gateCallAnswered(call.end);
    if (call.end !== null || call.isLate) throw gateCallOver();
    const { requestNumber, gateName } = call;
    await endGateCall(open, call.id, decision === 'approve' ? 'approved' : 'rejected');
    await this.decisions.recordExternal(open, {
      deploymentId,
      requestNumber,
      subjectDigest,
      gate: { id: gateId, name: gateName },
      verb: decision,
      comment,
      evidence: { external: answerKept(shown) },
    });
  }

  /** The deployment is locked first, as everywhere. */
  private async lockedCall(
    open: OpenContext,
    gateId: string,
    { nonce }: GateAnswerBody,
  ): Promise<GateCall> {
    const seen = await askedOf(open, gateId, nonce);
    if (!seen) throw gateCallNotFound();
    await lockForVerb(open, seen.deploymentId);
    const call = await lockAskedCall(open, gateId, nonce);
    if (!call) throw gateCallNotFound();
    return call;
  }
}

/** As it came, so that whoever has the secret can check it again. It is good for nothing any more. */
function answerKept({ gateId, message, signatures }: ShownAnswer) {
  const { id, timestamp, body } = message;
  return {
    kind: 'external-gate',
    gateId,
    id,
    timestamp,
    body: Buffer.from(body).toString('base64'),
    signatures,
  };
}
