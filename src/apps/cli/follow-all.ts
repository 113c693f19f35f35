import { answer, type LiveEvent, type Tidegate } from '#sdk';
import type { Cli } from './cli.js';
import { printable } from './display/printable.js';
import { clockText } from './display/times.js';
import { exitCodes } from './exit-codes.js';

/** Names are asked for once each; the oldest are forgotten. */
const NAMES = 1_000;

/** Shows what happens in all deployments until it is interrupted, or the time is up. */
export async function followAll(
  cli: Cli,
  tidegate: Tidegate,
  timeoutMs: number | null,
): Promise<number> {
  const stop = new AbortController();
  let code: number = exitCodes.interrupted;
  const release = cli.onInterrupt(() => stop.abort());
  const onTime = () => {
    code = exitCodes.timeout;
    stop.abort();
  };
  const timer = timeoutMs === null ? null : setTimeout(onTime, timeoutMs);
  const names = new Names(tidegate);
  try {
    const onOutage = (problem: string | null) =>
      cli.terminal.note(
        problem === null ? 'The server answers again.' : `${printable(problem)}; still trying.`,
      );
    for await (const event of tidegate.followAll({ signal: stop.signal, onOutage })) {
      if (event.name === 'Gap') tellGap(cli, event.payload as { message: string });
      else await tell(cli, names, event as LiveEvent);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    release();
    if (timer) clearTimeout(timer);
  }
  return code;
}

function tellGap({ terminal }: Cli, gap: { readonly message: string }): void {
  if (terminal.options.isJson) terminal.jsonLine({ type: 'gap', ...gap });
  else terminal.note(printable(gap.message));
}

/** In words only where the status changes: the steps of many deployments at once say nothing to anybody. */
async function tell({ terminal }: Cli, names: Names, event: LiveEvent): Promise<void> {
  if (terminal.options.isJson) return void terminal.jsonLine({ type: 'event', event });
  const { deploymentId, status, at } = event.payload;
  if (event.name !== 'DeploymentStatusChanged' || status === undefined) return;
  const time = clockText(at, terminal.style.isUtc);
  terminal.lines([printable(`${time}  ${await names.of(deploymentId)}: ${status}`)]);
}

class Names {
  private readonly known = new Map<string, string>();

  constructor(private readonly tidegate: Tidegate) {}

  async of(id: string): Promise<string> {
    const name = this.known.get(id) ?? (await this.ask(id).catch(() => id));
    this.known.set(id, name);
    for (const oldest of this.known.keys()) {
      if (this.known.size <= NAMES) break;
      this.known.delete(oldest);
    }
    return name;
  }

  private async ask(id: string): Promise<string> {
    const { api } = this.tidegate;
    const { moduleName, version, targetEnvironment, cluster } = await answer(
      api.GET('/api/v1/deployments/{id}', { params: { path: { id } } }),
    );
    return `${moduleName} ${version} to ${targetEnvironment}/${cluster} (${id})`;
  }
}
