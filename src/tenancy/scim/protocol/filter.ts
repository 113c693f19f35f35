/**
 * Filters of RFC 7644, section 3.4.2.2, read into a tree. A reader of our own: what it takes is bounded
 * while it reads (length, depth, number of terms), only attributes that are kept can be named, and the
 * tree says so by its type; no text of a filter ever comes near a statement.
 */
import { limits } from '../../../kernel/limits.js';
import { type Attribute, attributeNamed, type ResourceKind } from './attributes.js';
import { scimFilterInvalid } from './scim.errors.js';
import { type Token, tokensOf } from './filter-tokens.js';

const COMPARISONS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
export type Comparison = (typeof COMPARISONS)[number];
export type Literal = string | number | boolean | null;

/** `emails.value`: an attribute, and of a complex one a part. */
export interface AttributePath {
  readonly attribute: Attribute;
  readonly part?: Attribute;
}

export type Filter =
  | { readonly kind: 'and' | 'or'; readonly left: Filter; readonly right: Filter }
  | { readonly kind: 'not'; readonly inner: Filter }
  | { readonly kind: 'present'; readonly path: AttributePath }
  | {
      readonly kind: 'compare';
      readonly path: AttributePath;
      readonly by: Comparison;
      readonly value: Literal;
    }
  /** `emails[type eq "work"]`: some of its values are so. */
  | { readonly kind: 'some'; readonly attribute: Attribute; readonly inner: Filter };

/** Throws `scim-filter-invalid`. */
export function parseFilter(kind: ResourceKind, text: string): Filter {
  const tokens = tokensOf(text);
  const reader = new FilterReader(tokens, { attributes: kind.attributes, schema: kind.schema });
  const filter = reader.either(0);
  reader.end();
  return filter;
}

/** Of what stands in brackets: about the parts of one attribute. Throws `scim-filter-invalid`. */
export function parseValueFilter(attribute: Attribute, text: string): Filter {
  const reader = new FilterReader(tokensOf(text), { attributes: attribute.subAttributes ?? [] });
  const filter = reader.either(0);
  reader.end();
  return filter;
}

interface Scope {
  readonly attributes: readonly Attribute[];
  readonly schema?: string;
}

class FilterReader {
  private at = 0;
  private terms = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly scope: Scope,
  ) {}

  either(depth: number, scope = this.scope): Filter {
    if (depth > limits.scimFilterDepth) throw tooMuch();
    let left = this.both(depth, scope);
    while (this.takeWord('or')) left = { kind: 'or', left, right: this.both(depth, scope) };
    return left;
  }

  end(): void {
    if (this.at < this.tokens.length) throw unreadable();
  }

  private both(depth: number, scope: Scope): Filter {
    let left = this.one(depth, scope);
    while (this.takeWord('and')) left = { kind: 'and', left, right: this.one(depth, scope) };
    return left;
  }

  private one(depth: number, scope: Scope): Filter {
    this.terms += 1;
    if (this.terms > limits.scimFilterTerms) throw tooMuch();
    const isNegated = this.takeWord('not');
    if (this.takeSign('(')) {
      const inner = this.either(depth + 1, scope);
      this.needSign(')');
      return isNegated ? { kind: 'not', inner } : inner;
    }
    if (isNegated) throw unreadable();
    return this.term(depth, scope);
  }

  private term(depth: number, scope: Scope): Filter {
    const path = pathOf(this.word(), scope);
    if (this.takeSign('[')) {
      const { attribute, part } = path;
      if (!attribute.subAttributes || part) throw unreadable();
      const parts = { attributes: attribute.subAttributes };
      const left = this.either(depth + 1, parts);
      this.needSign(']');
      if (!this.isPart()) return { kind: 'some', attribute, inner: left };
      // `emails[type eq "work"].value eq "…"`: of the same value both.
      const right = this.comparison(pathOf(this.word().slice(1), parts));
      return { kind: 'some', attribute, inner: { kind: 'and', left, right } };
    }
    return this.comparison(path);
  }

  private comparison(path: AttributePath): Filter {
    const by = this.word().toLowerCase();
    if (by === 'pr') return { kind: 'present', path };
    if (!isComparison(by)) throw unreadable();
    return { kind: 'compare', path, by, value: this.literal() };
  }

  private isPart(): boolean {
    const token = this.tokens[this.at];
    return token?.kind === 'word' && token.text.startsWith('.');
  }

  private literal(): Literal {
    const token = this.tokens[this.at];
    this.at += 1;
    if (token?.kind === 'text') return token.text;
    const word = token?.kind === 'word' ? token.text.toLowerCase() : '';
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'null') return null;
    if (/^-?\d{1,15}(\.\d{1,10})?$/.test(word)) return Number(word);
    throw unreadable();
  }

  private word(): string {
    const token = this.tokens[this.at];
    this.at += 1;
    if (token?.kind === 'word') return token.text;
    throw unreadable();
  }

  private takeWord(word: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== 'word' || token.text.toLowerCase() !== word) return false;
    this.at += 1;
    return true;
  }

  private takeSign(sign: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    this.at += 1;
    return true;
  }

  private needSign(sign: string): void {
    if (!this.takeSign(sign)) throw unreadable();
  }
}

function pathOf(word: string, { attributes, schema }: Scope): AttributePath {
  const prefix = `${schema ?? ''}:`.toLowerCase();
  const isFull = schema !== undefined && word.toLowerCase().startsWith(prefix);
  const [name = '', sub, ...more] = (isFull ? word.slice(prefix.length) : word).split('.');
  const attribute = attributeNamed(attributes, name);
  if (!attribute || more.length > 0) throw unknownAttribute(word);
  if (sub === undefined) return { attribute };
  const part = attributeNamed(attribute.subAttributes ?? [], sub);
  if (!part) throw unknownAttribute(word);
  return { attribute, part };
}

function isComparison(word: string): word is Comparison {
  return (COMPARISONS as readonly string[]).includes(word);
}

const unknownAttribute = (name: string) =>
  scimFilterInvalid(
    `The filter asks about "${name.slice(0, 80)}", which is not kept here. GET /scim/v2/Schemas lists what is.`,
  );
const unreadable = () =>
  scimFilterInvalid('The filter cannot be read. It looks like: userName eq "ada@example.org".');
const tooMuch = () =>
  scimFilterInvalid(
    `The filter has more than ${limits.scimFilterTerms} terms, or brackets deeper than ${limits.scimFilterDepth}.`,
  );
