import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import { AGENT_AUDIENCE, AGENT_TOKEN_TYPE } from '../../../agent/protocol/protocol.js';
import type { Clock } from '../../../kernel/clock.js';
import { Grants } from '../../../kernel/grants.js';
import { newId } from '../../../kernel/ids.js';
import { readPublicKey } from '../../../kernel/signature.js';
import { uuid } from '../../../kernel/text.js';
import { CLOCK } from '../../../platform/clock.js';
import { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { AgentAuthenticator } from '../../../platform/http/agent-authenticator.js';
import { Signal } from '../../../platform/signal/signal.js';
import { Topic } from '../../../platform/signal/topics.js';
import { agentTokenInvalid, agentTokenMissing, clockSkew, nodeRevoked } from './agent.errors.js';
import { withBoot } from './node-context.js';
import { NodeDuplicates } from './node-duplicates.js';
import { keyOfNode, type NodeKey } from './nodes.queries.js';

const TOKEN_LIFE_MS = 60_000;
const CLOCK_TOLERANCE_MS = 30_000;
/** A revoked node is out within this, even when the signal is lost. */
const KEY_CACHE_MS = 3_000;
const KEY_CACHE_NODES = 20_000;
/** Honest tokens have some 400 characters. */
const TOKEN_CHARACTERS = 2_000;

/** Checks the tokens that nodes sign with their own keys (protocol.ts says what is in them). */
@Injectable()
export class NodeAuthenticator extends AgentAuthenticator implements OnModuleDestroy {
  private readonly known = new Map<string, { tenantId: string; node: NodeKey; until: number }>();
  private readonly unsubscribe: () => void;

  constructor(
    private readonly database: Database,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly duplicates: NodeDuplicates,
    signal: Signal,
  ) {
    super();
    this.unsubscribe = signal.subscribe(Topic.Desired, (nodeId) => this.known.delete(nodeId));
  }

  onModuleDestroy(): void {
    this.unsubscribe();
  }

  async authenticate(request: FastifyRequest): Promise<Context> {
    const token = /^Bearer ([\w.-]+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined || token.length > TOKEN_CHARACTERS) {
      throw agentTokenMissing();
    }
    const claims = readClaims(token);
    const node = await this.nodeOf(claims.tenant, claims.iss);
    if (!node) throw agentTokenInvalid();
    await checkSignature(token, node.publicKey);
    this.checkTimes(claims);
    if (node.isRevoked) throw nodeRevoked();
    const { iss: nodeId, tenant: tenantId, boot } = claims;
    await this.duplicates.check({ nodeId, tenantId, ...node }, boot);
    const context = new Context({
      tenantId,
      actor: { kind: 'node', id: nodeId, name: `node:${node.name}`, personId: null },
      grants: Grants.none,
      requestId: typeof request.id === 'string' && request.id !== '' ? request.id : newId(),
    });
    return withBoot(context, boot);
  }

  private async nodeOf(tenantId: string, nodeId: string): Promise<NodeKey | undefined> {
    const cached = this.known.get(nodeId);
    const now = this.clock.monotonic();
    // The tenant is a claim, too: a node known in one is nobody in another.
    if (cached?.tenantId === tenantId && cached.until > now) return cached.node;
    const node = await this.database.system((tx) => keyOfNode(tx, tenantId, nodeId));
    if (!node) return undefined;
    if (this.known.size >= KEY_CACHE_NODES) this.known.clear();
    this.known.set(nodeId, { tenantId, node, until: now + KEY_CACHE_MS });
    return node;
  }

  private checkTimes({ iat, exp }: Claims): void {
    const now = this.clock.now();
    if ((exp - iat) * 1000 > TOKEN_LIFE_MS || exp <= iat) {
      throw agentTokenInvalid('The token must live for at most 60 seconds.');
    }
    if (iat * 1000 <= now + CLOCK_TOLERANCE_MS && exp * 1000 > now - CLOCK_TOLERANCE_MS) return;
    throw clockSkew(new Date(now).toISOString());
  }
}

const claimsSchema = z.object({
  iss: uuid,
  tenant: uuid,
  aud: z.literal(AGENT_AUDIENCE),
  iat: z.int().min(0),
  exp: z.int().min(0),
  jti: z.string().min(1).max(100),
  // Without it nobody could tell a node from its copy.
  boot: z.string().min(1).max(64),
});
type Claims = z.output<typeof claimsSchema>;

/** Not believed before the signature is checked; only used to find the key. */
function readClaims(token: string): Claims {
  try {
    const header = decodeProtectedHeader(token);
    const claims = claimsSchema.parse(decodeJwt(token));
    if (header.typ === AGENT_TOKEN_TYPE && header.kid === claims.iss) return claims;
  } catch {
    // What cannot be read is as wrong as what names another type.
  }
  throw agentTokenInvalid();
}

async function checkSignature(token: string, publicKey: string): Promise<void> {
  try {
    await compactVerify(token, readPublicKey(publicKey), { algorithms: ['EdDSA'] });
  } catch {
    throw agentTokenInvalid();
  }
}
