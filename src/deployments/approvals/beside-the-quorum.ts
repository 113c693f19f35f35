/** What stands beside a quorum: passkeys under decisions, break-glass. For the module of approvals. */
import { BreakGlassController } from './break-glass/break-glass.controller.js';
import { BreakGlassService } from './break-glass/break-glass.service.js';
import { BreakGlassWatch } from './break-glass/break-glass-watch.js';
import { ApprovalChallenges } from './passkeys/approval-challenges.service.js';
import { PasskeyAssertions } from './passkeys/passkey-assertions.js';
import { PasskeyDecisionsController } from './passkeys/passkey-decisions.controller.js';

export const besideProviders = [
  ApprovalChallenges,
  BreakGlassService,
  BreakGlassWatch,
  PasskeyAssertions,
];

export const besideControllers = [
  BreakGlassController,
  PasskeyDecisionsController,
];
