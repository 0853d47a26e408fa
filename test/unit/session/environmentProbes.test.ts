import { expect, test } from "vitest";
import { silentLogger } from "../../../src/base/log.ts";
import { EnvironmentWatcher } from "../../../src/master/environmentWatcher.ts";
import { probeAfterEnvironmentChanges } from "../../../src/session/environmentProbes.ts";
import { fakeStack, shell } from "../../support/fakeStack.ts";

test("connections are probed when the machine's addresses change, which is watched only while there are any", async () => {
  const { clock, engine, manager, registry } = fakeStack();
  let addresses = "192.0.2.1/24";
  let reads = 0;
  const watcher = new EnvironmentWatcher(
    clock,
    () => {
      reads++;
      return addresses;
    },
    silentLogger,
  );
  const probing = probeAfterEnvironmentChanges(watcher, { service: manager, registry, logger: silentLogger });
  await clock.advance(60_000);
  expect([reads, clock.pendingTimers]).toEqual([0, 0]);
  const session = await manager.open({ host: "web1", ...shell });
  await clock.advance(10_000);
  const connection = engine.connection();
  const before = connection.pings;
  addresses = "192.0.2.2/24";
  await clock.advance(10_000);
  expect(connection.pings).toBe(before + 1);
  connection.end({ reason: "lost" });
  await session.ended;
  await clock.advance(0);
  // The lost connection is still listed, but no longer watched.
  expect([manager.masters().length, clock.pendingTimers]).toEqual([1, 0]);
  await manager.open({ host: "web1", ...shell });
  probing.dispose();
  manager.killAll();
  await clock.advance(1000);
  expect(clock.pendingTimers).toBe(0);
});
