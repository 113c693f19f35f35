/** Where C2SP tlog-tiles keeps a tile: `0/x001/234`, `1/000.p/7`, `entries/x001/234.p/7`. Pure. */
import { TILE_LEVELS, TILE_WIDTH } from '../../../kernel/tlog/tree-proofs.js';

export interface TilePath {
  /** `entries`: the entries themselves, below level 0. */
  readonly level: number | 'entries';
  readonly position: number;
  readonly width: number;
}

/** Null for what is no path of a tile, the tile's number spelled otherwise than it must be included. */
export function parseTilePath(level: string, rest: readonly string[]): TilePath | null {
  const parts = [...rest];
  let width = TILE_WIDTH;
  const partial = /^(\d{3})\.p$/.exec(parts.at(-2) ?? '');
  if (partial) {
    const text = parts.pop()!;
    if (!/^[1-9]\d{0,2}$/.test(text) || Number(text) >= TILE_WIDTH) return null;
    width = Number(text);
    parts.splice(-1, 1, partial[1]!);
  }
  const position = positionIn(parts);
  const at = levelIn(level);
  return position === null || at === null ? null : { level: at, position, width };
}

function levelIn(level: string): TilePath['level'] | null {
  if (level === 'entries') return level;
  return /^\d$/.test(level) && Number(level) < TILE_LEVELS ? Number(level) : null;
}

function positionIn(parts: readonly string[]): number | null {
  const last = parts.at(-1);
  const above = parts.slice(0, -1);
  if (last === undefined || !/^\d{3}$/.test(last)) return null;
  if (!above.every((part) => /^x\d{3}$/.test(part)) || above[0] === 'x000') return null;
  const digits = [...above.map((part) => part.slice(1)), last].join('');
  return digits.length > 12 ? null : Number(digits);
}
