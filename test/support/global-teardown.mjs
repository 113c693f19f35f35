export default async function tearDown() {
  await globalThis.tidegateTestServers?.stop();
}
