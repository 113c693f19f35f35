import { isIP } from 'node:net';
import { limits } from '../../kernel/limits.js';
import { networkKind } from '../../kernel/network-kinds.js';
import { isHostName, isNeverCalled, type OpenedDestinations } from './opened-destinations.js';
import { outboundUrlInvalid, type UrlRule } from './outbound.errors.js';

/** Where a call is to go, by the text of its address; nobody has looked up the host yet. */
export interface Destination {
  readonly url: URL;
  /** A name or an address, IPv6 without its brackets. */
  readonly host: string;
  readonly port: number;
  readonly isAddress: boolean;
  /** The rule that it breaks unless its host or network is opened. */
  readonly unusual: UrlRule | null;
}

const PORTS: ReadonlySet<number> = new Set([443, 8443]);

/**
 * Reads an address as strictly as it can be read: what two parsers could take for two hosts is refused.
 * Throws `outbound-url-invalid`.
 */
export function destinationOf(text: string): Destination {
  if (text.length > limits.outboundUrlCharacters) throw outboundUrlInvalid('length');
  if (!/^[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) throw outboundUrlInvalid('form');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw outboundUrlInvalid('scheme');
  if (url.username !== '' || url.password !== '') throw outboundUrlInvalid('credentials');
  if (text.includes('#')) throw outboundUrlInvalid('fragment');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isAddress = isIP(host) !== 0;
  if (!isPlain(text, url) || !(isAddress || isHostName(host))) throw outboundUrlInvalid('form');
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  return { url, host, port, isAddress, unusual: unusual(url, port) };
}

/** The host stands there as the URL has it: not `0x7f.1` for 127.0.0.1, no `\`, no tab, no capital. */
function isPlain(text: string, url: URL): boolean {
  const start = `${url.protocol}//${url.hostname}`;
  if (!text.startsWith(start)) return false;
  const rest = /^(?::(\d+))?(?:[/?]|$)/.exec(text.slice(start.length));
  const usual = url.protocol === 'https:' ? '443' : '80';
  return rest !== null && (rest[1] ?? usual) === (url.port || usual);
}

function unusual(url: URL, port: number): UrlRule | null {
  if (url.protocol !== 'https:') return 'scheme';
  return PORTS.has(port) ? null : 'port';
}

/** Whether a call may go there, and how much of a failure may be told. */
export interface Judgement {
  readonly isAllowed: boolean;
  /** The operator has opened the host, or the networks of all its addresses. */
  readonly isOpened: boolean;
  /** Not where a network was opened as a whole: what answers in it is nobody's business. */
  readonly isTold: boolean;
  /** For the log. */
  readonly why: string;
}

/** Every address must be one that may be called: whoever connects may take any of them. */
export function judge(
  { host, port }: Destination,
  addresses: readonly string[],
  opened: OpenedDestinations,
): Judgement {
  const isNamed = opened.opensHost(host, port);
  const kinds = addresses.map((address) => ({ address, kind: networkKind(address) }));
  const mayBe = (address: string) =>
    networkKind(address) === 'public' ||
    opened.opensAddress(address) ||
    (isNamed && !isNeverCalled(address));
  const bad = kinds.filter(({ address }) => !mayBe(address));
  const isFew = addresses.length > 0 && addresses.length <= limits.outboundAddresses;
  return {
    isAllowed: isFew && bad.length === 0,
    isOpened:
      isNamed || (addresses.length > 0 && addresses.every((one) => opened.opensAddress(one))),
    isTold: isNamed || !addresses.some((address) => opened.opensAddress(address)),
    why: isFew
      ? bad.map(({ address, kind }) => `${address} is ${kind}`).join(', ')
      : `${addresses.length} addresses`,
  };
}
