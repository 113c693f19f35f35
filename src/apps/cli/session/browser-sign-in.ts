import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer, createTidegate, type Tidegate, type TokenPair } from '#sdk';
import { printable } from '../display/printable.js';
import type { Streams, Terminal } from '../display/terminal.js';
import { CliError, exitCodes } from '../exit-codes.js';
import { ask } from './ask.js';

interface Where {
  readonly server: string;
  readonly provider: string;
  readonly tenant: string | undefined;
}

/** As long as a sign-in may take on the server. */
const PATIENCE_MS = 10 * 60_000;
const PAGE = 'Signed in. Close this page and go back to your terminal.';

/** What a browser is waited for with. */
export interface AtTerminal {
  readonly streams: Streams;
  readonly terminal: Terminal;
  readonly onInterrupt: (listener: () => void) => () => void;
}

/**
 * Signs in at an identity provider: a browser on this machine comes back to a port of ours; one on another
 * machine cannot, and shows the address that it wanted to go to, which is typed here instead. The code in
 * it is worth nothing without the verifier, which stays here.
 */
export async function signInByBrowser(
  at: AtTerminal,
  { server, provider, tenant }: Where,
): Promise<TokenPair> {
  const { api, baseUrl } = createTidegate({ baseUrl: server });
  const id = await providerNamed(api, provider, tenant);
  const { code, verifier } = await codeOf(at, async (asked) => {
    const query = new URLSearchParams({ ...asked }).toString();
    return `${baseUrl}/api/v1/authentication/oidc/${id}/start?${query}`;
  });
  const body = { code, verifier, ...(tenant === undefined ? {} : { tenant }) };
  return answer(api.POST('/api/v1/authentication/oidc/complete', { body }));
}

/** Shows at the provider that vouches for the session that it is still its person. */
export async function proveByBrowser(at: AtTerminal, { api }: Tidegate, id: string): Promise<void> {
  const body = await codeOf(at, async (asked) => {
    const path = '/api/v1/me/identities/{id}/prove';
    return (await answer(api.POST(path, { params: { path: { id } }, body: asked }))).url;
  });
  await answer(api.POST('/api/v1/me/identities/complete', { body }));
}

/** The id of the one provider that is named so. */
export async function providerNamed(
  api: Tidegate['api'],
  provider: string,
  tenant: string | undefined,
): Promise<string> {
  const query = tenant === undefined ? {} : { tenant };
  const { items } = await answer(
    api.GET('/api/v1/authentication/providers', { params: { query } }),
  );
  const named = items.filter(({ name, id }) => name === provider || id === provider);
  const [chosen] = named;
  if (chosen && named.length === 1) return chosen.id;
  const known = items.map(({ name }) => `"${printable(name)}"`).join(', ') || 'none';
  const hint = tenant === undefined ? ' Name your tenant with --tenant.' : '';
  throw new CliError(`There is no one provider "${printable(provider)}"; known: ${known}.${hint}`);
}

interface Asked {
  readonly redirect: string;
  readonly challenge: string;
}

async function codeOf(
  at: AtTerminal,
  addressFor: (asked: Asked) => Promise<string>,
): Promise<{ code: string; verifier: string }> {
  const { streams, terminal } = at;
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  let timer: NodeJS.Timeout | undefined;
  let release: () => void = () => undefined;
  try {
    const address = await addressFor({ redirect: `http://127.0.0.1:${port}/`, challenge });
    terminal.note(`Open this address in a browser:\n\n  ${printable(address)}\n`);
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new CliError('Nobody signed in within ten minutes.')),
        PATIENCE_MS,
      );
      release = at.onInterrupt(() =>
        reject(new CliError('Nothing was changed.', exitCodes.interrupted)),
      );
    });
    const ways = [comingBack(server), late];
    if (streams.stdin.isTTY === true) ways.push(typedIn(streams));
    return { code: await Promise.race(ways), verifier };
  } finally {
    clearTimeout(timer);
    release();
    streams.stdin.pause();
    server.close();
    server.closeAllConnections();
  }
}

function comingBack(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.on('request', (request, response) => {
      const address = new URL(request.url ?? '/', 'http://127.0.0.1');
      const isOurs = address.pathname === '/' && address.search !== '';
      response.writeHead(isOurs ? 200 : 404, { 'content-type': 'text/plain', connection: 'close' });
      response.end(isOurs ? PAGE : '', () => {
        if (isOurs) settle(address, resolve, reject);
      });
    });
  });
}

async function typedIn(streams: Streams): Promise<string> {
  const question = 'Is the browser on another machine? Paste the address that it ends at: ';
  const typed = (await ask(streams, question, false)).trim();
  if (!URL.canParse(typed)) throw new CliError('That is not an address.');
  return new Promise((resolve, reject) => settle(new URL(typed), resolve, reject));
}

function settle(
  { searchParams }: URL,
  resolve: (code: string) => void,
  reject: (error: Error) => void,
): void {
  const code = searchParams.get('code');
  if (code !== null) return resolve(code);
  const error = printable(searchParams.get('error') ?? 'no code');
  reject(new CliError(`The sign-in has not succeeded: ${error}.`, exitCodes.rejected));
}
