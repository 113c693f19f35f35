import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import type { ReactNode } from 'react';

interface Props {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly description?: ReactNode;
  readonly children: ReactNode;
}

export function Dialog({ isOpen, onClose, title, description, children }: Props) {
  return (
    <Radix.Root open={isOpen} onOpenChange={(open) => (open ? undefined : onClose())}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/45" />
        <Radix.Content
          {...(description ? {} : { 'aria-describedby': undefined })}
          className="fixed top-1/2 left-1/2 z-50 max-h-[88vh] w-[min(34rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 overflow-y-auto rounded-lg border border-line bg-surface p-5 shadow-xl"
        >
          <div className="mb-3 flex items-start justify-between gap-3">
            <div>
              <Radix.Title className="text-[15px] font-semibold">{title}</Radix.Title>
              {description ? (
                <Radix.Description className="mt-1 text-[13px] text-quiet">
                  {description}
                </Radix.Description>
              ) : null}
            </div>
            <Radix.Close aria-label="Close" className="rounded p-1 text-quiet hover:bg-sunken">
              <X aria-hidden size={16} />
            </Radix.Close>
          </div>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
