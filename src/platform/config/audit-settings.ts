/** Settings about the audit log: who signs it, and where else it is kept. */
import { z } from 'zod';
import { setting } from './setting.js';

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
};
