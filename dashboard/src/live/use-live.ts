import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Live, LiveState } from './hub.ts';

export const LiveContext = createContext<Live | null>(null);

export function useLive(): LiveState {
  const live = useContext(LiveContext);
  if (!live) throw new Error('there is no live feed outside the shell');
  return useSyncExternalStore(live.subscribe, live.now);
}

/** Without hints a page asks by itself. */
export function useAskingAgain(): { readonly refetchInterval: number | false } {
  return { refetchInterval: useLive().kind === 'live' ? false : 10_000 };
}
