import { Module } from '@nestjs/common';
import { besideControllers, besideProviders } from './beside-the-quorum.js';
import { BreakGlassWatch } from './break-glass/break-glass-watch.js';
import { DecisionProofs } from './decisions/decision-proof.js';
import { DecisionsController } from './decisions/decisions.controller.js';
import { Decisions } from './decisions/decisions.service.js';
import { TakenDecisions } from './decisions/taken-decisions.js';
import { GateCallSender } from './external/gate-call-sender.js';
import { PasskeyProofs } from './passkeys/passkey-proofs.js';
import { WindowsModule } from '../windows/windows.module.js';
import { PolicyWatch } from './requests/policy-watch.js';

/** People decide. What asks them is the engine's step, which DeploymentsModule has. */
@Module({
  imports: [WindowsModule],
  controllers: [DecisionsController, ...besideControllers],
  providers: [
    { provide: DecisionProofs, useClass: PasskeyProofs },
    Decisions,
    TakenDecisions,
    PolicyWatch,
    ...besideProviders,
  ],
  exports: [Decisions, BreakGlassWatch, GateCallSender],
})
export class ApprovalsModule {}
