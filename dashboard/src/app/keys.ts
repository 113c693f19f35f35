import { useEffect } from 'react';

interface Keys {
  readonly palette: () => void;
  readonly help: () => void;
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** ⌘K or Ctrl K, `?`, and `/` for the search of the page. Never while somebody types. */
export function useKeys({ palette, help }: Keys): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const isCommand = event.metaKey || event.ctrlKey;
      if (isCommand && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        palette();
        return;
      }
      if (isCommand || event.altKey || isTyping(event.target)) return;
      if (event.key === '?') help();
      if (event.key !== '/') return;
      event.preventDefault();
      const search = document.querySelector<HTMLElement>('[data-search]');
      if (search) search.focus();
      else palette();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [palette, help]);
}
