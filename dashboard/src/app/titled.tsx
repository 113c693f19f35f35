import { type ReactNode, useEffect } from 'react';

/** The title of the window; a page that knows its thing's name says it by `useTitle`. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    if (title !== undefined) document.title = `${title} · Tidegate`;
  }, [title]);
}

export function Titled({ title, children }: { title: string; children: ReactNode }) {
  useTitle(title);
  return children;
}
