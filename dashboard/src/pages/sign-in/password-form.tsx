import { startAuthentication } from '@simplewebauthn/browser';
import { useMutation } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { useForm, type UseFormReturn } from 'react-hook-form';
import { ApiProblem, api, bodyOf, type Schemas } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { Input } from '../../ui/field.tsx';
import { Problem } from '../../ui/problem.tsx';

interface Fields {
  readonly username: string;
  readonly password: string;
  readonly tenant: string;
  readonly code: string;
}

type Session = Schemas['BrowserSession'];
/** What the server asks for beside the password. */
type Asked = 'tenant-required' | 'factor-required';

const isAsked = (error: Error | null): error is ApiProblem & { code: Asked } =>
  error instanceof ApiProblem && ['tenant-required', 'factor-required'].includes(error.code);

function bodyFrom({ username, password, tenant, code }: Fields): Schemas['Login'] {
  const digits = code.replaceAll(/\s/g, '');
  const factor = /^\d{6}$/.test(digits) ? { totp: digits } : { recoveryCode: code.trim() };
  return { username, password, ...(tenant ? { tenant } : {}), ...(digits ? factor : {}) };
}

async function byPasskey(tenant: string): Promise<Session> {
  const options = await bodyOf(api.POST('/api/v1/authentication/passkey/options'));
  const passkey = await startAuthentication({ optionsJSON: options });
  const body = { passkey: passkey as never, ...(tenant ? { tenant } : {}) };
  return bodyOf(api.POST('/api/v1/authentication/browser/passkey', { body }));
}

export function PasswordForm({ onEntered }: { onEntered: (session: Session) => void }) {
  const form = useForm<Fields>({
    defaultValues: { username: '', password: '', tenant: '', code: '' },
  });
  const [asked, setAsked] = useState<ReadonlySet<Asked>>(new Set());
  const onError = (error: Error) => {
    if (isAsked(error)) setAsked((before) => new Set([...before, error.code]));
  };
  const enter = useMutation({
    mutationFn: (fields: Fields) =>
      bodyOf(api.POST('/api/v1/authentication/browser/login', { body: bodyFrom(fields) })),
    onSuccess: onEntered,
    onError,
  });
  const passkey = useMutation({ mutationFn: byPasskey, onSuccess: onEntered, onError });
  const failed = enter.error ?? passkey.error;
  const isBusy = enter.isPending || passkey.isPending;
  const required = (words: string) => ({ required: words });
  const { errors } = form.formState;
  const submit = form.handleSubmit((fields) => (passkey.reset(), enter.mutate(fields)));
  return (
    <form
      noValidate
      onSubmit={(event) => void submit(event)}
      className="space-y-4 rounded-lg border border-line bg-surface p-5"
    >
      <Input
        label="Username or e-mail address"
        autoComplete="username webauthn"
        autoFocus
        error={errors.username?.message}
        {...form.register('username', required('Who are you?'))}
      />
      <Input
        label="Password"
        type="password"
        autoComplete="current-password"
        error={errors.password?.message}
        {...form.register('password', required('Your password is missing.'))}
      />
      <MoreFields asked={asked} form={form} />
      {failed ? <Refusal error={failed} /> : null}
      <Button look="main" type="submit" disabled={isBusy} className="w-full">
        {enter.isPending ? 'Signing in …' : 'Sign in'}
      </Button>
      <Button
        className="w-full"
        disabled={isBusy}
        onClick={() => (enter.reset(), passkey.mutate(form.getValues('tenant')))}
      >
        <KeyRound aria-hidden size={14} />
        Sign in with a passkey
      </Button>
    </form>
  );
}

interface MoreProps {
  readonly asked: ReadonlySet<Asked>;
  readonly form: UseFormReturn<Fields>;
}

/** What this person is asked for beside their password. */
function MoreFields({ asked, form }: MoreProps) {
  const { errors } = form.formState;
  return (
    <>
      {asked.has('tenant-required') ? (
        <Input
          label="Tenant"
          autoFocus
          hint="You are a member of several: the short name of the one you want."
          error={errors.tenant?.message}
          {...form.register('tenant', { required: 'Say which tenant you want.' })}
        />
      ) : null}
      {asked.has('factor-required') ? (
        <Input
          label="Code"
          autoFocus
          autoComplete="one-time-code"
          hint="Of your authenticator app, or a recovery code."
          error={errors.code?.message}
          {...form.register('code', { required: 'Your second factor is missing.' })}
        />
      ) : null}
    </>
  );
}

function Refusal({ error }: { error: Error }) {
  if (isAsked(error)) {
    return (
      <p role="status" className="text-[13px] text-quiet">
        {error.code === 'tenant-required' ? tenantsIn(error) : 'Now your second factor.'}
      </p>
    );
  }
  if (error instanceof ApiProblem) return <Problem error={error} />;
  return (
    <p role="alert" className="text-[13px] text-bad">
      The passkey was not shown. Try once more, or use your password.
    </p>
  );
}

function tenantsIn({ details, detail }: ApiProblem): string {
  const { tenants } = details;
  return Array.isArray(tenants) ? `Yours are: ${tenants.map(String).join(', ')}.` : detail;
}
