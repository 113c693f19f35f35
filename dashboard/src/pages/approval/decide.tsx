import { startAuthentication } from '@simplewebauthn/browser';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ApprovalSubject } from '../../api/approvals.ts';
import { ApiProblem, api, bodyOf } from '../../api/client.ts';
import { useHolds } from '../../api/session.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { TextArea } from '../../ui/field.tsx';
import { Problem } from '../../ui/problem.tsx';

type Decision = 'approve' | 'reject';

/** Where a rule wants it, the passkey signs what is on this page and nothing else. */
async function signed({ deploymentId, subjectDigest, rules }: ApprovalSubject, decision: Decision) {
  if (!rules.some(({ passkeyRequired }) => passkeyRequired)) return {};
  const options = await bodyOf(
    api.POST('/api/v1/approvals/deployments/{deploymentId}/challenge', {
      params: { path: { deploymentId } },
      body: { decision, subjectDigest },
    }),
  );
  return { assertion: (await startAuthentication({ optionsJSON: options })) as never };
}

async function decide(subject: ApprovalSubject, decision: Decision, words: string): Promise<void> {
  const { deploymentId, subjectDigest, isDowngrade } = subject;
  const params = { path: { deploymentId } };
  const assertion = await signed(subject, decision);
  if (decision === 'reject') {
    const body = { reason: words, ...assertion };
    await bodyOf(api.POST('/api/v1/approvals/deployments/{deploymentId}/reject', { params, body }));
    return;
  }
  const body = {
    subjectDigest,
    acknowledgeDowngrade: isDowngrade,
    ...(words ? { comment: words } : {}),
    ...assertion,
  };
  await bodyOf(api.POST('/api/v1/approvals/deployments/{deploymentId}/approve', { params, body }));
}

export function Decide({ subject }: { subject: ApprovalSubject }) {
  const queries = useQueryClient();
  const mayDecide = useHolds('approvals:decide');
  const [words, setWords] = useState('');
  const [isSeen, setSeen] = useState(false);
  const said = words.trim();
  const decision = useMutation({
    mutationFn: (what: Decision) => decide(subject, what, said),
    onSettled: () => queries.invalidateQueries({ queryKey: ['approvals'] }),
    onSuccess: () => setWords(''),
  });
  const { request, rules, isDowngrade } = subject;
  if (request === null) return null;
  if (request.status !== 'open') return <Decided request={request} />;
  const barred = barredBy(subject, mayDecide);
  const wantsReason = rules.some(({ reasonRequired }) => reasonRequired);
  const whyNotApprove =
    barred ??
    (isDowngrade && !isSeen ? 'Say first that you have seen that it is older.' : undefined) ??
    (wantsReason && !said ? 'A rule wants your reason: write it first.' : undefined);
  const whyNotReject = barred ?? (said ? undefined : 'Say why in the field above.');
  return (
    <Card title="Your decision">
      <div className="space-y-3 p-4">
        {barred ? <p className="text-[13px] text-quiet">{barred}</p> : null}
        <TextArea
          label="Comment, or why not"
          hint={wantsReason ? 'A rule wants a reason.' : 'To reject, say why.'}
          value={words}
          maxLength={2_000}
          disabled={barred !== undefined}
          onChange={(event) => setWords(event.target.value)}
        />
        {isDowngrade ? (
          <label className="flex items-center gap-2 text-[13px]">
            <input
              type="checkbox"
              checked={isSeen}
              onChange={(event) => setSeen(event.target.checked)}
            />
            I have seen that it is older than what runs.
          </label>
        ) : null}
        {decision.error ? <Refused error={decision.error} /> : null}
        <div className="flex gap-2">
          <Button
            look="main"
            className="flex-1"
            why={whyNotApprove}
            disabled={decision.isPending}
            onClick={() => decision.mutate('approve')}
          >
            Approve
          </Button>
          <Button
            look="danger"
            className="flex-1"
            why={whyNotReject}
            disabled={decision.isPending}
            onClick={() => decision.mutate('reject')}
          >
            Reject
          </Button>
        </div>
      </div>
    </Card>
  );
}

function barredBy({ you }: ApprovalSubject, mayDecide: boolean): string | undefined {
  if (!mayDecide) return 'You may not decide here: approvals:decide is missing.';
  return you.canDecide ? undefined : (you.why ?? 'You may not decide this.');
}

function Decided({ request }: { request: NonNullable<ApprovalSubject['request']> }) {
  const { status, endedBy, reason } = request;
  return (
    <Card title="Decided">
      <p className="p-4 text-[13px]">
        {status}
        {endedBy ? ` by ${endedBy}` : ''}
        {reason ? `: ${reason}` : ''}
      </p>
    </Card>
  );
}

function Refused({ error }: { error: Error }) {
  if (error instanceof ApiProblem) return <Problem error={error} title="It was not decided" />;
  return (
    <p role="alert" className="text-[13px] text-bad">
      The passkey did not sign it. Nothing was decided; try once more.
    </p>
  );
}
