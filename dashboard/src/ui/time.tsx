import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { usePreferences } from '../app/preferences.ts';
import { exactTime, lastingText, relativeText } from './time-text.ts';

const Now = createContext(Date.now());

/** One clock for all relative times of the page. */
export function Clock({ children }: { children: ReactNode }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1_000);
    return () => window.clearInterval(timer);
  }, []);
  return <Now.Provider value={now}>{children}</Now.Provider>;
}

export function useNow(): number {
  return useContext(Now);
}

/** "3 min ago", and the exact time on hover and to screen readers that ask. */
export function Ago({ at }: { at: string }) {
  const now = useNow();
  const { zone } = usePreferences();
  return (
    <time dateTime={at} title={exactTime(at, zone)}>
      {relativeText(Date.parse(at) - now)}
    </time>
  );
}

/** How long it took, or takes so far. */
export function Lasting({ from, to }: { from: string; to: string | null }) {
  const now = useNow();
  const ms = (to === null ? now : Date.parse(to)) - Date.parse(from);
  return <span className="tabular">{lastingText(ms)}</span>;
}
