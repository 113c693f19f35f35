import { Injectable } from '@nestjs/common';
import type { OpenContext } from '../../platform/context.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';

/** From, and before. */
export type Span = { readonly from: Date; readonly to: Date };

/** What is counted from the deployments themselves: nothing of it is ever lost. */
export interface DeploymentSum {
  /** In UTC. */
  readonly day: string;
  readonly module: string;
  /** As environments are told apart. */
  readonly environment: string;
  readonly deployments: number;
}

export interface TenantDeployments {
  readonly tenantId: string;
  readonly deployments: number;
}

interface Source {
  readonly byDay: (open: OpenContext, span: Span) => Promise<DeploymentSum[]>;
  readonly byTenant: (tx: SystemTransaction, span: Span) => Promise<TenantDeployments[]>;
}

/** Where the floor of deployments says how they are summed up. */
@Injectable()
export class UsageSources {
  private source: Source = { byDay: async () => [], byTenant: async () => [] };

  deploymentsBy(source: Source): void {
    this.source = source;
  }

  get deployments(): Source {
    return this.source;
  }
}
