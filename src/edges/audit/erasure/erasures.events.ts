import { eventType } from '../../../platform/events/event.js';

/** Of the person nothing but the id: what these say stays. */
type About = { readonly personId: string };

const ofErasure = <Body extends About>(name: string) =>
  eventType<Body>({ name, subject: 'audit-erasure', audit: 'access' });

export const erasureRequested = ofErasure<About & { readonly reason: string }>(
  'audit-erasure-requested',
);
export const erasureConfirmed = ofErasure<About & { readonly pseudonym: string }>(
  'audit-erasure-confirmed',
);
export const erasureWithdrawn = ofErasure('audit-erasure-withdrawn');

/** All that could be reached is erased; and what could not. */
export const erasureDone = ofErasure<
  About & {
    readonly pseudonym: string;
    readonly entriesChanged: number;
    readonly valuesErased: number;
    readonly mentions: number;
    readonly outOfReach: Readonly<Record<string, number>>;
  }
>('audit-erasure-done');
