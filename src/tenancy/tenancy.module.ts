import { Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { MailModule } from '../drivers/channels/mail/mail.module.js';
import { Config } from '../platform/config/config.js';
import { openKey } from '../platform/config/keys.js';
import { RequestAuthenticator } from '../platform/http/request-authenticator.js';
import { AccessKeysModule } from './access-keys/access-keys.module.js';
import { AccessTokenStrategy } from './auth/access-token.strategy.js';
import { AccessTokens } from './auth/access-tokens.js';
import { AuthenticationAudit } from './auth/authentication-audit.js';
import { AuthenticationController } from './auth/authentication.controller.js';
import { AuthenticationService } from './auth/authentication.service.js';
import { Authenticator } from './auth/authenticator.js';
import { KnownNetworks } from './auth/known-networks.js';
import { PasswordCheck } from './auth/password-check.js';
import { PasswordHasher } from './auth/password-hasher.js';
import { PrivateDigest } from './auth/private-digest.js';
import { Sessions } from './auth/sessions.js';
import { SignInAttempts } from './auth/sign-in-attempts.js';
import { SignInQueue } from './auth/sign-in-queue.js';
import { SignInThrottle } from './auth/sign-in-throttle.js';
import { WellKnownController } from './auth/well-known.controller.js';
import {
  browserSessionControllers,
  browserSessionProviders,
} from './browser-sessions/browser-sessions.providers.js';
import { FederatedIdentitiesModule } from './federated-identities/federated-identities.module.js';
import { factorControllers, factorProviders } from './factors/factors.providers.js';
import {
  identityProviderControllers,
  identityProviderProviders,
} from './identity-providers/identity-providers.providers.js';
import { AccessGuard } from './permissions/access.guard.js';
import { Acting } from './permissions/acting.js';
import { ActingAlarms } from './permissions/acting-alarms.js';
import { MachineBearers } from './permissions/bearers.js';
import { Callers } from './permissions/callers.js';
import { DeniedAttempts } from './permissions/denied-attempts.js';
import { MissedIds } from './permissions/missed-ids.js';
import { RefusedTokens } from './permissions/refused-tokens.js';
import { DeniedInterceptor } from './permissions/denied.interceptor.js';
import { Proofs } from './permissions/proofs.js';
import { SocketCallers } from './permissions/socket-callers.js';
import { Standings } from './permissions/standings.js';
import { RolesModule } from './roles/roles.module.js';
import { peopleControllers, peopleProviders } from './people.js';
import { scimControllers, scimProviders } from './scim/scim.providers.js';
import { securityControllers, securityProviders } from './security/security.providers.js';
import { Seed } from './seed.js';
import { ServiceAccountsModule } from './service-accounts/service-accounts.module.js';
import { TierRates } from './tenants/tier-rates.js';
import { TenantsModule } from './tenants/tenants.module.js';
import { TokenKeysModule } from './token-keys/token-keys.module.js';
import { UsageModule } from './usage/usage.module.js';
import { Accounts } from './users/accounts.js';

/** WHO: tenants, people, their roles, and the guard before every handler. */
@Module({
  imports: [
    AccessKeysModule,
    FederatedIdentitiesModule,
    MailModule,
    RolesModule,
    ServiceAccountsModule,
    TenantsModule,
    TokenKeysModule,
    UsageModule,
  ],
  controllers: [
    AuthenticationController,
    WellKnownController,
    ...browserSessionControllers,
    ...peopleControllers,
    ...factorControllers,
    ...securityControllers,
    ...identityProviderControllers,
    ...scimControllers,
  ],
  providers: [
    {
      provide: PrivateDigest,
      inject: [Config],
      useFactory: async (config: Config) =>
        PrivateDigest.fromKey((await openKey(config, 'signing')).privateKey),
    },
    { provide: PasswordHasher, useFactory: () => PasswordHasher.open() },
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_INTERCEPTOR, useClass: DeniedInterceptor },
    DeniedAttempts,
    MissedIds,
    RefusedTokens,
    Callers,
    { provide: RequestAuthenticator, useExisting: Callers },
    AccessTokenStrategy,
    AccessTokens,
    Accounts,
    Acting,
    ActingAlarms,
    AuthenticationAudit,
    AuthenticationService,
    Authenticator,
    KnownNetworks,
    MachineBearers,
    PasswordCheck,
    Proofs,
    Seed,
    Sessions,
    SignInAttempts,
    SignInQueue,
    SignInThrottle,
    SocketCallers,
    Standings,
    TierRates,
    ...browserSessionProviders,
    ...peopleProviders,
    ...factorProviders,
    ...securityProviders,
    ...identityProviderProviders,
    ...scimProviders,
  ],
  exports: [Proofs, Seed, SocketCallers, TenantsModule],
})
export class TenancyModule {}
