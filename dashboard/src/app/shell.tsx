import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { Suspense, useEffect, useState } from 'react';
import { meQuery } from '../api/session.ts';
import { Live } from '../live/hub.ts';
import { LiveContext } from '../live/use-live.ts';
import { Waiting } from '../ui/loading.tsx';
import { Problem } from '../ui/problem.tsx';
import { Help } from './help.tsx';
import { useKeys } from './keys.ts';
import { LiveMark } from './live-mark.tsx';
import { Palette } from './palette.tsx';
import { pages } from './pages.ts';
import { SessionMenu } from './session-menu.tsx';

/** Around every page: who is signed in, where one may go, and whether what is shown is still true. */
export function Shell() {
  const { data: me, error } = useQuery(meQuery);
  if (me === null) return <ToSignIn />;
  if (me === undefined) {
    return error ? (
      <main className="mx-auto max-w-2xl p-8">
        <Problem error={error} title="Tidegate cannot be reached" />
      </main>
    ) : (
      <Waiting what="Your session" />
    );
  }
  return <SignedIn key={`${me.id}/${me.tenant}`} />;
}

/** Once: the address changes while this is still on the page. */
function ToSignIn() {
  const navigate = useNavigate();
  const { href } = useLocation();
  const [to] = useState(href);
  useEffect(() => {
    void navigate({ to: '/sign-in', search: { to }, replace: true });
  }, [navigate, to]);
  return <Waiting what="The sign-in" />;
}

function SignedIn() {
  const queries = useQueryClient();
  const [live] = useState(() => new Live(queries));
  useEffect(() => live.start(), [live]);
  const [shown, setShown] = useState<'palette' | 'help' | null>(null);
  useKeys({
    palette: () => setShown('palette'),
    help: () => setShown('help'),
  });
  const close = () => setShown(null);
  return (
    <LiveContext.Provider value={live}>
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-surface focus:p-2"
      >
        Skip to the content
      </a>
      <div className="min-h-screen md:grid md:grid-cols-[13rem_1fr]">
        <Navigation />
        <div className="min-w-0">
          <header className="sticky top-0 z-30 flex h-12 items-center gap-3 border-b border-line bg-surface px-4">
            <button
              type="button"
              onClick={() => setShown('palette')}
              className="flex items-center gap-2 rounded-md border border-line px-2.5 py-1 text-[13px] text-quiet hover:bg-sunken"
            >
              <Search aria-hidden size={14} />
              <span className="hidden sm:inline">Go to or do …</span>
              <kbd className="rounded bg-sunken px-1 font-sans text-[11px]">⌘K</kbd>
            </button>
            <div className="ml-auto flex items-center gap-3">
              <LiveMark />
              <SessionMenu onHelp={() => setShown('help')} />
            </div>
          </header>
          <main id="content" className="mx-auto max-w-6xl p-4 pb-16 md:p-6">
            <Suspense fallback={<Waiting what="The page" />}>
              <Outlet />
            </Suspense>
          </main>
        </div>
      </div>
      <Palette isOpen={shown === 'palette'} onClose={close} />
      <Help isOpen={shown === 'help'} onClose={close} />
    </LiveContext.Provider>
  );
}

function Navigation() {
  const me = useQuery(meQuery).data;
  const offered = pages.filter(
    ({ icon, permission }) => icon && me?.permissions.includes(permission),
  );
  return (
    <nav
      aria-label="Pages"
      className="flex items-center gap-1 overflow-x-auto border-b border-line bg-surface px-3 md:sticky md:top-0 md:h-screen md:flex-col md:items-stretch md:border-r md:border-b-0 md:py-3"
    >
      <Link
        to="/"
        className="mr-3 flex h-12 shrink-0 items-center gap-2 font-semibold md:mb-3 md:h-auto md:px-2"
      >
        <img src="/favicon.svg" alt="" width={22} height={22} />
        Tidegate
      </Link>
      {offered.map(({ path, title, icon: Icon }) => (
        <Link
          key={path}
          to={path}
          activeOptions={{ exact: path === '/' }}
          className="flex shrink-0 items-center gap-2 rounded-md px-2.5 py-1.5 text-[13px] text-quiet hover:bg-sunken hover:text-ink data-[status=active]:bg-tide-soft data-[status=active]:font-medium data-[status=active]:text-tide"
        >
          {Icon ? <Icon aria-hidden size={15} /> : null}
          {title}
        </Link>
      ))}
    </nav>
  );
}
