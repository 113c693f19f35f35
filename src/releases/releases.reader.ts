import { Injectable } from '@nestjs/common';
import type { Manifest } from '../agent/protocol/manifest.js';
import type { Context, OpenContext } from '../platform/context.js';
import { Database } from '../platform/database/database.js';
import { type Page, type PageRequest, newestFirst } from '../platform/http/page.js';
import type { Module, Release, ReleaseSummary } from './releases.dto.js';
import { releaseNotFound } from './releases.errors.js';
import { moduleByName } from './releases.queries.js';

/** What people and their tools see of modules and releases. */
@Injectable()
export class ReleasesReader {
  constructor(private readonly database: Database) {}

  modules(ctx: Context, request: PageRequest): Promise<Page<Module>> {
    return this.database.transaction(ctx, (open) =>
      newestFirst('modules', request, async (before, take) => {
        const rows = await moduleRows(open, '($2::uuid is null or m.id < $2)', [before, take]);
        return rows.map(moduleOf);
      }),
    );
  }

  module(ctx: Context, name: string): Promise<Module> {
    return this.database.transaction(ctx, async (open) => {
      const { id } = await moduleByName(open, name);
      const [row] = await moduleRows(open, 'm.id = $2', [id, 1]);
      return moduleOf(row!);
    });
  }

  list(ctx: Context, name: string, request: PageRequest): Promise<Page<ReleaseSummary>> {
    return this.database.transaction(ctx, async (open) => {
      const { id } = await moduleByName(open, name);
      return newestFirst(`releases of ${id}`, request, async (before, take) => {
        const rows = await releaseRows(
          open,
          'r.module_id = $2 and ($3::uuid is null or r.id < $3)',
          [id, before, take],
        );
        return rows.map(summaryOf);
      });
    });
  }

  get(ctx: Context, name: string, version: string): Promise<Release> {
    return this.database.transaction(ctx, async (open) => {
      const { id } = await moduleByName(open, name);
      const [row] = await releaseRows(open, 'r.module_id = $2 and r.version = $3', [
        id,
        version,
        1,
      ]);
      if (row) return releaseOf(row);
      throw releaseNotFound(version, name);
    });
  }
}

interface ModuleRow {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly releaseId: string | null;
  readonly version: string | null;
  readonly releasedAt: Date | null;
}

/** The last parameter is the limit. */
function moduleRows(open: OpenContext, condition: string, parameters: readonly unknown[]) {
  return open.tx.query<ModuleRow>(
    `select m.id, m.name, m.created_at as "createdAt", n.id as "releaseId", n.version,
            n.created_at as "releasedAt"
     from modules m
     left join lateral (
       select r.id, r.version, r.created_at from releases r
       where r.tenant_id = m.tenant_id and r.module_id = m.id order by r.id desc limit 1) n on true
     where m.tenant_id = $1 and ${condition}
     order by m.id desc limit $${parameters.length + 1}`,
    [open.tenantId, ...parameters],
  );
}

function moduleOf({ id, name, createdAt, releaseId, version, releasedAt }: ModuleRow): Module {
  const newestRelease =
    releaseId && version && releasedAt
      ? { id: releaseId, version, createdAt: releasedAt.toISOString() }
      : null;
  return { id, name, createdAt: createdAt.toISOString(), newestRelease };
}

export interface ReleaseRow extends Omit<ReleaseSummary, 'signature' | 'createdAt'> {
  readonly manifestText: string;
  readonly keyId: string | null;
  readonly keyName: string | null;
  readonly isRevoked: boolean;
  readonly signatureValue: string | null;
  readonly createdAt: Date;
}

/** The last parameter is the limit. */
export function releaseRows(open: OpenContext, condition: string, parameters: readonly unknown[]) {
  return open.tx.query<ReleaseRow>(
    `select r.id, m.name as "moduleName", r.version, r.release_digest as "releaseDigest",
            r.artifact_digest as "artifactDigest", a.size as "artifactBytes",
            r.manifest_text as "manifestText", r.signature as "signatureValue",
            r.key_id as "keyId", k.name as "keyName", k.revoked_at is not null as "isRevoked",
            r.created_by as "createdBy", r.created_at as "createdAt"
     from releases r
     join modules m on m.tenant_id = r.tenant_id and m.id = r.module_id
     join artifacts a on a.tenant_id = r.tenant_id and a.artifact_digest = r.artifact_digest
     left join signing_keys k on k.tenant_id = r.tenant_id and k.id = r.key_id
     where r.tenant_id = $1 and ${condition}
     order by r.id desc limit $${parameters.length + 1}`,
    [open.tenantId, ...parameters],
  );
}

export function releaseOf(row: ReleaseRow): Release {
  return { ...summaryOf(row), manifest: JSON.parse(row.manifestText) as Manifest };
}

function summaryOf(row: ReleaseRow): ReleaseSummary {
  const { manifestText: _text, signatureValue: _value, keyId, keyName, isRevoked, ...rest } = row;
  const signature = keyId && keyName ? { keyId, keyName, isRevoked } : null;
  return { ...rest, signature, createdAt: row.createdAt.toISOString() };
}
