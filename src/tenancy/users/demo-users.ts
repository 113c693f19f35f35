import type { Role } from '../../kernel/permission.js';

export interface DemoUser {
  readonly username: string;
  readonly password: string;
  readonly role: Role;
}

/** Printed on the sign-in page of a demo, which listens on loopback only. Never made elsewhere. */
export const DEMO_USERS: readonly DemoUser[] = [
  { username: 'admin', password: 'Admin123!', role: 'Admin' },
  { username: 'deployer', password: 'Deploy123!', role: 'Deployer' },
  { username: 'viewer', password: 'Viewer123!', role: 'Viewer' },
];
