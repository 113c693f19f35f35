import { Injectable } from '@nestjs/common';
import type { OpenContext } from '../../../platform/context.js';
import { externalGateUnknown } from '../policies/approval-policies.errors.js';
import { ExternalGates } from '../policies/external-gates.js';
import { gateWith } from './external-gate.queries.js';

/** Those that the tenant has. A foreign key says so as well, for the policy that is saved meanwhile. */
@Injectable()
export class KnownExternalGates extends ExternalGates {
  async check(open: OpenContext, id: string): Promise<void> {
    if ((await gateWith(open, id)) === null) throw externalGateUnknown();
  }
}
