import { FactorBudget } from './factor-budget.js';
import { FactorChanges } from './factor-changes.js';
import { FactorProofs } from './factor-proofs.js';
import { FactorsService } from './factors.service.js';
import { MfaController } from './mfa.controller.js';
import { PasskeyChallenges } from './passkey-challenges.js';
import { PasskeyCheck } from './passkey-check.js';
import { PasskeysController } from './passkeys.controller.js';
import { PasskeysService } from './passkeys.service.js';
import { RelyingParty } from './relying-party.js';
import { StepUpController } from './step-up.controller.js';
import { StepUpService } from './step-up.service.js';
import { TotpCheck } from './totp-check.js';

/**
 * Second factors, for the module of tenancy: signing in needs them and they need sessions, so they are
 * no module of their own.
 */
export const factorProviders = [
  FactorBudget,
  FactorChanges,
  FactorProofs,
  FactorsService,
  PasskeyChallenges,
  PasskeyCheck,
  PasskeysService,
  RelyingParty,
  StepUpService,
  TotpCheck,
];

export const factorControllers = [MfaController, PasskeysController, StepUpController];
