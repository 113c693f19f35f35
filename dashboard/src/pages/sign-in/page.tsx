import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { meQuery, useForget } from '../../api/session.ts';
import type { Schemas } from '../../api/client.ts';
import { PasswordForm } from './password-form.tsx';
import { DemoUsers } from './demo-users.tsx';

/** Only paths of this server: a link must not lead elsewhere after a sign-in. */
export function ownPath(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])/.test(to) && !to.startsWith('/sign-in') ? to : '/';
}

export default function SignIn() {
  const search: { to?: string } = useSearch({ strict: false });
  const to = ownPath(search.to);
  const me = useQuery(meQuery).data;
  const forget = useForget();
  const navigate = useNavigate();
  const isIn = Boolean(me);
  useEffect(() => {
    if (isIn) void navigate({ href: to, replace: true });
  }, [isIn, navigate, to]);
  const enter = ({ user }: Schemas['BrowserSession']) => forget(user);
  return (
    <main className="grid min-h-screen place-items-center p-4">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex items-center gap-2.5">
          <img src="/favicon.svg" alt="" width={30} height={30} />
          <h1 className="text-lg font-semibold">Sign in to Tidegate</h1>
        </div>
        {to !== '/' ? (
          <p role="status" className="mb-4 text-[13px] text-quiet">
            Sign in, and you are back where you were.
          </p>
        ) : null}
        <PasswordForm onEntered={enter} />
        <DemoUsers />
      </div>
    </main>
  );
}
