import { ifMatchVersion } from '../../../platform/http/if-match.js';
import { versionMismatch } from '../../../platform/http/http.errors.js';

/** Without If-Match whatever there is is changed, as RFC 7644 has it. Throws `version-mismatch`. */
export function checkSeen(ifMatch: string | undefined, version: number): void {
  if (ifMatch === undefined || ifMatch.trim() === '' || ifMatch.trim() === '*') return;
  if (ifMatchVersion(ifMatch) !== version) throw versionMismatch(version);
}
