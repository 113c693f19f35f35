import { newId } from '../../kernel/ids.js';
import type { Hint } from '../../platform/queue/wake-up.js';
import { HintShare } from './hint-share.js';

describe('the share of a tenant in the hints of a process', () => {
  const flooding = newId();
  let looked: Hint[] = [];
  let end: (() => void)[] = [];

  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  const share = () =>
    new HintShare(
      3,
      async (key) => {
        looked.push(key);
        await new Promise<void>((resolve) => end.push(resolve));
      },
      pause,
    );
  const hint = (tenantId = flooding) => ({ kind: 'test', tenantId, id: newId() });

  beforeEach(() => {
    looked = [];
    end = [];
  });

  it('looks at so many of one tenant at once, and drops the rest, slowly', async () => {
    const hints = share();
    const taken = Array.from({ length: 3 }, () => hints.take(hint()));
    for (let more = 0; more < 50; more += 1) await hints.take(hint());
    expect(looked).toHaveLength(3);
    expect(pauses).toEqual(Array.from({ length: 50 }, () => 50));
    for (const done of end) done();
    await Promise.all(taken);
  });

  it("leaves other tenants' hints alone", async () => {
    const hints = share();
    const [other, third] = [hint(newId()), hint(newId())];
    const taken = [...Array.from({ length: 9 }, () => hint()), other, third].map((each) =>
      hints.take(each),
    );
    expect(looked).toEqual(expect.arrayContaining([other, third]));
    for (const done of end) done();
    await Promise.all(taken);
  });

  it('gives a place back when looking ends, also with an error', async () => {
    let fails = true;
    const hints = new HintShare(1, async (key) => {
      looked.push(key);
      if (fails) throw new Error('the database is away');
    });
    await expect(hints.take(hint())).rejects.toThrow('away');
    fails = false;
    await hints.take(hint());
    await hints.take(hint());
    expect(looked).toHaveLength(3);
  });
});
