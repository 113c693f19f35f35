import { canonicalJson } from '../../kernel/canonical-json.js';
import { digestOfBytes } from '../../kernel/digest.js';
import { type Manifest, manifestSchema } from '../protocol/manifest.js';
import type { DesiredRelease } from '../protocol/protocol.js';

/** A release with its manifest read: what is needed to run it. */
export interface ReleaseSpec {
  readonly release: DesiredRelease;
  readonly manifest: Manifest;
  /** Same slot, same process: release and configuration, but not its share of traffic. */
  readonly slot: string;
}

export function slotOf(release: DesiredRelease): string {
  const { releaseDigest, configurationId, configuration } = release;
  const text = canonicalJson({ releaseDigest, configurationId, configuration });
  return `${release.releaseId}.${digestOfBytes(Buffer.from(text)).slice(7, 23)}`;
}

/** The keeper looks several times a second; the journal's objects stay the same meanwhile. */
const known = new WeakMap<DesiredRelease, ReleaseSpec>();

/** For a release that was checked when it was accepted. */
export function specOf(release: DesiredRelease): ReleaseSpec {
  let spec = known.get(release);
  if (!spec) {
    const manifest = manifestSchema.parse(JSON.parse(release.manifestText));
    spec = { release, manifest, slot: slotOf(release) };
    known.set(release, spec);
  }
  return spec;
}

/** It must not run beside another release: a worker that has not said otherwise. */
export function isExclusive(manifest: Manifest): boolean {
  return manifest.traffic === undefined && !manifest.overlap;
}

/** Each has been promised to be alone, so one of the two is enough, be it the old or the new one. */
export function mayNotMeet(one: ReleaseSpec, other: ReleaseSpec): boolean {
  return isExclusive(one.manifest) || isExclusive(other.manifest);
}
