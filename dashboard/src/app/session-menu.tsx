import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { ChevronDown } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useState } from 'react';
import { api, bodyOf } from '../api/client.ts';
import { tenantsQuery, useForget, useMe } from '../api/session.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Problem } from '../ui/problem.tsx';
import { prefer, type Preferences, usePreferences } from './preferences.ts';
import { Sessions } from './sessions.tsx';

const ITEM =
  'flex cursor-pointer items-center gap-2 rounded px-2.5 py-1.5 text-[13px] outline-none data-[highlighted]:bg-sunken data-[disabled]:cursor-default data-[disabled]:text-quiet';
const LABEL = 'px-2.5 pt-2 pb-1 text-[11px] font-medium text-quiet';

export function SessionMenu({ onHelp }: { onHelp: () => void }) {
  const me = useMe();
  const navigate = useNavigate();
  const forget = useForget();
  const [isListing, setListing] = useState(false);
  const leave = useMutation({
    mutationFn: () => bodyOf(api.POST('/api/v1/authentication/browser/logout')),
    onSuccess: () => forget(null),
  });
  const switching = useMutation({
    mutationFn: (tenant: string) =>
      bodyOf(api.POST('/api/v1/authentication/browser/switch-tenant', { body: { tenant } })),
    onSuccess: ({ user }) => {
      forget(user);
      void navigate({ to: '/' });
    },
  });
  const error = leave.error ?? switching.error;
  return (
    <>
      <DropdownMenu.Root>
        <DropdownMenu.Trigger className="flex items-center gap-1.5 rounded-md px-2 py-1 text-[13px] hover:bg-sunken">
          <span className="max-w-40 truncate">
            {me?.username} <span className="text-quiet">in {me?.tenant}</span>
          </span>
          <ChevronDown aria-hidden size={14} />
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content
            align="end"
            sideOffset={6}
            className="z-40 min-w-56 rounded-lg border border-line bg-surface p-1 shadow-lg"
          >
            <Tenants onSwitch={switching.mutate} />
            <Shown />
            <DropdownMenu.Separator className="my-1 h-px bg-line" />
            <DropdownMenu.Item className={ITEM} onSelect={() => setListing(true)}>
              Your sessions
            </DropdownMenu.Item>
            <DropdownMenu.Item className={ITEM} onSelect={onHelp}>
              Keys and help
            </DropdownMenu.Item>
            <DropdownMenu.Item className={ITEM} onSelect={() => leave.mutate()}>
              Sign out
            </DropdownMenu.Item>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      <Sessions isOpen={isListing} onClose={() => setListing(false)} />
      <Dialog
        isOpen={error !== null}
        onClose={() => (leave.reset(), switching.reset())}
        title="That did not work"
      >
        {error ? <Problem error={error} /> : null}
      </Dialog>
    </>
  );
}

function Tenants({ onSwitch }: { onSwitch: (slug: string) => void }) {
  const tenants = useQuery(tenantsQuery).data?.items ?? [];
  if (tenants.length < 2) return null;
  return (
    <DropdownMenu.Group>
      <DropdownMenu.Label className={LABEL}>Tenant</DropdownMenu.Label>
      {tenants.map(({ slug, name, isCurrent }) => (
        <DropdownMenu.CheckboxItem
          key={slug}
          checked={isCurrent}
          className={ITEM}
          onSelect={() => (isCurrent ? undefined : onSwitch(slug))}
        >
          <span aria-hidden className="w-3">
            {isCurrent ? '✓' : ''}
          </span>
          {name}
        </DropdownMenu.CheckboxItem>
      ))}
    </DropdownMenu.Group>
  );
}

const THEMES: readonly (readonly [Preferences['theme'], string])[] = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];
const ZONES: readonly (readonly [Preferences['zone'], string])[] = [
  ['local', 'Your own zone'],
  ['UTC', 'UTC'],
];

function Shown() {
  const { theme, zone } = usePreferences();
  return (
    <>
      <DropdownMenu.Label className={LABEL}>Look</DropdownMenu.Label>
      <DropdownMenu.RadioGroup
        value={theme}
        onValueChange={(value) => prefer({ theme: value as Preferences['theme'] })}
      >
        {THEMES.map(([value, words]) => (
          <Radio key={value} value={value} words={words} />
        ))}
      </DropdownMenu.RadioGroup>
      <DropdownMenu.Label className={LABEL}>Times</DropdownMenu.Label>
      <DropdownMenu.RadioGroup
        value={zone}
        onValueChange={(value) => prefer({ zone: value as Preferences['zone'] })}
      >
        {ZONES.map(([value, words]) => (
          <Radio key={value} value={value} words={words} />
        ))}
      </DropdownMenu.RadioGroup>
    </>
  );
}

function Radio({ value, words }: { value: string; words: string }) {
  return (
    <DropdownMenu.RadioItem value={value} className={ITEM}>
      <span aria-hidden className="w-3">
        <DropdownMenu.ItemIndicator>✓</DropdownMenu.ItemIndicator>
      </span>
      {words}
    </DropdownMenu.RadioItem>
  );
}
