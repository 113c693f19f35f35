import { Module } from '@nestjs/common';
import { KnownExternalGates } from '../external/known-external-gates.js';
import { ApprovalPoliciesController } from './approval-policies.controller.js';
import { ApprovalPoliciesService } from './approval-policies.service.js';
import { BuiltInPolicies } from './built-in-policies.js';
import { ExternalGates } from './external-gates.js';
import { PolicyCheck } from './policy-check.js';
import { PolicyGuards } from './policy-guards.js';

/** Who must agree where. */
@Module({
  controllers: [ApprovalPoliciesController],
  providers: [
    ApprovalPoliciesService,
    BuiltInPolicies,
    { provide: ExternalGates, useClass: KnownExternalGates },
    PolicyCheck,
    PolicyGuards,
  ],
})
export class ApprovalPoliciesModule {}
