import { errorEntry } from '../../../kernel/error-entry.js';

const END_SECONDS = 10;
const SEAL_SECONDS = 1;

export const receiptNotYet = errorEntry({
  code: 'receipt-not-yet',
  kind: 'conflict',
  meaning: 'A receipt is given for a deployment that has ended. Follow it until it has.',
  tell: (status: string) => ({
    text: `The deployment is ${status}: it gets a receipt when it has ended.`,
    details: { status, waitsFor: 'end', retryAfterSeconds: END_SECONDS },
  }),
});

export const receiptUnsealed = errorEntry({
  code: 'receipt-unsealed',
  kind: 'conflict',
  meaning: 'The newest entries of the deployment are sealed within seconds. Try again.',
  tell: () => ({ details: { waitsFor: 'seal', retryAfterSeconds: SEAL_SECONDS } }),
});

export const receiptUnavailable = errorEntry({
  code: 'receipt-unavailable',
  kind: 'conflict',
  meaning:
    'The audit log does not have what a receipt relies on: the deployment was asked for before there were receipts, or its entries have been archived. What was archived is exported with `npx tidegate audit export`.',
});

export const receiptTooLong = errorEntry({
  code: 'receipt-too-long',
  kind: 'conflict',
  meaning:
    'More entries are about the deployment than a receipt holds. Read them with `GET /audit-logs/deployments/{id}`.',
  tell: (limit: number) => ({ details: { limit } }),
});

export const receiptContradicted = errorEntry({
  code: 'receipt-contradicted',
  kind: 'conflict',
  meaning:
    'The deployment’s rows and the audit log do not say the same, so nothing is signed. Verify the log (`GET /audit-logs/verification`) and see docs/audit.md.',
  tell: (faults: readonly string[]) => ({ details: { faults } }),
});
