/** What this browser shows and how: no state of the server, and nothing secret. */
import { useSyncExternalStore } from 'react';

export interface Preferences {
  readonly theme: 'system' | 'light' | 'dark';
  /** `local`, or `UTC`: for pages, charts and tooltips alike. */
  readonly zone: 'local' | 'UTC';
}

const KEY = 'tidegate.preferences';
const listeners = new Set<() => void>();
let current = read();

function read(): Preferences {
  const known = { theme: 'system', zone: 'local' } as const;
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>;
    const theme = (['light', 'dark'] as const).find((one) => one === kept.theme) ?? known.theme;
    return { theme, zone: kept.zone === 'UTC' ? 'UTC' : known.zone };
  } catch {
    return known;
  }
}

export function prefer(changes: Partial<Preferences>): void {
  current = { ...current, ...changes };
  localStorage.setItem(KEY, JSON.stringify(current));
  showTheme();
  for (const listener of listeners) listener();
}

export function preferences(): Preferences {
  return current;
}

export function usePreferences(): Preferences {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, preferences);
}

const dark = window.matchMedia('(prefers-color-scheme: dark)');

export function showTheme(): void {
  const isDark = current.theme === 'dark' || (current.theme === 'system' && dark.matches);
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
}

dark.addEventListener('change', showTheme);
