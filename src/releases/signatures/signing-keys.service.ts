import { Injectable } from '@nestjs/common';
import { messageOf } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { publicKeyText, readPublicKey } from '../../kernel/signature.js';
import { Audit } from '../../platform/audit/audit.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { idempotent, type StoredAnswer } from '../../platform/http/idempotency.js';
import { type Page, type PageRequest, newestFirst } from '../../platform/http/page.js';
import { publicKeyInvalid, signingKeyNotFound, signingKeyTaken } from '../releases.errors.js';
import type { NewSigningKey, SigningKey } from './signing-keys.dto.js';

type SigningKeyRow = Omit<SigningKey, 'createdAt' | 'revokedAt'> & {
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
};

/** A key is never deleted: releases that it signed must go on naming it. */
@Injectable()
export class SigningKeysService {
  constructor(
    private readonly database: Database,
    private readonly audit: Audit,
  ) {}

  list(ctx: Context, request: PageRequest): Promise<Page<SigningKey>> {
    return this.database.transaction(ctx, (open) =>
      newestFirst('signing-keys', request, async (before, take) => {
        const rows = await open.tx.query<SigningKeyRow>(
          `select ${COLUMNS} from signing_keys
           where tenant_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3`,
          [open.tenantId, before, take],
        );
        return rows.map(keyOf);
      }),
    );
  }

  register(
    ctx: Context,
    body: NewSigningKey,
    idempotencyKey: string | undefined,
  ): Promise<StoredAnswer<SigningKey>> {
    const publicKey = readKey(body.publicKey);
    const request = { key: idempotencyKey, route: 'POST /signing-keys', body };
    return idempotent(this.database, ctx, request, async (open) => {
      const [row] = await open.tx.query<SigningKeyRow>(
        `insert into signing_keys (tenant_id, id, name, public_key, created_by)
         values ($1, $2, $3, $4, $5) on conflict do nothing returning ${COLUMNS}`,
        [open.tenantId, newId(), body.name, publicKey, open.actor.name],
      );
      if (!row) {
        throw signingKeyTaken();
      }
      await this.audit.append(open, {
        category: 'releases',
        action: 'signing-key-registered',
        subject: { kind: 'signing-key', id: row.id },
        body: { name: body.name, publicKey },
      });
      return { status: 201, body: keyOf(row) };
    });
  }

  /** Repeating it changes nothing, the time of revocation included. */
  revoke(ctx: Context, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      const revoked = await open.tx.execute(
        `update signing_keys set revoked_at = clock_timestamp()
         where tenant_id = $1 and id = $2 and revoked_at is null`,
        [open.tenantId, id],
      );
      if (revoked === 0) {
        await requireKey(open, id);
        return;
      }
      await this.audit.append(open, {
        category: 'releases',
        action: 'signing-key-revoked',
        subject: { kind: 'signing-key', id },
      });
    });
  }
}

const COLUMNS = `id, name, public_key as "publicKey", created_by as "createdBy",
  created_at as "createdAt", revoked_at as "revokedAt"`;

async function requireKey(open: OpenContext, id: string): Promise<void> {
  const [found] = await open.tx.query(
    'select 1 from signing_keys where tenant_id = $1 and id = $2',
    [open.tenantId, id],
  );
  if (found) return;
  throw signingKeyNotFound();
}

function keyOf({ createdAt, revokedAt, ...rest }: SigningKeyRow): SigningKey {
  return {
    ...rest,
    createdAt: createdAt.toISOString(),
    revokedAt: revokedAt?.toISOString() ?? null,
  };
}

function readKey(text: string): string {
  // Node would take the public half out of it, and nobody would learn that the secret has travelled.
  if (text.includes('PRIVATE KEY')) {
    throw publicKeyInvalid(
      'This is a private key, and it has left its place: throw it away, make a new pair, and send the public key.',
    );
  }
  try {
    return publicKeyText(readPublicKey(text));
  } catch (error) {
    throw publicKeyInvalid(`The public key cannot be used: ${messageOf(error)}.`);
  }
}
