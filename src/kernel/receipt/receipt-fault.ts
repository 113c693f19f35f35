/** What is wrong with a receipt, so that a program can tell, and a person. */
export const FAULT_CODES = [
  /** It is no receipt. */
  'format',
  /** It is of a log that nobody here trusts. */
  'untrusted-log',
  /** Its signature, or that of its checkpoint, is not the log's. */
  'signature',
  'checkpoint',
  /** An entry does not stand in the log. */
  'inclusion',
  /** A name is not the one that was sealed. */
  'personal',
  /** An entry is of another tenant, of another deployment, or of a sort that no receipt has. */
  'foreign-tenant',
  'foreign-deployment',
  'unexpected-entry',
  'missing-entry',
  /** It states what its entries do not say. */
  'summary',
  /** What goes with it is not what its entries name. */
  'attachment',
  /** A decision is not signed by whom it is said to be, or about something else. */
  'passkey',
  /** What was granted does not follow from the decisions. */
  'quorum',
] as const;
export type FaultCode = (typeof FAULT_CODES)[number];

export interface ReceiptFault {
  readonly code: FaultCode;
  readonly text: string;
}

export type Report = (code: FaultCode, text: string) => void;
