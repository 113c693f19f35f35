import * as oidc from 'openid-client';
import { DomainError } from '../../kernel/errors.js';
import {
  identityProviderRefused,
  identityProviderUnavailable,
} from './identity-provider.errors.js';
import { IssuerUnusable } from './issuers.js';

/** What a wrapped failure was in the end; libraries put it behind `cause`. */
const DEPTH = 5;

/** What people may hear of it: whether to wait, or to ask an Admin. */
export function toldIssuerError(error: unknown): unknown {
  const own = ownErrorIn(error);
  if (own?.code === identityProviderRefused.code) return own;
  if (own) return identityProviderUnavailable(own);
  if (error instanceof IssuerUnusable) return identityProviderUnavailable(error);
  if (!isIssuers(error)) return error;
  return identityProviderRefused(reasonOf(error), error);
}

/** A code of a few letters: texts of the other side may be long, or lies, or hold what is secret. */
export function reasonOf(error: unknown): string {
  if (error instanceof oidc.AuthorizationResponseError) return wordOf(error.error);
  if (error instanceof oidc.ResponseBodyError) return wordOf(error.error);
  const own = ownErrorIn(error);
  if (own) return own.code;
  if (error instanceof IssuerUnusable) return error.check;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? wordOf(code) : 'unknown';
}

/** What our own way out has thrown. */
export function ownErrorIn(error: unknown): DomainError | undefined {
  let at = error;
  for (let depth = 0; depth < DEPTH && at instanceof Error; depth += 1) {
    if (at instanceof DomainError) return at;
    at = at.cause;
  }
  return undefined;
}

function isIssuers(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isKnown =
    error instanceof oidc.ClientError ||
    error instanceof oidc.AuthorizationResponseError ||
    error instanceof oidc.ResponseBodyError ||
    error instanceof oidc.WWWAuthenticateChallengeError;
  const { code } = error as { code?: unknown };
  return isKnown || (typeof code === 'string' && code.startsWith('OAUTH_'));
}

function wordOf(code: string): string {
  return code
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60);
}
