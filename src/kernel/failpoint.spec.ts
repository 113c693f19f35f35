import { armFailpoints, commitNames, failpoint, failpoints } from './failpoint.js';

describe('failpoints', () => {
  afterEach(() => armFailpoints(undefined));

  it('do nothing, and are nothing to wait for, until they are armed', () => {
    expect(failpoint('signal.publish:before')).toBeUndefined();
  });

  it('tell what is armed where it is, and let its error through', async () => {
    const seen: unknown[] = [];
    armFailpoints(async (at, about) => {
      seen.push([at, about]);
      if (about === 'accept') throw new Error('broken on purpose');
    });
    await failpoint('database.commit:before', 'lease');
    await expect(failpoint('database.commit:after', 'accept')).rejects.toThrow('on purpose');
    expect(seen).toEqual([
      ['database.commit:before', 'lease'],
      ['database.commit:after', 'accept'],
    ]);
  });

  it('have names that occur once', () => {
    for (const names of [failpoints, commitNames]) expect(new Set(names).size).toBe(names.length);
  });
});
