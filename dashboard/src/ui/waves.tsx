import { clsx } from 'clsx';
import type { Deployment } from '../api/deployments.ts';

type Wave = Deployment['progress']['waves'][number];

/** As it is shown: of what is over, no wave is under way. */
type State = Wave['state'] | 'left';

const standing = (wave: Wave, isOver: boolean): Omit<Wave, 'state'> & { state: State } =>
  isOver && isUnderWay(wave.state) ? { ...wave, state: 'left' } : wave;

const tones: Record<State, string> = {
  left: 'bg-sunken text-quiet',
  waiting: 'bg-sunken text-quiet',
  moving: 'bg-tide-soft text-tide',
  watching: 'bg-tide-soft text-tide',
  settled: 'bg-good-soft text-good',
  unstable: 'bg-bad-soft text-bad',
};
const words: Record<State, string> = {
  left: 'ended',
  waiting: 'waiting',
  moving: 'moving',
  watching: 'watched',
  settled: 'settled',
  unstable: 'unstable',
};

const isUnderWay = (state: State) => state === 'moving' || state === 'watching';

const nodesText = (count: number) => (count === 1 ? '1 node' : `${count} nodes`);

/** A rollout at one look: its waves side by side, each as wide as it has nodes, and how each stands. */
export function Waves({ waves, isOver }: { waves: readonly Wave[]; isOver: boolean }) {
  if (waves.length === 0) return null;
  return (
    <ol className="flex gap-1" aria-label="Waves">
      {waves
        .map((one) => standing(one, isOver))
        .map(({ wave, nodes, state }) => (
          <li
            key={wave}
            title={`Wave ${wave}: ${nodesText(nodes.length)}, ${words[state]}`}
            className={clsx('min-w-14 overflow-hidden rounded-md text-xs', tones[state])}
            style={{ flexGrow: Math.max(1, Math.sqrt(nodes.length)), flexBasis: 0 }}
          >
            <span className="block px-2 pt-1.5 font-semibold">Wave {wave}</span>
            <span className="block truncate px-2 pb-1">
              {nodes.length} · {words[state]}
            </span>
            <span
              aria-hidden
              className={clsx('block h-1.5', isUnderWay(state) ? 'under-way' : 'bg-current/25')}
            />
          </li>
        ))}
    </ol>
  );
}
