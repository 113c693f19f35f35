import { Injectable } from '@nestjs/common';
import { auditLimits } from '../../../kernel/audit-limits.js';
import {
  type Receipt,
  RECEIPT_FORMAT,
  receiptText,
  signReceipt,
  type UnsignedReceipt,
} from '../../../kernel/receipt/receipt.js';
import { CREATED_ACTIONS, END_ACTIONS } from '../../../kernel/receipt/receipt-actions.js';
import { summaryOf } from '../../../kernel/receipt/summary.js';
import { type StatedEntry, statedEntry } from '../../../kernel/receipt/stated-entry.js';
import { verifyReceipt } from '../../../kernel/receipt/verify-receipt.js';
import { parseVerifierKey } from '../../../kernel/tlog/note.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { Logger } from '../../../platform/logging/logger.js';
import { isOver } from '../../../engine/run.js';
import { deploymentRow } from '../../../deployments/reads/deployments.views.js';
import { AuditReads } from '../entries/audit-reads.js';
import type { EntryRow } from '../entries/entries.views.js';
import { LogKey, originOf } from '../log/log-key.js';
import { hashesOf, treeHead } from '../proofs/tree.views.js';
import { evidenceIn, nodesIn } from './deployment-evidence.js';
import { type PlacedRow, provenEntry, receiptEntry, rememberedHashes } from './proven-entries.js';
import * as errors from './receipt.errors.js';
import { deploymentEntries, passkeyEntries, workloadEntries } from './receipt-entries.views.js';

/** Receipts of deployments: made from the audit log, held against it once more, and only then signed. */
@Injectable()
export class ReceiptsService {
  private readonly log: Logger;

  constructor(
    private readonly database: Database,
    private readonly reads: AuditReads,
    private readonly key: LogKey,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'receipts' });
  }

  /**
   * As the file holds it. Throws `deployment-not-found`, `receipt-not-yet`, `receipt-unsealed`,
   * `receipt-unavailable`, `receipt-too-long`, `receipt-contradicted`.
   */
  async issue(ctx: Context, id: string): Promise<string> {
    const unsigned = await this.database.transaction(ctx, async (open) => {
      const { status } = await deploymentRow(open, id);
      if (!isOver(status)) throw errors.receiptNotYet(status);
      await this.reads.note(open, 'receipts');
      return this.receiptOf(open, id);
    });
    return this.sign(ctx, unsigned);
  }

  private async receiptOf(open: OpenContext, deploymentId: string): Promise<UnsignedReceipt> {
    const rows = await entriesOf(open, deploymentId);
    const entries = rows.map(receiptEntry).sort((one, other) => one.sequence - other.sequence);
    const stated = entries.flatMap((entry) => statedEntry({ ...entry, proof: [] }) ?? []);
    const { nodes, leftOut } = await nodesIn(open, deploymentId, stated);
    const evidence = await evidenceIn(open, deploymentId, stated);
    // After the entries: it is of all of them.
    const head = await treeHead(open);
    if (!head) throw errors.receiptUnsealed();
    const { size, checkpoint } = head;
    const read = rememberedHashes(hashesOf(open));
    const proven = [];
    for (const entry of entries) proven.push(await provenEntry(entry, read, size));
    return {
      format: RECEIPT_FORMAT,
      origin: originOf(open.tenantId),
      deploymentId,
      issuedAt: new Date().toISOString(),
      summary: { ...summaryOf(stated) },
      attachments: { nodes, evidence },
      leftOut: [...leftOut],
      log: { checkpoint, entries: proven },
    };
  }

  /** Nothing is signed that its own key would not let pass. Throws `receipt-contradicted`. */
  private sign({ tenantId }: Context, unsigned: UnsignedReceipt): string {
    const signed: Receipt = signReceipt(unsigned, this.key.signerOf(tenantId));
    const text = receiptText(signed);
    const { faults } = verifyReceipt(text, [parseVerifierKey(this.key.verifierOf(tenantId))]);
    if (faults.length === 0) return text;
    const { deploymentId } = unsigned;
    this.log.error(
      { tenantId, deploymentId, faults },
      'the audit log and a deployment’s rows do not say the same',
    );
    throw errors.receiptContradicted([...new Set(faults.map(({ code }) => code))]);
  }
}

/** Throws `receipt-too-long`, `receipt-unsealed`, `receipt-unavailable`. */
async function entriesOf(open: OpenContext, id: string): Promise<PlacedRow[]> {
  const most = auditLimits.receiptEntries;
  const own = await deploymentEntries(open, id, most + 1);
  if (own.length > most) throw errors.receiptTooLong(most);
  const stated = placed(own).flatMap((row) => {
    const entry = statedEntry({ ...receiptEntry(row), proof: [] });
    return entry ?? [];
  });
  const has = (actions: readonly string[]) => stated.some(({ action }) => actions.includes(action));
  const isComplete = has(CREATED_ACTIONS) && has(END_ACTIONS);
  if (!isComplete || !sayWhat(stated)) throw errors.receiptUnavailable();
  const others = [...(await tokensOf(open, stated)), ...(await passkeysOf(open, id, stated))];
  return placed([...own, ...others]);
}

/** Before there were receipts, entries did not say what was deployed, and how many there are. */
function sayWhat(entries: readonly StatedEntry[]): boolean {
  const isSaid = ({ action, body }: StatedEntry) => {
    if ((CREATED_ACTIONS as readonly string[]).includes(action))
      return body['deployed'] !== undefined;
    if ((END_ACTIONS as readonly string[]).includes(action)) return body['entries'] !== undefined;
    return true;
  };
  return entries.every(isSaid);
}

/** Throws `receipt-unsealed`. */
function placed(rows: readonly EntryRow[]): PlacedRow[] {
  return rows.map((row) => {
    const { sequence } = row;
    if (sequence === null) throw errors.receiptUnsealed();
    return { ...row, sequence };
  });
}

async function tokensOf(open: OpenContext, entries: readonly StatedEntry[]): Promise<EntryRow[]> {
  const created = entries.find(({ action }) =>
    (CREATED_ACTIONS as readonly string[]).includes(action),
  );
  const tokenId = created?.body['workloadTokenId'];
  const identityId = created?.actor.id;
  if (!created || typeof tokenId !== 'string' || !identityId) return [];
  return workloadEntries(open, { identityId, tokenId, usedAt: new Date(created.at) });
}

async function passkeysOf(
  open: OpenContext,
  id: string,
  entries: readonly StatedEntry[],
): Promise<EntryRow[]> {
  const proofs = Object.values(await evidenceIn(open, id, entries));
  const credentials = proofs.flatMap(({ credentialId }) =>
    typeof credentialId === 'string' ? [credentialId] : [],
  );
  if (credentials.length === 0) return [];
  const people = [...new Set(entries.flatMap(({ actor }) => actor.id ?? []))];
  return passkeyEntries(open, { people, credentials, take: auditLimits.receiptPasskeys });
}
