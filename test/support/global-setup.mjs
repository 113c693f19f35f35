import './register-typescript.mjs';

export default async function setUp() {
  const { startServers } = await import('./servers.ts');
  globalThis.tidegateTestServers = await startServers();
}
