import { Inject, Injectable } from '@nestjs/common';
import { newId } from '../../../kernel/ids.js';
import { publicKeyText, readPublicKey } from '../../../kernel/signature.js';
import {
  PROTOCOL,
  type EnrollRequest,
  type EnrollResponse,
} from '../../../agent/protocol/protocol.js';
import { Context, OpenContext } from '../../../platform/context.js';
import {
  lockCredential,
  tenantOfCredential,
  useCredential,
} from '../../../platform/credentials/credentials.store.js';
import { Database } from '../../../platform/database/database.js';
import { validationFailed } from '../../../platform/http/http.errors.js';
import {
  enrollmentNameMismatch,
  enrollmentTokenExpired,
  enrollmentTokenRevoked,
  enrollmentTokenUnknown,
  enrollmentTokenUsed,
  nodeKeyTaken,
  nodeNameTaken,
} from './agent.errors.js';
import { enrollmentTokenHash, type EnrollmentGrant } from './enrollment-token.js';
import { nodeEnrolled } from './nodes.events.js';
import { enrolledNode, isNameTaken } from './nodes.queries.js';
import { addNode, relabelNode } from './nodes.store.js';
import { STATEMENT_KEYS, type StatementKeys } from './statement-keys.js';

/**
 * A node joins with a single-use token and a key of its own. Repeating the call with the same key
 * answers the same, whatever became of the token: the first answer may have been lost on its way.
 */
@Injectable()
export class EnrollmentService {
  constructor(
    private readonly database: Database,
    @Inject(STATEMENT_KEYS) private readonly keys: StatementKeys,
  ) {}

  async enroll(request: EnrollRequest, requestId: string): Promise<EnrollResponse> {
    const publicKey = ownTextOf(request.publicKey);
    const hash = enrollmentTokenHash(request.token);
    const tenantId = await this.tenantOf(hash);
    const node = await this.database.transaction(
      Context.system(tenantId, 'enrollment', requestId),
      async (open) => this.join(open, hash, { ...request, publicKey }),
    );
    const serverKeys = this.keys.published.map((key) => ({ ...key }));
    return { protocol: PROTOCOL, tenantId, ...node, serverKeys };
  }

  private async tenantOf(hash: string): Promise<string> {
    const shown = { kind: 'enrollment' as const, hash };
    // The tenant is not known before the token is: the system's role may look.
    const tenantId = await this.database.system((tx) => tenantOfCredential(tx, shown));
    if (tenantId !== undefined) return tenantId;
    throw enrollmentTokenUnknown();
  }

  private async join(
    open: OpenContext,
    hash: string,
    request: EnrollRequest,
  ): Promise<{ nodeId: string; clusterId: string }> {
    const token = await lockCredential(open, hash);
    if (!token || token.isRevoked) {
      throw enrollmentTokenRevoked();
    }
    const grant = token.data as EnrollmentGrant;
    const { clusterId } = grant;
    if (token.isUsed) return this.sameAgain(open, grant, request);
    if (token.isExpired) {
      throw enrollmentTokenExpired();
    }
    if (grant.name !== null && grant.name !== request.name) {
      throw enrollmentNameMismatch(grant.name);
    }
    const { nodeId, isNew } = await this.insertNode(open, clusterId, request);
    await useCredential(open, hash, { nodeId });
    const { name, publicKey } = request;
    await open.record(nodeEnrolled(nodeId, { name, clusterId, publicKey, isNew }));
    return { nodeId, clusterId };
  }

  private async sameAgain(
    open: OpenContext,
    grant: EnrollmentGrant,
    request: EnrollRequest,
  ): Promise<{ nodeId: string; clusterId: string }> {
    const { name, publicKey } = request;
    const { nodeId } = grant;
    const node = nodeId && (await enrolledNode(open, { nodeId, name, publicKey }));
    if (node) return node;
    throw enrollmentTokenUsed();
  }

  /** A node that lost its identity file but not its key is still the same node. */
  private async insertNode(
    open: OpenContext,
    clusterId: string,
    request: EnrollRequest,
  ): Promise<{ nodeId: string; isNew: boolean }> {
    const { name, publicKey } = request;
    const node = { clusterId, name, publicKey, labels: JSON.stringify(request.labels) };
    const same = await relabelNode(open, node);
    if (same !== null) return { nodeId: same, isNew: false };
    const nodeId = newId();
    if (await addNode(open, nodeId, node)) return { nodeId, isNew: true };
    // Whose key it is, perhaps in another tenant, is nobody's business here.
    throw (await isNameTaken(open, clusterId, name)) ? nodeNameTaken(name) : nodeKeyTaken();
  }
}

/** Two texts may decode to the same key; one of them is kept. */
function ownTextOf(publicKey: string): string {
  try {
    return publicKeyText(readPublicKey(publicKey));
  } catch (error) {
    throw validationFailed(
      'publicKey must be the `x` of an Ed25519 JWK, 32 bytes as base64url, and not of small order.',
      { cause: error },
    );
  }
}
