import type { Command } from 'commander';
import { download } from '../audit/download-export.js';
import { countOf, filterOf, type FilterOptions, withFilters } from '../audit/filter-options.js';
import { examples, type Actions } from '../cli.js';

interface ExportOptions extends FilterOptions {
  readonly file?: string;
  readonly from?: string;
}

export function addAuditExport(audit: Command, { act }: Actions): void {
  withFilters(
    audit
      .command('export')
      .description(
        'Write the log as JSON lines, which "audit verify --file" proves without a server.',
      ),
  )
    .option('--file <file>', 'where to, continuing one that was cut off; default: stdout')
    .option('--from <sequence>', 'from that entry on; without it from the first')
    .addHelpText(
      'after',
      examples(
        'tidegate audit export --file audit.jsonl',
        'tidegate audit export --from 120000 --file december.jsonl',
        'tidegate audit export --category approval --since 90d --file approvals.jsonl',
      ),
    )
    .action(
      act((cli, { file, from, ...options }: ExportOptions) =>
        download(cli, {
          file: file ?? null,
          from: from === undefined ? null : countOf(from, '--from'),
          filter: filterOf(options, Date.now()),
        }),
      ),
    );
}
