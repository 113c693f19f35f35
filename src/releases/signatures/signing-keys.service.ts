import { Injectable } from '@nestjs/common';
import { IsNull, LessThan } from 'typeorm';
import { messageOf } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { publicKeyText, readPublicKey } from '../../kernel/signature.js';
import type { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { insertNew } from '../../platform/database/entity-rows.js';
import { idempotent, type StoredAnswer } from '../../platform/http/idempotency.js';
import { type Page, type PageRequest, newestFirst } from '../../platform/http/page.js';
import { recordFolded } from '../../platform/audit/folds/folded.js';
import { changing } from '../../platform/events/changing.js';
import { publicKeyInvalid, signingKeyNotFound, signingKeyTaken } from '../releases.errors.js';
import { SigningKeyEntity } from './signing-key.entity.js';
import type { NewSigningKey, SigningKey } from './signing-keys.dto.js';
import { signingKeyRegistered, signingKeyRevoked, signingKeysRead } from './signing-keys.events.js';

/** A key is never deleted: releases that it signed must go on naming it. */
@Injectable()
export class SigningKeysService {
  constructor(private readonly database: Database) {}

  list(ctx: Context, request: PageRequest): Promise<Page<SigningKey>> {
    return this.database.transaction(ctx, (open) =>
      newestFirst('signing-keys', request, async (before, take) => {
        const { tenantId } = open;
        const eventOf = (count: number) => signingKeysRead(tenantId, { count });
        await recordFolded(open, eventOf, { kind: '' });
        const rows = await open.tx.repository(SigningKeyEntity).find({
          where: before === null ? { tenantId } : { tenantId, id: LessThan(before) },
          order: { id: 'desc' },
          take,
        });
        return rows.map(keyOf);
      }),
    );
  }

  /** Throws `public-key-invalid`, `signing-key-taken`. */
  register(
    ctx: Context,
    body: NewSigningKey,
    idempotencyKey: string | undefined,
  ): Promise<StoredAnswer<SigningKey>> {
    const publicKey = readKey(body.publicKey);
    const request = { key: idempotencyKey, route: 'POST /signing-keys', body };
    return idempotent(this.database, ctx, request, async (open) => {
      const [row] = await insertNew(open.tx.repository(SigningKeyEntity), {
        tenantId: open.tenantId,
        id: newId(),
        name: body.name,
        publicKey,
        createdBy: open.actor.name,
      });
      if (!row) throw signingKeyTaken();
      const key = keyOf(row);
      const event = signingKeyRegistered(row.id, { name: body.name, publicKey });
      await open.record(changing(event, { before: null, after: key }));
      return { status: 201, body: key };
    });
  }

  /** Repeating it changes nothing, the time of revocation included. Throws `signing-key-not-found`. */
  revoke(ctx: Context, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const keys = open.tx.repository(SigningKeyEntity);
      const good = { tenantId, id, revokedAt: IsNull() };
      const { affected } = await keys.update(good, { revokedAt: () => 'clock_timestamp()' });
      if (affected === 1) {
        const after = keyOf(await keys.findOneByOrFail({ tenantId, id }));
        const before = { ...after, revokedAt: null };
        return open.record(changing(signingKeyRevoked(id, {}), { before, after }));
      }
      if (!(await keys.existsBy({ tenantId, id }))) throw signingKeyNotFound();
    });
  }
}

function keyOf(row: SigningKeyEntity): SigningKey {
  const { id, name, publicKey, createdBy, createdAt, revokedAt } = row;
  return {
    id,
    name,
    publicKey,
    createdBy,
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
