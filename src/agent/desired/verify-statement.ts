import { compactVerify, type CompactJWSHeaderParameters } from 'jose';
import { z } from 'zod';
import { DomainError, messageOf } from '../../kernel/errors.js';
import { readPublicKey } from '../../kernel/signature.js';
import { printable, uuid } from '../../kernel/text.js';
import type { Reason } from '../journal/journal.js';
import {
  DESIRED_TYPE,
  type DesiredModule,
  desiredModule,
  desiredStatement,
} from '../protocol/protocol.js';

export interface StatementExpectation {
  readonly serverKeys: readonly { kid: string; publicKey: string }[];
  readonly tenantId: string;
  readonly nodeId: string;
  readonly nonce: string;
  /** The revision accepted last. */
  readonly revision: number;
}

export interface VerifiedStatement {
  readonly revision: number;
  readonly reportIntervalMs: number;
  readonly trustedProxies: readonly string[];
  readonly modules: readonly DesiredModule[];
  /** Modules whose part of a genuine statement is not acceptable; the others still are. */
  readonly refused: readonly { moduleId: string; generation: number; reason: Reason }[];
}

/** Modules are read one by one, so that a field unknown to this agent stops only its own module. */
const envelope = desiredStatement.extend({ modules: z.array(z.unknown()).max(100) });
const heading = z.object({ moduleId: uuid, generation: z.int().min(0) });

/**
 * Is this statement from our control plane, for this node, and an answer to this very request?
 * Throws DomainError that names what is wrong; nothing of a statement that fails is believed.
 */
export async function verifyStatement(
  statement: string,
  expected: StatementExpectation,
): Promise<VerifiedStatement> {
  const payload = await verifySignature(statement, expected.serverKeys);
  const read = envelope.safeParse(payload);
  if (!read.success) {
    const isUnknownField = read.error.issues.some((issue) => issue.code === 'unrecognized_keys');
    const code = isUnknownField ? 'statement-unknown-field' : 'statement-invalid';
    throw refuse(code, z.prettifyError(read.error));
  }
  const { tenantId, nodeId, nonce, revision, reportIntervalMs, trustedProxies = [] } = read.data;
  if (tenantId !== expected.tenantId) throw refuse('statement-other-tenant', 'for another tenant');
  if (nodeId !== expected.nodeId) throw refuse('statement-other-node', 'for another node');
  if (nonce !== expected.nonce) {
    throw refuse('statement-replayed', 'it does not answer this request (nonce)');
  }
  if (revision < expected.revision) {
    throw refuse('statement-outdated', `revision ${revision} is below ${expected.revision}`);
  }
  return { revision, reportIntervalMs, trustedProxies, ...readModules(read.data.modules) };
}

function readModules(parts: readonly unknown[]): Pick<VerifiedStatement, 'modules' | 'refused'> {
  const modules: DesiredModule[] = [];
  const refused: { moduleId: string; generation: number; reason: Reason }[] = [];
  const seen = new Set<string>();
  for (const part of parts) {
    const head = heading.safeParse(part);
    if (!head.success) throw refuse('statement-invalid', 'a module without id or generation');
    const { moduleId, generation } = head.data;
    if (seen.has(moduleId)) throw refuse('statement-invalid', `${moduleId} occurs twice`);
    seen.add(moduleId);
    const read = desiredModule.safeParse(part);
    const reason = read.success ? shareProblem(read.data) : schemaProblem(read.error);
    if (read.success && !reason) modules.push(read.data);
    else if (reason) refused.push({ moduleId, generation, reason });
  }
  return { modules, refused };
}

function shareProblem(module: DesiredModule): Reason | null {
  const total = module.releases.reduce((sum, one) => sum + one.trafficPercent, 0);
  if (module.releases.length === 0 || total === 100) return null;
  return { code: 'traffic-invalid', message: `The shares of traffic add up to ${total}, not 100.` };
}

function schemaProblem(error: z.ZodError): Reason {
  const isUnknownField = error.issues.some((issue) => issue.code === 'unrecognized_keys');
  return {
    code: isUnknownField ? 'unknown-field' : 'module-invalid',
    message: printable(z.prettifyError(error).slice(0, 1000)),
  };
}

async function verifySignature(
  statement: string,
  serverKeys: StatementExpectation['serverKeys'],
): Promise<unknown> {
  const keyOf = (header: CompactJWSHeaderParameters) => {
    if (header.typ !== DESIRED_TYPE) throw new Error(`type ${String(header.typ)}`);
    // A fixed list from enrolment: the statement cannot bring or point at a key.
    const known = serverKeys.find((one) => one.kid === header.kid);
    if (!known) throw new Error(`unknown key ${String(header.kid)}`);
    return readPublicKey(known.publicKey);
  };
  try {
    const { payload } = await compactVerify(statement, keyOf, { algorithms: ['EdDSA'] });
    return JSON.parse(Buffer.from(payload).toString('utf8')) as unknown;
  } catch (error) {
    throw refuse('statement-signature', printable(messageOf(error).slice(0, 200)));
  }
}

function refuse(code: string, what: string): DomainError {
  return new DomainError('forbidden', code, `The desired state is refused: ${what}.`);
}
