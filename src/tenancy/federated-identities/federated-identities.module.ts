import { Module } from '@nestjs/common';
import { TokenKeysModule } from '../token-keys/token-keys.module.js';
import { ExchangeAudit } from './exchange-audit.js';
import { FederatedIdentitiesController } from './federated-identities.controller.js';
import { FederatedIdentitiesService } from './federated-identities.service.js';
import { IssuerDocuments } from './issuer-documents.js';
import { IssuerKeys } from './issuer-keys.js';
import { TokenExchangeController } from './token-exchange.controller.js';
import { TokenExchange } from './token-exchange.service.js';
import { TokenExplanations } from './token-explanation.js';
import { Renewals } from './token-renewal.js';
import { WorkloadBearer } from './workload-bearer.js';
import { WorkloadStandings } from './workload-standings.js';
import { WorkloadTokens } from './workload-tokens.js';

/** Pipelines that come with a token of their own issuer instead of a secret of ours. */
@Module({
  imports: [TokenKeysModule],
  controllers: [FederatedIdentitiesController, TokenExchangeController],
  providers: [
    ExchangeAudit,
    FederatedIdentitiesService,
    IssuerDocuments,
    IssuerKeys,
    Renewals,
    TokenExchange,
    TokenExplanations,
    WorkloadBearer,
    WorkloadStandings,
    WorkloadTokens,
  ],
})
export class FederatedIdentitiesModule {}
