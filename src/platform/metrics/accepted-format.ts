export type Format = 'text' | 'openmetrics';

interface Offer {
  readonly format: Format;
  readonly type: string;
  readonly subtype: string;
  readonly versions: readonly string[];
}

/** In the order of preference where a reader has none. */
const OFFERS: readonly Offer[] = [
  { format: 'text', type: 'text', subtype: 'plain', versions: ['0.0.4'] },
  {
    format: 'openmetrics',
    type: 'application',
    subtype: 'openmetrics-text',
    versions: ['1.0.0', '0.0.1'],
  },
];

/** One entry of an Accept header (RFC 9110, 12.5.1). */
interface Range {
  readonly type: string;
  readonly subtype: string;
  readonly version: string | undefined;
  readonly quality: number;
}

/**
 * Which format the reader wants most; the plain one when its header says nothing useful: a scrape that
 * nobody asked to look so is better than none. Equal wishes: what was named more exactly.
 */
export function acceptedFormat(accept = ''): Format {
  const ranges = accept.split(',').flatMap((text) => rangeOf(text) ?? []);
  let best = { format: OFFERS[0]!.format, quality: 0, exactness: 0 };
  for (const offer of OFFERS) {
    const { quality, exactness } = wishFor(offer, ranges);
    const isBetter =
      quality > best.quality || (quality === best.quality && exactness > best.exactness);
    if (quality > 0 && isBetter) best = { format: offer.format, quality, exactness };
  }
  return best.format;
}

/** The most exact range decides, and not the kindest: `text/*;q=0, * / *` wants no text. */
function wishFor(offer: Offer, ranges: readonly Range[]): { quality: number; exactness: number } {
  let wish = { quality: 0, exactness: 0 };
  for (const range of ranges) {
    const exactness = exactnessOf(range, offer);
    const isSame = exactness === wish.exactness && range.quality > wish.quality;
    if (exactness > wish.exactness || (exactness > 0 && isSame)) {
      wish = { quality: range.quality, exactness };
    }
  }
  return wish;
}

/** 0: does not match. */
function exactnessOf({ type, subtype, version }: Range, offer: Offer): number {
  if (type === '*') return subtype === '*' ? 1 : 0;
  if (type !== offer.type) return 0;
  if (subtype === '*') return 2;
  if (subtype !== offer.subtype) return 0;
  if (version === undefined) return 3;
  return offer.versions.includes(version) ? 4 : 0;
}

const QUALITY = /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/;

/** Undefined: it is not one, and says nothing. */
function rangeOf(text: string): Range | undefined {
  const [name = '', ...rest] = text.split(';').map((part) => part.trim().toLowerCase());
  const [type, subtype, ...more] = name.split('/');
  if (!type || !subtype || more.length > 0) return undefined;
  const parameters = new Map(rest.map((part) => parameterOf(part)));
  const quality = parameters.get('q') ?? '1';
  if (!QUALITY.test(quality)) return undefined;
  return { type, subtype, version: parameters.get('version'), quality: Number(quality) };
}

function parameterOf(part: string): [name: string, value: string] {
  const [name = '', value = ''] = part.split('=').map((side) => side.trim());
  return [name, value.replace(/^"(.*)"$/, '$1')];
}
