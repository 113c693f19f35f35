import type { ApprovalSubject } from '../../api/approvals.ts';
import { Card, Empty } from '../../ui/card.tsx';
import { Ago } from '../../ui/time.tsx';

/** Each must be met: what it wants, what it has, who could still say a word. */
export function Rules({ subject: { rules } }: { subject: ApprovalSubject }) {
  return (
    <Card title="What it needs">
      {rules.length === 0 ? <Empty>No rule asks for a decision.</Empty> : null}
      <ul className="divide-y divide-line">
        {rules.map(
          ({
            name,
            kind,
            need,
            have,
            isMet,
            missing,
            decided,
            possible,
            morePossible,
            barred,
            passkeyRequired,
          }) => (
            <li key={name} className="space-y-0.5 px-4 py-2.5 text-[13px]">
              <p className="flex justify-between gap-3">
                <strong className="font-semibold">{name}</strong>
                <span className={isMet ? 'text-good' : 'text-quiet'}>
                  {isMet
                    ? '✓ met'
                    : kind === 'external'
                      ? 'waits for its answer'
                      : `${have} of ${need}`}
                </span>
              </p>
              {missing ? <p className="text-quiet">Missing: {missing}</p> : null}
              {passkeyRequired ? <p className="text-quiet">Signed with a passkey.</p> : null}
              {decided.length > 0 ? (
                <p className="text-quiet">Decided: {decided.join(', ')}</p>
              ) : null}
              {possible.length > 0 ? (
                <p className="text-quiet">
                  Could decide: {possible.join(', ')}
                  {morePossible > 0 ? ` and ${morePossible} more` : ''}
                </p>
              ) : null}
              {barred.length > 0 ? (
                <p className="text-quiet">
                  Not: {barred.map(({ name: who, because }) => `${who} (${because})`).join(', ')}
                </p>
              ) : null}
            </li>
          ),
        )}
      </ul>
    </Card>
  );
}

const words = {
  approve: 'approved',
  reject: 'rejected',
  comment: 'said',
  withdraw: 'withdrew',
} as const;

export function Decisions({ subject: { decisions } }: { subject: ApprovalSubject }) {
  if (decisions.length === 0) return null;
  return (
    <Card title="What was said">
      <ul className="divide-y divide-line">
        {decisions.map(({ id, by, verb, comment, at, voidedAt, voidReason }) => (
          <li key={id} className="px-4 py-2.5 text-[13px]">
            <p>
              <strong className="font-semibold">{by}</strong> {words[verb]}{' '}
              <span className="text-xs text-quiet">
                <Ago at={at} />
              </span>
            </p>
            {comment ? <p className="break-words text-quiet">{comment}</p> : null}
            {voidedAt ? <p className="text-warn">It counts no more: {voidReason}</p> : null}
          </li>
        ))}
      </ul>
    </Card>
  );
}
