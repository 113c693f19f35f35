/**
 * What happens, as it happens: a socket whose events are hints. None of them is state; each says which
 * queries to ask again, many at once, so that a thousand events a second cost two refreshes.
 */
import type { QueryClient } from '@tanstack/react-query';
import { io, type Socket } from 'socket.io-client';
import { meQuery } from '../api/session.ts';

const REFRESH_MS = 500;

export type LiveState =
  | { readonly kind: 'live' }
  /** Since when nothing has come, in ms since the epoch. */
  | { readonly kind: 'stale'; readonly since: number };

interface Event {
  readonly deploymentId?: string;
}

export class Live {
  private state: LiveState = { kind: 'stale', since: Date.now() };
  private readonly listeners = new Set<() => void>();
  private readonly touched = new Set<string>();
  private timer: number | undefined;
  private readonly socket: Socket;

  constructor(private readonly queries: QueryClient) {
    this.socket = io('/hubs/deployment', { transports: ['websocket'], autoConnect: false });
    this.socket.on('connect', () => void this.enter());
    this.socket.on('disconnect', (reason) => {
      this.lose();
      // The server has cut it: perhaps the session is over, perhaps only its permissions are others.
      if (reason === 'io server disconnect') void this.askWhoIAm();
    });
    this.socket.on('connect_error', (error) => {
      this.lose();
      if ((error as { data?: unknown }).data !== undefined) void this.askWhoIAm();
    });
    this.socket.onAny((_name: string, event: Event) => this.touch(event.deploymentId));
  }

  start(): () => void {
    this.socket.connect();
    return () => {
      window.clearTimeout(this.timer);
      this.timer = undefined;
      this.socket.disconnect();
    };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  now = (): LiveState => this.state;

  private async enter(): Promise<void> {
    const lines = (await this.socket.emitWithAck('SubscribeToAllDeployments')) as unknown;
    if (!Array.isArray(lines)) return;
    this.become({ kind: 'live' });
    // Whatever was missed: all that is on the page is asked for once more.
    void this.queries.invalidateQueries();
  }

  private async askWhoIAm(): Promise<void> {
    await this.queries.invalidateQueries({ queryKey: meQuery.queryKey });
    if (this.queries.getQueryData(meQuery.queryKey)) {
      window.setTimeout(() => this.socket.connect(), 2_000);
    }
  }

  private touch(id: string | undefined): void {
    if (id !== undefined) this.touched.add(id);
    this.timer ??= window.setTimeout(() => this.refresh(), REFRESH_MS);
  }

  private refresh(): void {
    this.timer = undefined;
    const ids = [...this.touched];
    this.touched.clear();
    for (const id of ids) void this.queries.invalidateQueries({ queryKey: ['deployment', id] });
    void this.queries.invalidateQueries({ queryKey: ['deployments'] });
    void this.queries.invalidateQueries({ queryKey: ['approvals'] });
    void this.queries.invalidateQueries({ queryKey: ['attention'] });
  }

  private lose(): void {
    if (this.state.kind === 'live') this.become({ kind: 'stale', since: Date.now() });
  }

  private become(state: LiveState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}
