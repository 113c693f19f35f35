/** Faults that must not get in, and for each the check that must say so. */
import { checks } from './checks.js';
import { sources } from './sources.js';

export interface PlantedFault {
  readonly name: string;
  readonly file: string;
  /** From what the file says (nothing: it is new) to what it says with the fault. */
  readonly plant: (text: string) => string;
  readonly check: keyof typeof checks;
  readonly command: readonly string[];
  /** What the check has to say: red for another reason is not red. */
  readonly says: RegExp;
}

const STATEMENT = `import { statement } from '../platform/database/statement.js';\n`;
const DEEPER = STATEMENT.replace('../', '../../');
const planted = (types: string, sql: string) =>
  `export const planted = statement<${types}>('planted.statement', \`${sql}\`);\n`;

const IN_STORE = 'src/fleet/planted.store.ts';
const COLUMNS = 'has the parameters and the columns';

/** Any one with routes that need a permission. */
const controller = sources().find(
  ({ file, text }) => file.endsWith('.controller.ts') && text.includes('access: Permission.'),
)!.file;

export const plantedFaults: readonly PlantedFault[] = [
  {
    name: 'a statement outside a store',
    file: 'src/fleet/planted.service.ts',
    plant: () => `export const planted = (open: any) => open.tx.query('select 1');\n`,
    check: 'lint',
    command: checks.lint(['src/fleet/planted.service.ts']),
    says: /house\/sql-in-stores/,
  },
  {
    name: 'a literal spread',
    file: 'src/fleet/planted.service.ts',
    plant: () => `export const planted = { ...{ verison: 1 } };\n`,
    check: 'lint',
    command: checks.lint(['src/fleet/planted.service.ts']),
    says: /house\/no-literal-spreads/,
  },
  {
    name: 'an upward import',
    file: 'src/kernel/planted.ts',
    plant: () => `import '../platform/context.js';\n`,
    check: 'imports',
    command: checks.imports(['src/kernel/planted.ts']),
    says: /no-upward-import-from-kernel: src\/kernel\/planted/,
  },
  {
    name: 'a statement outside a transaction',
    file: 'src/fleet/planted.store.ts',
    plant: () => `import type { Context } from '../platform/context.js';
      export const planted = (ctx: Context) => ctx.tx.query('select 1');\n`,
    check: 'types',
    command: checks.types(),
    says: /planted\.store\.ts.* Property 'tx' does not exist on type 'Context'/,
  },
  {
    name: 'a second writer of a table',
    file: IN_STORE,
    plant: () => STATEMENT + planted('{}', 'update runs set pokes = 1'),
    check: 'owners',
    command: checks.owners('is written by the stores of its owner'),
    says: /\+ +"src\/fleet\/planted\.store\.ts runs"/,
  },
  {
    name: 'a second writer of the journal',
    file: 'src/deployments/runs/planted.store.ts',
    plant: () => DEEPER + planted('{}', 'insert into journal (seq) values (1)'),
    check: 'owners',
    command: checks.owners('has one writer'),
    says: /\+ +"src\/deployments\/runs\/planted\.store\.ts"/,
  },
  {
    name: 'an upward join',
    file: 'src/fleet/planted.queries.ts',
    plant: () =>
      STATEMENT + planted('{}', 'select 1 from clusters c join deployments d on d.id = c.id'),
    check: 'owners',
    command: checks.owners('is read from its owner'),
    says: /\+ +"src\/fleet\/planted\.queries\.ts deployments"/,
  },
  {
    name: 'a column that does not exist',
    file: IN_STORE,
    plant: () => STATEMENT + planted('{}, { nmae: string }', 'select nmae from clusters'),
    check: 'readSql',
    command: checks.readSql(COLUMNS),
    says: /planted\.statement: column \\?"nmae\\?" does not exist/,
  },
  {
    name: 'a row of another type',
    file: IN_STORE,
    plant: () => STATEMENT + planted('{}, { name: number }', 'select name from clusters'),
    check: 'readSql',
    command: checks.readSql(COLUMNS),
    says: /planted\.statement: the column \\?"name\\?" is number/,
  },
  {
    name: 'a parameter that is missing',
    file: IN_STORE,
    plant: () =>
      STATEMENT + planted('{}, { name: string }', 'select name from clusters where id = :id'),
    check: 'readSql',
    command: checks.readSql(COLUMNS),
    says: /the parameter \\?"id\\?" is in the statement, not in the type/,
  },
  {
    name: 'an entity with a column that does not exist',
    file: 'src/fleet/planted.entity.ts',
    plant: () => `import { Column, Entity, PrimaryColumn } from 'typeorm';
      @Entity({ name: 'clusters' })
      export class PlantedEntity {
        @PrimaryColumn({ name: 'tenant_id', type: 'uuid' }) tenantId: string;
        @PrimaryColumn({ type: 'uuid' }) id: string;
        @Column({ type: 'text' }) plantedColumn: string;
      }\n`,
    check: 'entities',
    command: checks.entities(),
    says: /\+ +"name": "planted_?column"/i,
  },
  {
    name: 'a forged cursor that is answered with page 1',
    file: 'src/platform/http/page.ts',
    plant: (text) =>
      text.replace(
        /throw cursorInvalid\(\);\n {2}\}\n {2}if \(made/,
        'return null!;\n  }\n  if (made',
      ),
    check: 'paging',
    command: checks.paging('refuses what is no cursor'),
    says: /✕ refuses what is no cursor/,
  },
  {
    name: 'an event that must be heard, and is not',
    file: 'src/platform/events/heard.ts',
    plant: (text) => `${text}
      import { eventType } from './event.js';
      eventType({ name: 'planted-event', subject: 'fault', mustBeHeard: true });\n`,
    check: 'start',
    command: checks.start('refuses a caller who is not signed in'),
    says: /nobody listens to what must be heard: planted-event/,
  },
  {
    name: 'a route without a permission',
    file: controller,
    plant: (text) =>
      `import { Get as PlantedGet } from '@nestjs/common';\n${text}`.replace(
        /^ {2}constructor\(/m,
        `  @PlantedGet('planted')\n  planted() {\n    return 1;\n  }\n\n$&`,
      ),
    check: 'start',
    command: checks.start('refuses a caller who is not signed in'),
    says: /put exactly one of @Allow/,
  },
];
