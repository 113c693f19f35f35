import { useQuery } from '@tanstack/react-query';
import {
  type DeploymentFilter,
  environmentsQuery,
  modulesQuery,
  STATUSES,
} from '../../api/deployments.ts';
import { useHolds } from '../../api/session.ts';
import { Select } from '../../ui/field.tsx';
import { statusWords } from '../../ui/status.tsx';

interface Props {
  readonly filter: DeploymentFilter;
  readonly onChange: (changes: Record<string, string | undefined>) => void;
}

type Option = readonly [string, string];

/** What is chosen is among the choices, even if nobody could read them. */
function optionsOf(all: string, names: readonly string[], chosen: string | undefined): Option[] {
  const known = chosen && !names.includes(chosen) ? [chosen, ...names] : names;
  return [['', all], ...known.map((name): Option => [name, name])];
}

export function Filters({ filter, onChange }: Props) {
  const seesEnvironments = useHolds('environments:read');
  const seesModules = useHolds('releases:read');
  const environments =
    useQuery({ ...environmentsQuery, enabled: seesEnvironments }).data?.items ?? [];
  const modules = useQuery({ ...modulesQuery, enabled: seesModules }).data?.items ?? [];
  const { status, environment, module } = filter;
  return (
    <form role="search" aria-label="Filter deployments" className="ml-auto flex flex-wrap gap-2">
      <Select
        label="Module"
        data-search
        value={module ?? ''}
        onChange={(event) => onChange({ module: event.target.value })}
        options={optionsOf(
          'All modules',
          modules.map(({ name }) => name),
          module,
        )}
      />
      <Select
        label="Environment"
        value={environment ?? ''}
        onChange={(event) => onChange({ environment: event.target.value })}
        options={optionsOf(
          'All environments',
          environments.map(({ name }) => name),
          environment,
        )}
      />
      <Select
        label="Status"
        value={status ?? ''}
        onChange={(event) => onChange({ status: event.target.value })}
        options={[['', 'Every status'], ...STATUSES.map((one): Option => [one, statusWords(one)])]}
      />
    </form>
  );
}
