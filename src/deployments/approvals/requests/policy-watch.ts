import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Events } from '../../../platform/events/events.js';
import { pokeDeployments } from '../../deployments.store.js';
import { approvalPolicyChanged } from '../policies/approval-policies.events.js';
import { presentRequestsIn } from './requests.store.js';

/**
 * A policy has changed: whoever acts on a deployment that waits in its environment looks again, and asks
 * anew where it is concerned. Until then nobody can decide: a decision compares the rules, too.
 */
@Injectable()
export class PolicyWatch implements OnModuleInit {
  constructor(private readonly events: Events) {}

  onModuleInit(): void {
    this.events.hear(approvalPolicyChanged, async (open, { body: { environments } }) => {
      const isEverywhere = environments.includes(null);
      const named = environments.filter((name) => name !== null);
      await pokeDeployments(open, await presentRequestsIn(open, isEverywhere ? null : named));
    });
  }
}
