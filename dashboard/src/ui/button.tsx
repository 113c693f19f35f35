import { clsx } from 'clsx';
import type { ComponentProps } from 'react';

type Look = 'plain' | 'main' | 'danger' | 'bare';

const looks: Record<Look, string> = {
  plain: 'border border-line bg-surface hover:bg-sunken',
  main: 'border border-transparent bg-tide text-surface hover:opacity-90',
  danger: 'border border-transparent bg-bad text-surface hover:opacity-90',
  bare: 'border border-transparent hover:bg-sunken',
};

interface Props extends ComponentProps<'button'> {
  readonly look?: Look;
  /** Why it cannot be used now. It stays in the order of focus, so that this is heard, too. */
  readonly why?: string | undefined;
}

export function Button({
  look = 'plain',
  why,
  className,
  onClick,
  type = 'button',
  ...rest
}: Props) {
  return (
    <button
      {...rest}
      type={type}
      title={why ?? rest.title}
      aria-disabled={why !== undefined || undefined}
      onClick={why === undefined ? onClick : (event) => event.preventDefault()}
      className={clsx(
        'inline-flex items-center justify-center gap-1.5 rounded-md px-3 py-1.5 text-[13px] font-medium whitespace-nowrap transition-colors',
        'disabled:cursor-not-allowed disabled:opacity-60',
        why === undefined
          ? looks[look]
          : 'cursor-not-allowed border border-line bg-sunken text-quiet',
        className,
      )}
    />
  );
}
