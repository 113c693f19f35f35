import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newSigningKey, publicKeyText } from '../kernel/signature.js';
import { parseAgentCommand } from './agent-command.js';

const home = mkdtempSync(join(tmpdir(), 'tidegate-command-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const good = ['--server', 'https://example.com', '--name', 'web-1', '--dir', home];
const parse = (...argv: string[]) => parseAgentCommand(argv, {});
function options(...argv: string[]) {
  const command = parseAgentCommand([...good, ...argv], { token: 'from-environment' });
  if (command.kind !== 'run') throw new Error(command.kind);
  return command.options;
}

it('reads everything that one agent is told', () => {
  const key = publicKeyText(newSigningKey().publicKey);
  const pem = newSigningKey().publicKey.export({ type: 'spki', format: 'pem' }) as string;
  writeFileSync(join(home, 'key.pem'), pem);
  const labels = ['--label', 'zone=a', '--label', 'rack=r=1'];
  const keys = ['--trusted-key', key, '--trusted-key', join(home, 'key.pem')];
  const read = options(...labels, ...keys, '--port-offset', '100');
  expect(read).toMatchObject({ name: 'web-1', portOffset: 100, token: 'from-environment' });
  expect(read.labels).toEqual({ zone: 'a', rack: 'r=1' });
  expect(read.trustedKeys).toHaveLength(2);
});

it('prefers the token that was given to the one in the environment', () => {
  writeFileSync(join(home, 'token'), 'from-file\n');
  expect(options('--token', 'given').token).toBe('given');
  expect(options('--token-file', join(home, 'token')).token).toBe('from-file');
});

it('speaks plain http to this machine only, unless it is allowed', () => {
  for (const host of ['127.0.0.1:3000', 'localhost', '[::1]:3000', '127.8.8.8']) {
    expect(options('--server', `http://${host}`).server.protocol).toBe('http:');
  }
  for (const host of [
    'example.com',
    '10.0.0.1',
    '127.0.0.1.example.com',
    'localhost.example.com',
  ]) {
    expect(() => options('--server', `http://${host}`)).toThrow(/plain http/);
  }
  expect(options('--server', 'http://10.0.0.1', '--allow-http').server.hostname).toBe('10.0.0.1');
});

it.each([
  ['no server', ['--name', 'a'], /--server is missing/],
  ['no name', ['--server', 'https://a'], /--name is missing/],
  ['a name with capitals', [...good, '--name', 'Web'], /DNS label/],
  ['a server that is no URL', [...good, '--server', 'example'], /http or https URL/],
  ['a password in the URL', [...good, '--server', 'https://a:b@c'], /password/],
  ['a label without value', [...good, '--label', 'zone'], /key=value/],
  ['a label that is not allowed', [...good, '--label', 'ZONE=a'], /--label/],
  ['a port offset that is no number', [...good, '--port-offset', 'x'], /0 to 65000/],
  ['a proxy that is none', [...good, '--trusted-proxy', '10.0.0.0/8,lb'], /"lb" is no address/],
  ['everybody as a proxy', [...good, '--trusted-proxy', '0.0.0.0/0'], /believe every client/],
  [
    'too many proxies',
    [...good, '--trusted-proxy', Array.from({ length: 65 }, (_, at) => `10.0.0.${at}`).join()],
    /at most 64/,
  ],
  ['a key that is none', [...good, '--trusted-key', 'abc'], /public key/],
  ['a CA that is not there', [...good, '--ca', '/none'], /--ca cannot be read/],
  ['two tokens', [...good, '--token', 'a', '--token-file', 'b'], /not both/],
  ['an unknown option', [...good, '--tokn', 'a'], /unknown option/],
  ['an extra word', [...good, 'start'], /too many arguments/],
])('refuses %s with one sentence', (_what, argv, message) => {
  expect(() => parse(...argv)).toThrow(expect.objectContaining({ code: 'usage' }));
  expect(() => parse(...argv)).toThrow(message);
});

it('takes trusted proxies from the options, or else from the variable', () => {
  const proxies = ['--trusted-proxy', '10.0.0.0/8, 192.0.2.7', '--trusted-proxy', '::ffff:a00:1'];
  const trustedProxies = '2001:DB8::/32';
  const of = (...argv: string[]) => {
    const command = parseAgentCommand([...good, ...argv], { trustedProxies });
    return command.kind === 'run' ? command.options.trustedProxies : undefined;
  };
  expect(of(...proxies)).toEqual(['10.0.0.0/8', '192.0.2.7', '10.0.0.1']);
  expect(of()).toEqual(['2001:db8::/32']);
  expect(options().trustedProxies).toEqual([]);
  expect(() => parseAgentCommand(good, { trustedProxies: 'x' })).toThrow(
    /TIDEGATE_AGENT_TRUSTED_PROXIES: "x" is no address/,
  );
});

it('needs only the folder to tear down', () => {
  expect(parse('--teardown', '--dir', home)).toEqual({ kind: 'teardown', directory: home });
});
