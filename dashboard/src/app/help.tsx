import { Dialog } from '../ui/dialog.tsx';

const KEYS = [
  ['⌘K or Ctrl K', 'Go to a page or do something'],
  ['/', 'Search on this page'],
  ['?', 'This help'],
  ['Esc', 'Close what is open'],
] as const;

export function Help({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      title="Keys"
      description="Everything works with the keyboard alone."
    >
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 text-[13px]">
        {KEYS.map(([key, what]) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="rounded border border-line bg-sunken px-1.5 py-0.5 font-sans text-xs">
                {key}
              </kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p className="mt-4 text-[13px] text-quiet">
        The API behind this page:{' '}
        <a className="text-tide underline" href="/api/docs">
          its documentation
        </a>
        .
      </p>
    </Dialog>
  );
}
