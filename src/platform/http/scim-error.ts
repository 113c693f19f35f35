import type { Problem } from './problem.js';

/** Below it every refusal has the form of RFC 7644, section 3.12, also of paths that do not exist. */
export const SCIM_PATH = '/scim/';
export const SCIM_TYPE = 'application/scim+json; charset=utf-8';
export const SCIM_ERROR_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:Error';

export function isScim(url: string): boolean {
  return url.startsWith(SCIM_PATH);
}

/** What the form has no place for: of whom the platform itself refuses, by its code. */
const byCode: Readonly<Record<string, string>> = {
  'json-malformed': 'invalidSyntax',
  'json-unacceptable': 'invalidSyntax',
  'validation-failed': 'invalidValue',
};

/** The code stands behind the sentence: consoles of directories show that and nothing else. */
export function scimErrorOf({ status, detail, code, details }: Problem): object {
  const said = details?.['scimType'];
  const scimType = typeof said === 'string' ? said : byCode[code];
  return {
    schemas: [SCIM_ERROR_SCHEMA],
    status: String(status),
    ...(scimType === undefined ? {} : { scimType }),
    detail: `${detail} [${code}]`,
  };
}
