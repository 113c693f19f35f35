import { Check, Copy } from 'lucide-react';
import { useState } from 'react';

/** A line for a terminal, to be copied. */
export function Command({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard.writeText(text).then(() => {
      setCopied(true);
      window.setTimeout(() => setCopied(false), 2_000);
    });
  };
  return (
    <div className="flex items-center gap-2 rounded-md bg-sunken py-1 pr-1 pl-3">
      <code
        className="min-w-0 flex-1 overflow-x-auto font-mono text-xs whitespace-nowrap select-all"
        tabIndex={0}
      >
        {text}
      </code>
      <button
        type="button"
        onClick={copy}
        aria-label={isCopied ? 'Copied' : `Copy: ${text}`}
        className="rounded p-1.5 hover:bg-surface"
      >
        {isCopied ? (
          <Check aria-hidden size={14} className="text-good" />
        ) : (
          <Copy aria-hidden size={14} />
        )}
      </button>
    </div>
  );
}
