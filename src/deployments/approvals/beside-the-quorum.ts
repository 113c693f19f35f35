/** What stands beside a quorum: passkeys under decisions, break-glass, gates outside. For the module of approvals. */
import { BreakGlassController } from './break-glass/break-glass.controller.js';
import { BreakGlassService } from './break-glass/break-glass.service.js';
import { BreakGlassWatch } from './break-glass/break-glass-watch.js';
import { ExternalGatesController } from './external/external-gates.controller.js';
import { ExternalGatesService } from './external/external-gates.service.js';
import { GateCallSender } from './external/gate-call-sender.js';
import { GateCallbackController } from './external/gate-callback.controller.js';
import { GateCallbacks } from './external/gate-callbacks.service.js';
import { GateCalls } from './external/gate-calls.js';
import { ApprovalChallenges } from './passkeys/approval-challenges.service.js';
import { PasskeyAssertions } from './passkeys/passkey-assertions.js';
import { PasskeyDecisionsController } from './passkeys/passkey-decisions.controller.js';

export const besideProviders = [
  ApprovalChallenges,
  BreakGlassService,
  BreakGlassWatch,
  ExternalGatesService,
  GateCallbacks,
  GateCalls,
  GateCallSender,
  PasskeyAssertions,
];

export const besideControllers = [
  BreakGlassController,
  ExternalGatesController,
  GateCallbackController,
  PasskeyDecisionsController,
];
