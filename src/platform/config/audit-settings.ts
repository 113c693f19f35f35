/** Settings about the audit log: who signs it, and where else it is kept. */
import { z } from 'zod';
import { setting } from './setting.js';

/** In the clear to nobody but this machine. */
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

const anchorUrl = z
  .string()
  .max(2_048, 'at most 2048 characters')
  .refine(
    (value) => {
      if (!URL.canParse(value)) return false;
      const { protocol, hostname, username } = new URL(value);
      const isSafe = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
      return isSafe && username === '';
    },
    { error: 'an https URL without a user, like https://witness.example/tidegate' },
  );

export const auditSettings = {
  auditKeyFile: setting({
    env: 'TIDEGATE_AUDIT_KEY_FILE',
    group: 'Audit log',
    description:
      'A PEM file with the Ed25519 private key that signs the checkpoints of audit logs. Standalone mode makes one in TIDEGATE_HOME. Make one with `openssl genpkey -algorithm ed25519`, and give every API and worker process the same. Keep its public half where whoever checks the log can find it without this installation (docs/audit.md).',
    default: null,
    example: '/run/secrets/tidegate-audit.pem',
    schema: z.string().max(1024, 'a path of at most 1024 characters'),
  }),
  auditAnchorFolder: setting({
    env: 'TIDEGATE_AUDIT_ANCHOR_FOLDER',
    group: 'Audit log',
    description:
      'A folder where workers keep a copy of every checkpoint, besides the object store: best a mount that whoever runs the database cannot write to. API processes read it to check the log.',
    default: null,
    defaultNote: 'none: the object store only',
    example: '/mnt/witness/tidegate',
    schema: z.string().startsWith('/', 'an absolute path').max(1024, 'at most 1024 characters'),
  }),
  auditAnchorUrl: setting({
    env: 'TIDEGATE_AUDIT_ANCHOR_URL',
    group: 'Audit log',
    description:
      'Where workers post every checkpoint besides: a receiver of somebody else’s, by https (http to this machine alone), of an address that holds no secret. It may be inside; TIDEGATE_OUTBOUND_ALLOW has no say in it. Needs TIDEGATE_AUDIT_ANCHOR_SECRET_FILE. Give API processes the same, so that they know of it (docs/audit.md).',
    default: null,
    defaultNote: 'none',
    example: 'https://witness.example/tidegate',
    schema: anchorUrl,
  }),
  auditAnchorSecretFile: setting({
    env: 'TIDEGATE_AUDIT_ANCHOR_SECRET_FILE',
    group: 'Audit log',
    description:
      'A file with the secret by which what goes to TIDEGATE_AUDIT_ANCHOR_URL is signed, as Standard Webhooks have it: `echo "whsec_$(openssl rand -base64 32)"`. The receiver has the same.',
    default: null,
    example: '/run/secrets/tidegate-anchor',
    schema: z.string().max(1024, 'a path of at most 1024 characters'),
  }),
};
