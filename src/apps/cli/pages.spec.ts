import { idOf } from './pages.js';

async function* items(
  ...all: { id: string; name: string; environment?: string; cluster?: string }[]
) {
  yield* all;
}

describe('a thing that is named on the command line', () => {
  const node = { id: 'a', name: 'node-1', environment: 'QA', cluster: 'default' };

  it('is found by its name, or is its id', async () => {
    expect(await idOf('node', 'node-1', items(node))).toBe('a');
    const id = '019a0000-0000-7000-8000-000000000000';
    expect(await idOf('node', id, items())).toBe(id);
  });

  it('is named with its ids and environments when there are several, with exit code 2', async () => {
    const other = { ...node, id: 'b', environment: 'Development' };
    await expect(idOf('node', 'node-1', items(node, other))).rejects.toMatchObject({
      exitCode: 2,
      message:
        'Several nodes are named "node-1"; give the id of one: a in QA/default, b in Development/default.',
    });
  });

  it('is refused with exit code 2 when there is none', async () => {
    await expect(idOf('node', 'node-2', items(node))).rejects.toMatchObject({ exitCode: 2 });
  });
});
