import { AnsweredSignIns } from './answered-sign-ins.js';
import { DomainsController } from './domains.controller.js';
import { DomainsService } from './domains.service.js';
import { Emergency } from './emergency.js';
import { IdentitiesController } from './identities.controller.js';
import { IdentitiesService } from './identities.service.js';
import { IdentityProvidersController } from './identity-providers.controller.js';
import { IdentityProvidersService } from './identity-providers.service.js';
import { Issuers } from './issuers.js';
import { OidcController } from './oidc.controller.js';
import { OidcFlows } from './oidc-flows.service.js';
import { OidcSignIn } from './oidc-sign-in.service.js';
import { OwnAddress } from './own-address.js';
import { ProviderChoices } from './provider-choices.js';
import { ProviderTests } from './provider-tests.js';
import { SignInAcceptance } from './sign-in-acceptance.js';
import { TxtRecords } from './txt-records.js';

/** What this folder adds to the module of its floor, whose sessions and standings it needs. */
export const identityProviderControllers = [
  IdentityProvidersController,
  OidcController,
  IdentitiesController,
  DomainsController,
];

export const identityProviderProviders = [
  AnsweredSignIns,
  Emergency,
  DomainsService,
  IdentitiesService,
  IdentityProvidersService,
  Issuers,
  OidcFlows,
  OidcSignIn,
  OwnAddress,
  ProviderChoices,
  ProviderTests,
  SignInAcceptance,
  TxtRecords,
];
