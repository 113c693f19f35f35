import type { Client } from './client.js';

/** What an environment does with a deployment where another one is not over; all else stays. */
export async function setOnConflict(
  client: Client,
  environment: string,
  onConflict: 'queue' | 'supersede' | 'reject',
): Promise<void> {
  const path = `/environments/${environment}`;
  const { defaults, allowedStrategies, signaturePolicy, version } = (await client.get(path)).body;
  const rules = { defaults, allowedStrategies, signaturePolicy, onConflict };
  const { status, body } = await client.put(path, rules, { 'if-match': `"${version}"` });
  if (status !== 200) throw new Error(`${onConflict} was refused: ${JSON.stringify(body)}`);
}
