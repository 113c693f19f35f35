/** What stands beside a quorum: passkeys under decisions. For the module of approvals. */
import { ApprovalChallenges } from './passkeys/approval-challenges.service.js';
import { PasskeyAssertions } from './passkeys/passkey-assertions.js';
import { PasskeyDecisionsController } from './passkeys/passkey-decisions.controller.js';

export const besideProviders = [
  ApprovalChallenges,
  PasskeyAssertions,
];

export const besideControllers = [
  PasskeyDecisionsController,
];
