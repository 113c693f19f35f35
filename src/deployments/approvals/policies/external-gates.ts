import { Injectable } from '@nestjs/common';
import type { OpenContext } from '../../../platform/context.js';
import { externalGateNotFound } from './approval-policies.errors.js';

/** Knows the gates outside that a policy may name. */
export abstract class ExternalGates {
  /** Throws `external-gate-not-found` for one that nobody could ask now. */
  abstract check(open: OpenContext, gateId: string): Promise<void>;
}

/** Where nothing outside can be asked, no policy may wait for it. */
@Injectable()
export class NoExternalGates extends ExternalGates {
  check(): Promise<void> {
    return Promise.reject(externalGateNotFound());
  }
}
