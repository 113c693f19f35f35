import { type KeyObject, verify } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import { AGENT_AUDIENCE, AGENT_TOKEN_TYPE } from '../../../agent/protocol/protocol.js';
import type { Clock } from '../../../kernel/clock.js';
import { Grants } from '../../../kernel/grants.js';
import { newId } from '../../../kernel/ids.js';
import { uuid } from '../../../kernel/text.js';
import { CLOCK } from '../../../platform/clock.js';
import { Context } from '../../../platform/context.js';
import { AgentAuthenticator } from '../../../platform/http/agent-authenticator.js';
import { agentTokenInvalid, agentTokenMissing, clockSkew, nodeRevoked } from './agent.errors.js';
import { KnownNodes, type NodeStanding } from './known-nodes.js';
import { withBoot } from './node-context.js';
import { NodeDuplicates } from './node-duplicates.js';

const TOKEN_LIFE_MS = 60_000;
const CLOCK_TOLERANCE_MS = 30_000;
/** Honest tokens have some 400 characters. */
const TOKEN_CHARACTERS = 2_000;

/** Checks the tokens that nodes sign with their own keys (protocol.ts says what is in them). */
@Injectable()
export class NodeAuthenticator extends AgentAuthenticator {
  constructor(
    private readonly nodes: KnownNodes,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly duplicates: NodeDuplicates,
  ) {
    super();
  }

  async authenticate(request: FastifyRequest): Promise<Context> {
    const token = /^Bearer ([\w.-]+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined || token.length > TOKEN_CHARACTERS) {
      throw agentTokenMissing();
    }
    const claims = readClaims(token);
    const { iss: nodeId, tenant: tenantId, boot } = claims;
    const node = await this.nodes.identity(tenantId, nodeId);
    if (!node) throw agentTokenInvalid();
    checkSignature(token, node.publicKey);
    this.checkTimes(claims);
    const { asksForNode } = request.routeOptions.config;
    const standing = asksForNode
      ? this.nodes.rememberedStanding(nodeId)
      : await this.standingOf(claims);
    if (standing?.isRevoked) throw nodeRevoked();
    if (standing) {
      const { bootId } = standing;
      await this.duplicates.check({ nodeId, tenantId, name: node.name, bootId }, boot);
    }
    const context = new Context({
      tenantId,
      actor: { kind: 'node', id: nodeId, name: `node:${node.name}`, personId: null },
      grants: Grants.none,
      requestId: typeof request.id === 'string' && request.id !== '' ? request.id : newId(),
    });
    return withBoot(context, boot);
  }

  private async standingOf({ tenant, iss }: Claims): Promise<NodeStanding> {
    const standing = await this.nodes.standing(tenant, iss);
    if (!standing) throw agentTokenInvalid();
    return standing;
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
    const isOurs = header.typ === AGENT_TOKEN_TYPE && header.kid === claims.iss;
    // What must be understood is not: nothing but the plain form is signed by nodes.
    const isPlain = header.alg === 'EdDSA' && header.crit === undefined && !('b64' in header);
    if (isOurs && isPlain && token.split('.').length === 3) return claims;
  } catch {
    // What cannot be read is as wrong as what names another type.
  }
  throw agentTokenInvalid();
}

/** An Ed25519 signature over what stands before it; its header names no other way to sign. */
function checkSignature(token: string, publicKey: KeyObject): void {
  const end = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  if (verify(null, Buffer.from(token.slice(0, end)), publicKey, signature)) return;
  throw agentTokenInvalid();
}
