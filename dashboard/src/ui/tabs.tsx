import { Tabs as Radix } from 'radix-ui';
import type { ReactNode } from 'react';

interface Props {
  readonly label: string;
  readonly chosen: string;
  readonly onChoose: (name: string) => void;
  readonly tabs: readonly (readonly [name: string, words: string, body: ReactNode])[];
}

export function Tabs({ label, chosen, onChoose, tabs }: Props) {
  const value = tabs.some(([name]) => name === chosen) ? chosen : tabs[0]![0];
  return (
    <Radix.Root
      value={value}
      onValueChange={onChoose}
      className="rounded-lg border border-line bg-surface"
    >
      <Radix.List aria-label={label} className="flex gap-1 border-b border-line px-2">
        {tabs.map(([name, words]) => (
          <Radix.Trigger
            key={name}
            value={name}
            className="-mb-px border-b-2 border-transparent px-3 py-2.5 text-[13px] text-quiet hover:text-ink data-[state=active]:border-tide data-[state=active]:font-medium data-[state=active]:text-ink"
          >
            {words}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map(([name, , body]) => (
        <Radix.Content key={name} value={name}>
          {body}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
