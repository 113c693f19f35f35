import { clsx } from 'clsx';
import { type ComponentProps, type ReactNode, useId } from 'react';

const BOX =
  'rounded-md border border-line bg-surface px-2.5 py-1.5 text-[13px] placeholder:text-quiet aria-invalid:border-bad';

interface Told {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
}

function Frame({ label, hint, error, id, children }: Told & { id: string; children: ReactNode }) {
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-[13px] font-medium">
        {label}
      </label>
      {children}
      {error ? (
        <p id={`${id}-error`} className="mt-1 text-xs text-bad">
          {error}
        </p>
      ) : hint ? (
        <p className="mt-1 text-xs text-quiet">{hint}</p>
      ) : null}
    </div>
  );
}

export function Input({ label, hint, error, className, ...rest }: Told & ComponentProps<'input'>) {
  const id = useId();
  return (
    <Frame label={label} hint={hint} error={error} id={id}>
      <input
        {...rest}
        id={id}
        className={clsx(BOX, 'w-full', className)}
        aria-invalid={error !== undefined || undefined}
        aria-describedby={error ? `${id}-error` : undefined}
      />
    </Frame>
  );
}

export function TextArea({
  label,
  hint,
  error,
  className,
  ...rest
}: Told & ComponentProps<'textarea'>) {
  const id = useId();
  return (
    <Frame label={label} hint={hint} error={error} id={id}>
      <textarea
        rows={3}
        {...rest}
        id={id}
        className={clsx(BOX, 'w-full', className)}
        aria-invalid={error !== undefined || undefined}
        aria-describedby={error ? `${id}-error` : undefined}
      />
    </Frame>
  );
}

interface Choice extends ComponentProps<'select'> {
  readonly label: string;
  readonly options: readonly (readonly [value: string, words: string])[];
}

/** The browser's own: it works on phones and with every reader. */
export function Select({ label, options, className, ...rest }: Choice) {
  return (
    <select {...rest} aria-label={label} className={clsx(BOX, 'max-w-52', className)}>
      {options.map(([value, words]) => (
        <option key={value} value={value}>
          {words}
        </option>
      ))}
    </select>
  );
}
