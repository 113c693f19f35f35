import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { Button } from '../ui/button.tsx';
import { Problem } from '../ui/problem.tsx';

export function ErrorPage({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const again = () => {
    reset();
    void router.invalidate();
  };
  return (
    <main className="mx-auto max-w-2xl p-8">
      <h1 className="mb-3 text-lg font-semibold">This page could not be shown</h1>
      <Problem error={error instanceof Error ? error : new Error(String(error))} />
      <div className="mt-4 flex gap-3">
        <Button onClick={again}>Try again</Button>
        <Link className="self-center text-tide underline" to="/">
          To the overview
        </Link>
      </div>
    </main>
  );
}

export function NotFoundPage() {
  return (
    <main className="mx-auto max-w-2xl p-8">
      <h1 className="mb-2 text-lg font-semibold">There is no such page</h1>
      <p className="mb-4 text-quiet">
        The address may be of an older version, or mistyped. Nothing was changed.
      </p>
      <Link className="text-tide underline" to="/">
        To the overview
      </Link>
    </main>
  );
}
