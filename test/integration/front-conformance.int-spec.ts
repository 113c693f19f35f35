import { readFile } from 'node:fs/promises';
import { freePort } from '../support/free-port.js';
import { FrontRig, table } from '../support/front-rig.js';
import { rawCases, type RawCase } from '../support/raw-cases.js';
import { exchange, RawService } from '../support/raw-http.js';

/** Raw bytes, direct and through the front: what is different stands in docs/agent.md, with its reason. */
describe('an exchange through the front is what it is without it', () => {
  let rig: FrontRig;
  let documentation: string;
  const services = new Map<string, { service: RawService; port: number }>();

  beforeAll(async () => {
    rig = await FrontRig.start();
    documentation = await readFile('docs/agent.md', 'utf8');
    const routes = [];
    for (const each of rawCases) {
      const service = await RawService.start(each);
      rig.onStop(() => service.stop());
      const port = await freePort();
      services.set(each.name, { service, port });
      const instance = { name: each.name.slice(0, 64), port: service.port };
      routes.push(...table(1, port, [targetOf(instance)], { moduleId: instance.name }).routes);
    }
    await rig.front.apply({ version: 1, routes });
  });
  afterAll(() => rig.stop());

  it('in fifty cases at least, each of its own name', () => {
    expect(rawCases.length).toBeGreaterThanOrEqual(50);
    expect(new Set(rawCases.map(({ name }) => name)).size).toBe(rawCases.length);
  });

  it.concurrent.each(rawCases)('$name', async (each: RawCase) => {
    const { service, port } = services.get(each.name)!;
    const direct = await exchange(service.port, each);
    const executedDirect = service.executed.length;
    const through = await exchange(port, each);
    const executed = service.executed.length - executedDirect;
    const known: Partial<NonNullable<RawCase['differs']>> = each.differs ?? {};
    const { because, executed: expected = executedDirect, ...differs } = known;
    const same = { ...direct, ...differs };
    // An answer of the front has its own text.
    if (differs.status !== undefined) Object.assign(same, own(through));
    expect({ ...through, executed }).toEqual({ ...same, executed: expected });
    if (because !== undefined)
      expect([because, documentation.includes(because)]).toEqual([because, true]);
  });
});

function targetOf({ name, port }: { name: string; port: number }) {
  return { instance: name, releaseId: 'release', port, weight: 100 };
}

function own({ fields, body, trailers }: Awaited<ReturnType<typeof exchange>>) {
  return { fields, body, trailers };
}
