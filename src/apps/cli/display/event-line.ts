import type { DeploymentEvent } from '#sdk';
import { printable } from './printable.js';
import { clockText } from './times.js';

/** One event as one line; null: it says nothing that another line does not. */
export function eventLine(event: DeploymentEvent, isUtc: boolean): string | null {
  const text = sentenceOf(event);
  return text === null ? null : printable(`${clockText(event.at, isUtc)}  ${text}`);
}

function sentenceOf({ kind, step, actor, data }: DeploymentEvent): string | null {
  const text = (name: string) => (typeof data[name] === 'string' ? data[name] : '');
  const because = text('reason') ? `: ${text('reason')}` : '';
  const warnings = Array.isArray(data.warnings) ? (data.warnings as unknown[]).map(String) : [];
  const noted = warnings.length > 0 ? `. Note: ${warnings.join(' ')}` : '';
  switch (kind) {
    case 'created':
      return `requested by ${actor}${noted}`;
    case 'status-changed':
    case 'finished':
      return `${text('status')}${because}`;
    case 'requested':
      return `${actor} asked for ${text('verb')}${because}`;
    case 'step-started':
      return `${step ?? ''}: ${text('title')}`;
    case 'step-succeeded':
      return `${step ?? ''}: done${text('message') && `: ${text('message')}`}${noted}`;
    case 'step-failed':
      return `${step ?? ''}: failed: ${text('message')}`;
    case 'step-note':
      return `${step ?? ''}: ${text('message') || text('note') || 'note'}`;
    case 'approval':
      return approvalLine(data.event, actor, text);
    case 'undo-planned':
      return `rolling back what has moved${because}${noted}`;
    case 'replanned':
      return 'planned again: the nodes have changed';
    default:
      return null;
  }
}

function approvalLine(event: unknown, actor: string, text: (name: string) => string): string {
  const why = text('reason') || text('comment');
  const because = why ? `: ${why}` : '';
  switch (event) {
    case 'requested':
      return `approval: asked for until ${text('deadlineAt')}`;
    case 'given':
      return `approval: ${actor} approves${because}`;
    case 'rejected':
      return `approval: ${actor} rejects${because}`;
    case 'commented':
      return `approval: ${actor}${because}`;
    case 'withdrawn':
      return `approval: ${actor} withdraws${because}`;
    default:
      // Granted, reopened, voided, expired, replaced: the word says it.
      return `approval: ${String(event)}${because}`;
  }
}
