import { errorEntry } from '../../../kernel/error-entry.js';
import { changeLimits } from '../../../kernel/change-limits.js';

/** What gates outside, and their answers, can be refused with. */

export const externalGateNotFound = errorEntry({
  code: 'external-gate-not-found',
  kind: 'not-found',
  meaning: 'There is no external gate with that id. `GET /external-gates` lists them.',
});

export const externalGateExists = errorEntry({
  code: 'external-gate-exists',
  kind: 'conflict',
  meaning: 'The tenant has an external gate of that name. Choose another name.',
});

export const externalGateLimit = errorEntry({
  code: 'external-gate-limit',
  kind: 'limit',
  meaning: `A tenant has at most ${changeLimits.externalGatesPerTenant} external gates. Delete one first.`,
});

export const externalGateInUse = errorEntry({
  code: 'external-gate-in-use',
  kind: 'conflict',
  meaning:
    'An approval policy asks the gate, `details.policies` says which. Change or delete the policy first.',
  tell: (policies: readonly string[]) => ({
    text: `Approval policies ask this gate: ${policies.join(', ')}. Change or delete them first.`,
    details: { policies },
  }),
});

/** One answer for all of it: who knows no secret learns not even whether there is such a gate. */
export const gateCallbackRefused = errorEntry({
  code: 'gate-callback-refused',
  kind: 'unauthenticated',
  meaning:
    'The answer of an external gate is not signed properly: `webhook-id`, `webhook-timestamp` (not older than five minutes) and `webhook-signature` over them and the body, with the gate’s secret. See docs/external-change-gates.md.',
});

export const gateCallNotFound = errorEntry({
  code: 'gate-call-not-found',
  kind: 'not-found',
  meaning:
    'The gate was not asked that: `nonce`, `deploymentId` and `subjectDigest` must match one question exactly.',
});

export const gateCallAnswered = errorEntry({
  code: 'gate-call-answered',
  kind: 'conflict',
  meaning:
    'The question has already been answered; only the first answer counts. `details.decision` says how.',
  tell: (decision: string) => ({
    text: `The question has already been answered: ${decision}. Only the first answer counts.`,
    details: { decision },
  }),
});

export const gateCallOver = errorEntry({
  code: 'gate-call-over',
  kind: 'conflict',
  meaning:
    'The answer comes too late: the deadline has passed, or the deployment is not waiting for it any more. Ask for the deployment again.',
});
