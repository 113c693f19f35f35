import { setTimeout as pause } from 'node:timers/promises';
import { DomainError, messageOf } from '../../kernel/errors.js';
import type { AgentOptions } from '../agent-options.js';
import { PROTOCOL } from '../protocol/protocol.js';
import { placeOf } from '../protocol/token-place.js';
import { Backoff } from '../transport/backoff.js';
import { type ControlPlane, ServerRefusal } from '../transport/control-plane.js';
import { type NodeIdentity, type NodeKey, readIdentity, writeIdentity } from './identity.js';

/** The stored identity, or the one that enrolling now gives. Waits for a server that is away. */
export async function ensureEnrolled(
  options: AgentOptions,
  key: NodeKey,
  controlPlane: ControlPlane,
  signal: AbortSignal,
): Promise<NodeIdentity> {
  const stored = await readIdentity(options.directory);
  if (stored) {
    refuseOtherNode(options, stored);
    return stored;
  }
  if (options.token === undefined) {
    throw new DomainError(
      'invalid',
      'token-missing',
      'This node is not enrolled yet: give --token, --token-file or TIDEGATE_ENROLLMENT_TOKEN.',
    );
  }
  const answer = await enrollPatiently(options, options.token, key, controlPlane, signal);
  const { tenantId, nodeId, clusterId, serverKeys } = answer;
  const server = options.server.href;
  const place = placeOf(options.token)?.name;
  const identity = {
    server,
    name: options.name,
    ...(place === undefined ? {} : { place }),
    tenantId,
    nodeId,
    clusterId,
    serverKeys,
  };
  await writeIdentity(options.directory, identity);
  options.log.info({ nodeId, tenantId }, 'enrolled');
  return identity;
}

/** Whoever gives a token means the place that it leads to; the folder's own node would join another. */
function refuseOtherNode(options: AgentOptions, stored: NodeIdentity): void {
  const node = `${options.directory} belongs to the node "${stored.name}"${stored.place === undefined ? '' : ` in ${stored.place}`} (${stored.nodeId})`;
  if (stored.name !== options.name) {
    throw otherNode(`${node}; give --name ${stored.name}, or another --dir.`);
  }
  const place = options.token === undefined ? undefined : placeOf(options.token);
  if (place === undefined || place.clusterId === stored.clusterId) return;
  throw otherNode(
    `${node}, and the enrolment token is for ${place.name}: give another --dir for a node there, or no token to go on with this one.`,
  );
}

function otherNode(message: string): DomainError {
  return new DomainError('conflict', 'other-node', message);
}

/** The token is not to blame: nobody has looked at it. */
function notTidegate({ server }: AgentOptions, refusal: ServerRefusal): DomainError {
  return new DomainError(
    'invalid',
    'enrolment-refused',
    `${server.href} answered ${refusal.status}, and not as Tidegate does. Is --server its address, with the path that it has behind a proxy?`,
    { cause: refusal },
  );
}

async function enrollPatiently(
  options: AgentOptions,
  token: string,
  key: NodeKey,
  controlPlane: ControlPlane,
  signal: AbortSignal,
) {
  const backoff = new Backoff(500, 15_000);
  for (;;) {
    try {
      return await controlPlane.enroll({
        protocol: PROTOCOL,
        token,
        publicKey: key.publicKey,
        name: options.name,
        labels: { ...options.labels },
      });
    } catch (error) {
      // A wrong or used token is 401 here, and no waiting makes it right.
      if (error instanceof ServerRefusal && (error.isFinal || error.status === 401)) {
        if (!error.isOurs) throw notTidegate(options, error);
        throw new DomainError(
          'forbidden',
          'enrolment-refused',
          `The server refused to enrol "${options.name}": ${error.message} (${error.code}). Make a new token and try again.`,
          { cause: error },
        );
      }
      const waitMs = backoff.nextMs();
      options.log.warn({ reason: messageOf(error), waitMs }, 'cannot enrol yet; trying again');
      await pause(waitMs, undefined, { signal });
    }
  }
}
