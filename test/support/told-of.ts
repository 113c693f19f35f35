import { withClient } from './database.js';
import type { IdentityApp } from './identity-app.js';

/** What the logs of all tenants say of somebody, or of a thing. */
export function toldOf({ ground }: IdentityApp, subject: string): Promise<string[]> {
  return withClient(ground.database.superuser, async (client) => {
    const { rows } = await client.query<{ action: string }>(
      'select action from audit_entries where subject_id = $1 order by at, id',
      [subject],
    );
    return rows.map(({ action }) => action);
  });
}
