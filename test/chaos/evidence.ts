/**
 * What a node has written down itself, for each node that a violation names: a run on a machine that
 * is gone afterwards must have said why it failed.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from './world.js';

/** Of each node and source, the newest: enough for the last minute of one module. */
const MOST_LINES = 60;

export async function evidence(world: World, violations: readonly string[]): Promise<string[]> {
  const text = violations.join('\n');
  const named = world.nodes.filter(({ name }) => new RegExp(`\\b${name}\\b`).test(text));
  const lines: string[] = [];
  for (const { name } of named) {
    lines.push(...(await newest(join(world.effectsFolder, name))).map((line) => `did: ${line}`));
    const log = await newest(join(world.home, 'logs', `${name}.log`));
    lines.push(...log.map((line) => `${name}: ${line}`));
  }
  return lines;
}

async function newest(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean).slice(-MOST_LINES);
}
