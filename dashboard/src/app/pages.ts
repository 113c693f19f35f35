/**
 * The pages, in the order of the navigation: a page is a folder in ../pages and a line here
 * (docs/recipes/add-a-page.md). Router, navigation, palette and the browser tests read this list.
 */
import { Activity, ListTree, type LucideIcon, Stamp } from 'lucide-react';
import { type ComponentType, lazy } from 'react';
import type { Permission } from '../api/session.ts';

export interface Page {
  readonly path: string;
  readonly title: string;
  /** In the navigation, if it has one; pages of one thing are reached from its list. */
  readonly icon?: LucideIcon;
  /** Without it the page is not offered. */
  readonly permission: Permission;
  readonly body: ComponentType;
}

type Module = Promise<{ default: ComponentType }>;
const page = (
  path: string,
  title: string,
  permission: Permission,
  load: () => Module,
  icon?: LucideIcon,
): Page => ({ path, title, permission, body: lazy(load), ...(icon ? { icon } : {}) });

export const pages: readonly Page[] = [
  page('/', 'Overview', 'deployments:read', () => import('../pages/overview/page.tsx'), Activity),
  page(
    '/deployments',
    'Deployments',
    'deployments:read',
    () => import('../pages/deployments/page.tsx'),
    ListTree,
  ),
  page(
    '/deployments/$id',
    'Deployment',
    'deployments:read',
    () => import('../pages/deployment/page.tsx'),
  ),
  page(
    '/approvals',
    'Approvals',
    'approvals:read',
    () => import('../pages/approvals/page.tsx'),
    Stamp,
  ),
  page('/approvals/$id', 'Approval', 'approvals:read', () => import('../pages/approval/page.tsx')),
];
