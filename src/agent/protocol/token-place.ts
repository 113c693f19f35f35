/**
 * An enrolment token says where it leads, in clear: an agent whose folder belongs elsewhere can say so
 * before anything is touched, also while the control plane is away. It proves nothing: what counts is what
 * the control plane keeps under the token's hash.
 */
import { z } from 'zod';
import { printable } from '../../kernel/text.js';

export interface TokenPlace {
  readonly clusterId: string;
  /** `<environment>/<cluster>`, for people. */
  readonly name: string;
}

const placeInToken = z.tuple([z.uuid(), z.string().max(120)]);

export function withPlace(secret: string, { clusterId, name }: TokenPlace): string {
  return `${secret}.${Buffer.from(JSON.stringify([clusterId, name])).toString('base64url')}`;
}

/** Undefined: a token without one. */
export function placeOf(token: string): TokenPlace | undefined {
  const [, text] = token.split('.');
  if (text === undefined) return undefined;
  try {
    const [clusterId, name] = placeInToken.parse(
      JSON.parse(Buffer.from(text, 'base64url').toString()),
    );
    return { clusterId, name: printable(name) };
  } catch {
    return undefined;
  }
}
