import { isIP } from 'node:net';
import { limits } from '../../kernel/limits.js';
import { networkKind, translatedAddress, type NetworkKind } from '../../kernel/network-kinds.js';
import { canonicalNetwork, networksOf, type HasAddress } from '../../kernel/networks.js';

/** Nobody opens these: what answers there is this host, its neighbours, or a cloud's keys. */
const NEVER: ReadonlySet<NetworkKind> = new Set<NetworkKind>([
  'unspecified',
  'link-local',
  'metadata',
  'multicast',
  'reserved',
  'mapped',
  'tunnel',
  'none',
]);

const HOST =
  /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/** Of a URL: lower case, no dot at the end; no IP address. */
export function isHostName(host: string): boolean {
  return HOST.test(host);
}

/**
 * What the operator has opened beside the public internet: hosts by name, with or without a port, and
 * networks. Whoever has named a host trusts its name server to say where it is.
 */
export class OpenedDestinations {
  private constructor(
    /** `host` or `host:port`. */
    private readonly hosts: ReadonlySet<string>,
    private readonly networks: readonly string[],
    private readonly isInNetwork: HasAddress,
  ) {}

  /** `gitlab.internal:8443,10.20.0.0/16`. Throws RangeError with a sentence about the first mistake. */
  static parse(text: string): OpenedDestinations {
    const items = text.split(',').map((item) => item.trim().toLowerCase());
    if (items.length > limits.outboundOpened) {
      throw new RangeError(`there are more than ${limits.outboundOpened} of them`);
    }
    const hosts = new Set<string>();
    const networks: string[] = [];
    for (const item of items) {
      const network = networkOf(item);
      if (network === null) hosts.add(hostOf(item));
      else networks.push(network);
    }
    return new OpenedDestinations(hosts, networks, networksOf(networks));
  }

  static readonly none = new OpenedDestinations(new Set(), [], networksOf([]));

  get hasNetworks(): boolean {
    return this.networks.length > 0;
  }

  /** `host`: as a URL has it, IPv6 without its brackets. */
  opensHost(host: string, port: number): boolean {
    return this.hosts.has(host) || this.hosts.has(`${host}:${port}`);
  }

  opensAddress(address: string): boolean {
    return !isNeverCalled(address) && this.isInNetwork(translatedAddress(address));
  }

  toJSON(): readonly string[] {
    return [...this.hosts, ...this.networks];
  }
}

export function isNeverCalled(address: string): boolean {
  return NEVER.has(networkKind(address));
}

function networkOf(item: string): string | null {
  const [address = ''] = item.split('/');
  if (isIP(address) === 0) return null;
  const network = canonicalNetwork(item);
  if (isNeverCalled(address)) throw new RangeError(`"${item}" is a network that nobody may open`);
  return network;
}

/** A name, or an address with a port. */
function hostOf(item: string): string {
  const [, bracketed, bare, port] =
    /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(item) ?? [];
  const host = bracketed ?? bare ?? '';
  const isAddress = isIP(host) !== 0;
  const isKnown = isAddress ? port !== undefined && !isNeverCalled(host) : isHostName(host);
  const isPort = port === undefined || (Number(port) > 0 && Number(port) < 65_536);
  if (!isKnown || !isPort || isNumeric(host, isAddress)) {
    throw new RangeError(`"${item.slice(0, 80)}" is no host, host:port or network`);
  }
  const name = isAddress ? canonicalNetwork(host) : host;
  return port === undefined ? name : `${name}:${Number(port)}`;
}

/** `2130706433` and `0x7f.1` are addresses to whoever parses URLs. */
function isNumeric(host: string, isAddress: boolean): boolean {
  return !isAddress && /(^|\.)(\d+|0x[0-9a-f]*)$/.test(host);
}
