import { beforeEach, describe, expect, it } from "vitest";
import { type EnvironmentChange, EnvironmentWatcher } from "../../../src/master/environmentWatcher.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";

describe("the machine's sleep and its addresses", () => {
  let clock: ManualClock;
  let addresses: string;
  let failure: Error | undefined;
  let logger: RecordingLogger;
  let watcher: EnvironmentWatcher;
  let changes: EnvironmentChange[];

  beforeEach(() => {
    clock = new ManualClock();
    addresses = "10.0.0.2/24";
    failure = undefined;
    logger = new RecordingLogger();
    watcher = new EnvironmentWatcher(
      clock,
      () => {
        if (failure !== undefined) {
          throw failure;
        }
        return addresses;
      },
      logger,
    );
    changes = [];
    watcher.onDidChange((change) => changes.push(change));
  });

  it("reports nothing while nothing happens", async () => {
    watcher.start();
    await clock.advance(100_000);
    expect(changes).toEqual([]);
  });

  it("still notices a wake-up if the system can't report its addresses, and logs that once", async () => {
    failure = new Error("uv_interface_addresses returned Unknown system error 97");
    watcher.start();
    await clock.advance(10_000);
    clock.sleep(60_000);
    await clock.advance(500);
    expect(changes).toEqual(["wake"]);
    expect(logger.lines).toHaveLength(1);
  });

  it("does not treat addresses that are readable again as new", async () => {
    watcher.start();
    await clock.advance(1000);
    failure = new Error("no netlink");
    await clock.advance(1000);
    failure = undefined;
    await clock.advance(1000);
    expect(changes).toEqual([]);
    addresses = "10.0.0.3/24";
    await clock.advance(1000);
    expect(changes).toEqual(["addresses"]);
  });

  it("reports a wake-up once, within half a second", async () => {
    watcher.start();
    await clock.advance(10_100);
    clock.sleep(60_000);
    await clock.advance(500);
    expect(changes).toEqual(["wake"]);
    await clock.advance(10_000);
    expect(changes).toEqual(["wake"]);
  });

  it.each(["now", "monotonic"] as const)(
    "reports a wake-up even if only the clock `%s` kept running",
    async (which) => {
      const still = clock[which === "now" ? "monotonic" : "now"].bind(clock);
      watcher.start();
      await clock.advance(10_000);
      clock.sleep(60_000);
      if (which === "now") {
        clock.monotonic = () => still() - 60_000;
      } else {
        clock.now = () => still() - 60_000;
      }
      await clock.advance(500);
      expect(changes).toEqual(["wake"]);
    },
  );

  it("does not mistake a busy moment for sleep", async () => {
    watcher.start();
    await clock.advance(10_000);
    clock.sleep(2_500);
    await clock.advance(10_000);
    expect(changes).toEqual([]);
  });

  it("reports each change of addresses once", async () => {
    watcher.start();
    await clock.advance(10_000);
    addresses = "";
    await clock.advance(10_000);
    addresses = "192.168.1.7/24";
    await clock.advance(10_000);
    expect(changes).toEqual(["addresses", "addresses"]);
  });

  it("checks only while started, and ignores earlier changes", async () => {
    watcher.start();
    watcher.start();
    expect(clock.pendingTimers).toBe(1);
    watcher.stop();
    expect(clock.pendingTimers).toBe(0);
    addresses = "192.168.1.7/24";
    clock.sleep(60_000);
    watcher.start();
    await clock.advance(10_000);
    expect(changes).toEqual([]);
    watcher.dispose();
    watcher.dispose();
    expect(clock.pendingTimers).toBe(0);
  });
});
