/** What goes out as OCSF, judged by the schema itself: `ocsf-json-schema` and `jsonschema` from PyPI. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { OCSF_VERSION, ocsfOf } from '../../src/edges/audit/streams/ocsf.js';
import { newId } from '../../src/kernel/ids.js';
import type { EntryFields } from '../../src/kernel/tlog/audit-leaf.js';
import { declaredEvents } from '../../src/platform/events/event.js';
import { foreignProgram, installPackage, oneInstallAtATime } from '../support/installed-program.js';
// All that can happen is declared where the modules are loaded.
import '../../src/apps/api/api.module.js';

const run = promisify(execFile);
const PACKAGES = ['ocsf-json-schema==1.2.0', 'jsonschema==4.25.1'];

/** A line for each event that is not as its class has it. */
const JUDGE = `
import json, sys
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from jsonschema import Draft202012Validator
schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(sys.argv[1]))
judges = {}
for event in json.load(open(sys.argv[2])):
    uid = event['class_uid']
    if uid not in judges:
        name = schema.lookup_class_name_from_uid(uid)
        judges[uid] = Draft202012Validator(schema.get_class_schema(name))
    for error in judges[uid].iter_errors(event):
        print(event['metadata']['event_code'], list(error.path), error.message[:300])
print('judged', len(judges))
`;

let home: string;
beforeAll(async () => {
  const python = await foreignProgram({ name: 'python3', package: 'python3' });
  home = await mkdtemp(join(tmpdir(), 'tidegate-ocsf-'));
  const make = () => run(python, ['-m', 'venv', home]);
  await make().catch(async () => {
    await oneInstallAtATime(() => installPackage('python3-venv', () => undefined));
    await make();
  });
  await run(join(home, 'bin', 'pip'), ['install', '--quiet', ...PACKAGES], { timeout: 300_000 });
}, 700_000);
afterAll(async () => {
  if (home) await rm(home, { recursive: true, force: true });
});

async function judged(events: readonly object[]): Promise<string[]> {
  const file = join(home, 'events.json');
  await writeFile(file, JSON.stringify(events));
  const { stdout } = await run(join(home, 'bin', 'python'), ['-c', JUDGE, OCSF_VERSION, file]);
  return stdout.trim().split('\n');
}

const entryOf = (more: Partial<EntryFields>): EntryFields => ({
  version: 2,
  id: newId(),
  tenantId: newId(),
  at: '2026-11-30T10:15:00.000Z',
  category: 'deployment',
  action: 'deployment-created',
  outcome: 'allowed',
  actor: { kind: 'user', id: newId(), name: 'lea' },
  actingFor: null,
  subject: { kind: 'deployment', id: newId() },
  sourceAddress: '2001:db8::7',
  userAgent: 'curl/8',
  requestId: newId(),
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  releaseId: null,
  deploymentId: null,
  body: { before: { list: [1, null] }, after: {} },
  ...more,
});
const told = { sequence: 7, version: '0.1.0' };

it('finds no fault with any event that there is, whoever did it and whatever came of it', async () => {
  const kinds = ['user', 'access-key', 'workload', 'directory', 'node', 'system', null];
  const types = declaredEvents().filter(({ audit }) => audit !== undefined);
  expect(types.length).toBeGreaterThan(100);
  const events = types.flatMap(({ eventName: action, subject: kind, audit }, at) => {
    const subject = { kind, id: kind === 'user' && at % 2 ? 'ana' : newId() };
    const category = audit!;
    const outcome = (['allowed', 'denied', 'failed'] as const)[at % 3]!;
    const actor = { kind: kinds[at % kinds.length]!, id: at % 5 ? newId() : null, name: 'x' };
    const named = { category, action, outcome, subject, actor };
    const bare = { sourceAddress: null, userAgent: null, requestId: null, traceId: null };
    return [ocsfOf(entryOf(named), told), ocsfOf(entryOf({ ...named, ...bare }), told)];
  });
  expect(await judged(events)).toEqual(['judged 5']);
}, 120_000);

it('would find one', async () => {
  const event = ocsfOf(entryOf({}), told);
  const faults = await judged([
    { ...event, class_name: undefined, surprise: 1 },
    { ...event, api: undefined },
    { ...event, activity_id: 77 },
  ]);
  expect(faults).toHaveLength(4);
}, 60_000);
