import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Command } from 'cmdk';
import { modulesQuery } from '../api/deployments.ts';
import { useHolds, useMe } from '../api/session.ts';
import { Dialog } from '../ui/dialog.tsx';
import { pages } from './pages.ts';
import { prefer, usePreferences } from './preferences.ts';

const ITEM =
  'flex cursor-pointer items-center rounded px-2.5 py-1.5 text-[13px] data-[selected=true]:bg-tide-soft data-[selected=true]:text-tide';

export function Palette({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const navigate = useNavigate();
  const me = useMe();
  const readsReleases = useHolds('releases:read');
  const modules = useQuery({ ...modulesQuery, enabled: isOpen && readsReleases });
  const { theme, zone } = usePreferences();
  const go = (to: string, search?: Record<string, string>) => {
    onClose();
    void navigate({ to, search: search });
  };
  const does = (work: () => void) => () => {
    work();
    onClose();
  };
  const offered = pages.filter(
    ({ icon, permission }) => icon && me?.permissions.includes(permission),
  );
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Go to or do">
      <Command label="Go to or do">
        <Command.Input
          autoFocus
          placeholder="A page, a module, an action"
          className="mb-2 w-full rounded-md border border-line bg-surface px-2.5 py-2 text-[13px] placeholder:text-quiet"
        />
        <Command.List className="max-h-80 overflow-y-auto">
          <Command.Empty className="p-3 text-[13px] text-quiet">
            Nothing is called so.
          </Command.Empty>
          {offered.map(({ path, title }) => (
            <Command.Item
              key={path}
              value={`page ${title}`}
              className={ITEM}
              onSelect={() => go(path)}
            >
              {title}
            </Command.Item>
          ))}
          {modules.data?.items.map(({ id, name }) => (
            <Command.Item
              key={id}
              value={`module ${name}`}
              className={ITEM}
              onSelect={() => go('/deployments', { module: name })}
            >
              Deployments of {name}
            </Command.Item>
          ))}
          <Command.Item
            className={ITEM}
            value="theme light dark"
            onSelect={does(() => prefer({ theme: theme === 'dark' ? 'light' : 'dark' }))}
          >
            Switch to {theme === 'dark' ? 'light' : 'dark'}
          </Command.Item>
          <Command.Item
            className={ITEM}
            value="time zone utc local"
            onSelect={does(() => prefer({ zone: zone === 'UTC' ? 'local' : 'UTC' }))}
          >
            Show times in {zone === 'UTC' ? 'your own zone' : 'UTC'}
          </Command.Item>
        </Command.List>
      </Command>
    </Dialog>
  );
}
