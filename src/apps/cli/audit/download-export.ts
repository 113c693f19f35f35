/**
 * Brings an export into a file, and goes on by itself where the connection was lost. Every line is looked at
 * before it is written: what is no line of an export does not come into the file.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { answer, type Tidegate, TidegateError } from '#sdk';
import type { ExportHead } from '../../../kernel/tlog/export-lines.js';
import { ExportReader } from '../../../kernel/tlog/read-export.js';
import type { Cli } from '../cli.js';
import { CliError, exitCodes } from '../exit-codes.js';
import { type Begun, openAfter, readBegun } from './export-file.js';
import { linesIn } from './file-lines.js';
import type { Filter } from './filter-options.js';
import { exportProgress, type Progress } from './export-progress.js';

export interface Wanted {
  readonly file: string | null;
  readonly from: number | null;
  readonly filter: Filter;
}

/** Without an entry more in between. */
const ATTEMPTS = 5;
const PAUSE_MS = 1_000;

export async function download(cli: Cli, wanted: Wanted): Promise<void> {
  if (Object.keys(wanted.filter).length > 0 && wanted.from !== null) {
    throw new CliError('Leave out --from or the filters: it is for all entries.');
  }
  const client = await cli.connect();
  const stop = new AbortController();
  const release = cli.onInterrupt(() => stop.abort());
  const progress = exportProgress(cli.terminal);
  try {
    const { file } = wanted;
    if (file === null) await toStdout(cli, client, wanted, stop.signal);
    else await toFile(cli, { client, wanted, file, signal: stop.signal, progress });
  } catch (error) {
    progress.end();
    if (!stop.signal.aborted) throw error;
    throw new CliError('Interrupted: run the same command to continue.', exitCodes.interrupted);
  } finally {
    release();
  }
}

interface Task {
  readonly client: Tidegate;
  readonly wanted: Wanted;
  readonly file: string;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

async function toFile({ terminal }: Cli, task: Task): Promise<void> {
  const { file, wanted, progress, signal } = task;
  let begun = await readBegun(file);
  if (begun.isComplete) {
    throw new CliError(`${file} is already complete: verify it, or name another file.`);
  }
  if (begun.head) refuseOther(file, begun.head, wanted);
  for (let failures = 0; !begun.isComplete; begun = await readBegun(file)) {
    const before = begun.bytes;
    try {
      await goOn(task, begun);
      continue;
    } catch (error) {
      if (signal.aborted || error instanceof CliError || error instanceof TidegateError)
        throw error;
      const now = await readBegun(file);
      failures = now.bytes > before ? 1 : failures + 1;
      if (failures >= ATTEMPTS) throw lost(file, error);
    }
    progress.end();
    terminal.note('The connection was lost; continuing.');
    await delay(PAUSE_MS * failures, undefined, { signal });
  }
  progress.end();
  const { origin, size, filter } = begun.head!;
  terminal.result({ file, origin, size, filter }, [
    `${file} is complete, up to the checkpoint of ${size} entries.`,
    `Prove it: tidegate audit verify --file ${file} --trust KEYS`,
  ]);
}

function lost(file: string, error: unknown): CliError {
  const why = (error as Error).message;
  return new CliError(
    `The export was cut off (${why}). The same command goes on in ${file}.`,
    exitCodes.failed,
  );
}

function refuseOther(file: string, head: ExportHead, { from, filter }: Wanted): void {
  const same = ({ since: _since, ...rest }: Partial<Filter>) => JSON.stringify(rest);
  const isOther = same(head.filter ?? {}) !== same(filter) || (from !== null && from !== head.from);
  if (isOther) {
    throw new CliError(
      `${file} exists with other entries: name another file, or the same entries.`,
    );
  }
}

/** The server says its head once more: that of the file stays, if they are of one log. */
async function goOn({ client, wanted, file, signal, progress }: Task, begun: Begun): Promise<void> {
  const { head } = begun;
  const query = head ? queryAfter(head, begun) : queryOf(wanted);
  const lines = linesIn(await open(client, query, signal));
  const reader = new ExportReader();
  const out = await openAfter(file, begun);
  try {
    let position = begun.bytes;
    for await (const { text, isWhole } of lines) {
      if (!isWhole) break;
      const line = reader.read(text);
      if (line.kind === 'head' && head) refuseStranger(head, line);
      if (line.kind === 'head' && head) continue;
      const bytes = Buffer.from(`${text}\n`);
      await out.write(bytes, 0, bytes.length, position);
      position += bytes.length;
      progress.show(line);
    }
    await out.sync();
  } finally {
    await out.close();
  }
  if (!reader.isComplete) throw new Error('the server ended it too early');
}

function queryOf({ from, filter }: Wanted) {
  return { ...filter, ...(from === null ? {} : { from }) };
}

/** To the same end as before: the proofs in the file are of that size. */
function queryAfter({ from, size: to, filter }: ExportHead, { lastEntry }: Begun) {
  if (filter === null) return { from: lastEntry === null ? from : lastEntry.sequence + 1, to };
  return { ...filter, to, ...(lastEntry === null ? {} : { before: lastEntry.id }) };
}

function refuseStranger(head: ExportHead, { origin, size }: ExportHead): void {
  if (origin === head.origin && size === head.size) return;
  throw new CliError(
    `The log of this server is not the one that the file began with: it is ${origin}, of ${size} entries.`,
    exitCodes.failed,
  );
}

async function open(
  { api }: Tidegate,
  query: object,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const path = '/api/v1/audit-logs/export';
  const body = await answer(api.GET(path, { params: { query }, parseAs: 'stream', signal }));
  return body as unknown as AsyncIterable<Uint8Array>;
}

async function toStdout(
  { terminal }: Cli,
  client: Tidegate,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<void> {
  const reader = new ExportReader();
  const { stdout } = terminal.streams;
  for await (const { text, isWhole } of linesIn(await open(client, queryOf(wanted), signal))) {
    if (!isWhole) break;
    reader.read(text);
    if (!stdout.write(`${text}\n`)) {
      await new Promise((resolve) => stdout.once('drain', resolve));
    }
  }
  if (!reader.isComplete) {
    throw new CliError(
      'The export was cut off: with --file it could be continued.',
      exitCodes.failed,
    );
  }
}
