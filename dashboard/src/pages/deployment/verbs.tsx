import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { type Deployment, explainQuery, isOver } from '../../api/deployments.ts';
import { canQuery } from '../../api/session.ts';
import { Button } from '../../ui/button.tsx';
import { statusWords } from '../../ui/status.tsx';
import { VerbDialog } from './verb-dialog.tsx';
import { type Verb, verbs } from './verb-list.ts';

/** All that may be asked for, in one place. What may not be asked for now is there as well, and says why. */
export function Verbs({ deployment }: { deployment: Deployment }) {
  const { id, status, moduleName: module, targetEnvironment: environment } = deployment;
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [open, setOpen] = useState<Verb | null>(null);
  const allowed = useQuery(explainQuery(id)).data?.verbs;
  const shown = verbs.filter(({ isForEnded }) => isForEnded === isOver(status));
  const rights = useQueries({
    queries: shown.map(({ permission }) => canQuery({ permission, module, environment })),
  });
  const whyNot = (verb: Verb, at: number): string | undefined => {
    const may = rights[at]?.data;
    if (may && !may.allowed) return missingText(verb, may.missing);
    if (allowed === undefined || may === undefined) return 'It is being asked whether you may.';
    if (allowed.includes(verb.name)) return undefined;
    return `A deployment that is ${statusWords(status).toLowerCase()} cannot be told to ${verb.words.toLowerCase()} now.`;
  };
  const done = (next: string | null) => {
    setOpen(null);
    void queries.invalidateQueries({ queryKey: ['deployment', id] });
    if (next) void navigate({ to: '/deployments/$id', params: { id: next } });
  };
  return (
    <div role="group" aria-label="Verbs" className="ml-auto flex flex-wrap gap-2">
      {shown.map((verb, at) => (
        <Button key={verb.name} why={whyNot(verb, at)} onClick={() => setOpen(verb)}>
          {verb.words}
        </Button>
      ))}
      {open ? (
        <VerbDialog
          verb={open}
          deployment={deployment}
          onClose={() => setOpen(null)}
          onDone={done}
        />
      ) : null}
    </div>
  );
}

function missingText({ words }: Verb, missing: { permission?: string } | null): string {
  return `You may not ${words.toLowerCase()} here: ${missing?.permission ?? 'a permission'} is missing. An Admin of the tenant gives it.`;
}
