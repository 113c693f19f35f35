import { Module } from '@nestjs/common';
import { DecisionProofs, NoProofs } from './decisions/decision-proof.js';
import { DecisionsController } from './decisions/decisions.controller.js';
import { Decisions } from './decisions/decisions.service.js';
import { TakenDecisions } from './decisions/taken-decisions.js';
import { PolicyWatch } from './requests/policy-watch.js';

/** People decide. What asks them is the engine's step, which DeploymentsModule has. */
@Module({
  controllers: [DecisionsController],
  providers: [
    { provide: DecisionProofs, useClass: NoProofs },
    Decisions,
    TakenDecisions,
    PolicyWatch,
  ],
  exports: [Decisions],
})
export class ApprovalsModule {}
