/**
 * The receipt of a deployment, `tidegate-receipt/1`: what was done, the entries of the audit log that say
 * so, and what those entries name by a digest. All that it states follows from its entries; who checks it
 * makes the summary anew from them. Integers, texts, booleans and null only, so that it hashes alike
 * everywhere.
 */
import { z } from 'zod';
import { digestOf } from '../digest.js';
import {
  NoteError,
  type NoteSigner,
  type NoteVerifier,
  openNote,
  parseVerifierKey,
  signNote,
  verifierKeyOf,
} from '../tlog/note.js';

export const RECEIPT_FORMAT = 'tidegate-receipt/1';
/** The largest that is read: five thousand nodes and a thousand entries are a third of it. */
export const RECEIPT_CHARACTERS = 8 * 1024 * 1024;

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const text = z.string().max(1_000);

/** In one way only: hexadecimal digits have two cases. */
const salt = z.string().regex(/^[0-9a-f]{32}$/);

const movedNode = z.strictObject({
  nodeId: text,
  name: text,
  generation: z.int().nullable(),
  /** What it was told to run; null: nothing any more. */
  releaseId: text.nullable(),
  configurationId: text.nullable(),
  /** Of its traffic, where it runs both; null: all of it. */
  percent: z.int().nullable(),
});
export type MovedNode = z.output<typeof movedNode>;

const receiptEntry = z.strictObject({
  sequence: z.int().min(0),
  /** Canonical JSON: what is hashed. */
  leaf: z.string().max(64 * 1024),
  personal: z.record(z.string(), z.strictObject({ value: z.unknown(), salt })),
  /** Hashes in base64: that it stands in the log of the checkpoint. */
  proof: z.array(z.string().max(44)).max(64),
});
export type ReceiptEntry = z.output<typeof receiptEntry>;

const receipt = z.strictObject({
  format: z.literal(RECEIPT_FORMAT),
  /** Whose log: `tidegate/audit/<tenant id>`. */
  origin: text,
  deploymentId: text,
  issuedAt: text,
  /** What follows from the entries. */
  summary: z.record(z.string(), z.unknown()),
  /** What entries name by its digest. */
  attachments: z.strictObject({
    nodes: z.record(digest, z.array(movedNode).max(5_000)),
    evidence: z.record(digest, z.record(z.string(), z.unknown())),
  }),
  /** Digests of lists of nodes that were too long. */
  leftOut: z.array(digest),
  log: z.strictObject({ checkpoint: z.string(), entries: z.array(receiptEntry).max(2_000) }),
  /** A C2SP signed note over the digest of all the rest. */
  signature: z.string(),
});
export type Receipt = z.output<typeof receipt>;
export type UnsignedReceipt = Omit<Receipt, 'signature'>;

/** Throws NoteError for what is none. */
export function parseReceipt(json: string): Receipt {
  if (json.length > RECEIPT_CHARACTERS) throw new NoteError('too long for a receipt');
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new NoteError('not JSON');
  }
  const format = (value as { readonly format?: unknown } | null)?.format;
  if (format !== RECEIPT_FORMAT) throw new NoteError(`not a receipt of format ${RECEIPT_FORMAT}`);
  const parsed = receipt.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('/') ?? '';
  throw new NoteError(`not a receipt: /${path}: ${issue?.message ?? 'of another form'}`);
}

/** As the file holds it. */
export const receiptText = (signed: Receipt): string => `${JSON.stringify(signed, null, 1)}\n`;

/** Never that of a checkpoint: no signature of the one is good for the other. */
const nameFor = (origin: string) => origin.replace('tidegate/audit/', 'tidegate/receipt/');

/** `signer`: of the log. */
export function signReceipt(unsigned: UnsignedReceipt, signer: NoteSigner): Receipt {
  const name = nameFor(unsigned.origin);
  return { ...unsigned, signature: signNote(noteOf(unsigned), { ...signer, name }) };
}

/** `verifiers`: of the log. Throws NoteError when none of them has signed exactly this. */
export function openReceipt(
  { signature, ...unsigned }: Receipt,
  verifiers: readonly NoteVerifier[],
): void {
  const name = nameFor(unsigned.origin);
  const own = verifiers
    .filter((each) => each.name === unsigned.origin)
    .map(({ publicKey }) => parseVerifierKey(verifierKeyOf(name, publicKey)));
  if (openNote(signature, own) !== noteOf(unsigned)) {
    throw new NoteError('the signature is of another receipt');
  }
}

/** Throws TypeError for a number that is no integer, which no receipt has. */
function noteOf(unsigned: UnsignedReceipt): string {
  const { digest: ofAll } = digestOf('receipt', unsigned);
  return `${nameFor(unsigned.origin)}\n${ofAll}\n`;
}
