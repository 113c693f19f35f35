import { canonicalJson } from '../../kernel/canonical-json.js';
import { recordFolded } from '../../platform/audit/folds/folded.js';
import type { OpenContext } from '../../platform/context.js';
import type { EventBodyOf } from '../../platform/events/event.js';
import { workloadTokenIssued } from './federated-identities.events.js';

type Issued = Omit<EventBodyOf<typeof workloadTokenIssued>, 'count'>;

/** A job that asks again and again has one entry with a count; each other job has its own. */
export async function recordIssued(open: OpenContext, id: string, facts: Issued): Promise<void> {
  const { tokenId: _tokenId, address: _address, ...job } = facts;
  await recordFolded(open, (count) => workloadTokenIssued(id, { ...facts, count }), {
    kind: `${id} ${canonicalJson(job)}`,
  });
}
