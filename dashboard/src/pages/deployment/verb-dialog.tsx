import { useMutation } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import type { Deployment } from '../../api/deployments.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextArea } from '../../ui/field.tsx';
import { Problem } from '../../ui/problem.tsx';
import type { Verb } from './verb-list.ts';

const REASON_CHARACTERS = 500;

interface Props {
  readonly verb: Verb;
  readonly deployment: Deployment;
  readonly onClose: () => void;
  readonly onDone: (next: string | null) => void;
}

/** What it does, to what, and why: the reason is in the journal for whoever asks later. */
export function VerbDialog({ verb, deployment, onClose, onDone }: Props) {
  const { moduleName, version, targetEnvironment, cluster } = deployment;
  const form = useForm({ defaultValues: { reason: '' } });
  const ask = useMutation({
    mutationFn: ({ reason }: { reason: string }) => verb.ask({ deployment, reason: reason.trim() }),
    onSuccess: onDone,
  });
  const rules = {
    maxLength: { value: REASON_CHARACTERS, message: `At most ${REASON_CHARACTERS} characters.` },
    ...(verb.needsReason
      ? { validate: (text: string) => text.trim() !== '' || 'Say why: it stands in the journal.' }
      : {}),
  };
  return (
    <Dialog isOpen onClose={onClose} title={`${verb.words}?`} description={verb.told(deployment)}>
      <form
        noValidate
        onSubmit={(event) => void form.handleSubmit((fields) => ask.mutate(fields))(event)}
        className="space-y-4"
      >
        <p className="rounded-md bg-sunken px-3 py-2 text-[13px]">
          <strong className="font-semibold">{moduleName}</strong>{' '}
          <span className="font-mono">{version}</span> in {targetEnvironment} · {cluster}
        </p>
        <TextArea
          label={verb.needsReason ? 'Why' : 'Why (may be left out)'}
          autoFocus
          error={form.formState.errors.reason?.message}
          {...form.register('reason', rules)}
        />
        {ask.error ? <Problem error={ask.error} /> : null}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave it</Button>
          <Button look={verb.isGrave ? 'danger' : 'main'} type="submit" disabled={ask.isPending}>
            {ask.isPending ? 'Asking …' : verb.words}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
