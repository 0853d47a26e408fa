import { expect, test } from "vitest";
import { FileError } from "../../../src/base/fileErrors.ts";
import type { LocalFiles } from "../../../src/base/localFiles.ts";
import { FolderPoller } from "../../../src/config/folderPoller.ts";
import { ManualClock, settle } from "../../support/manualClock.ts";

function setUp() {
  const clock = new ManualClock();
  const stamps = new Map([
    ["/nfs", "1"],
    ["/nfs/config", "1"],
  ]);
  const world = { clock, stamps, hangs: false, looks: 0, changes: 0 };
  const stat = async (path: string): Promise<{ stamp: string }> => {
    world.looks++;
    if (world.hangs) {
      throw new FileError("unresponsive", path, "it does not answer");
    }
    const stamp = stamps.get(path);
    if (stamp === undefined) {
      throw new FileError("missing", path, "it is missing");
    }
    return { stamp };
  };
  const files = { stat } as unknown as LocalFiles;
  const poller = new FolderPoller(
    files,
    clock,
    "/nfs",
    () => ["/nfs/config"],
    () => world.changes++,
  );
  return { world, poller, clock, stamps };
}

test("a file that changes, disappears and returns is noticed, once each", async () => {
  const { world, clock, stamps } = setUp();
  await settle();
  await clock.advance(30_000);
  expect(world.changes).toBe(0);
  stamps.set("/nfs/config", "2");
  await clock.advance(10_000);
  expect(world.changes).toBe(1);
  stamps.delete("/nfs/config");
  await clock.advance(10_000);
  expect(world.changes).toBe(2);
  stamps.set("/nfs/config", "3");
  await clock.advance(20_000);
  expect(world.changes).toBe(3);
});

test("a file system that does not reply counts as unchanged; a change meanwhile is noticed when it replies again", async () => {
  const { world, clock, stamps } = setUp();
  await settle();
  world.hangs = true;
  stamps.set("/nfs/config", "2");
  await clock.advance(30_000);
  expect(world.changes).toBe(0);
  world.hangs = false;
  await clock.advance(10_000);
  expect(world.changes).toBe(1);
});

test("nothing is read after it is disposed, and no timer is left", async () => {
  const { world, poller, clock } = setUp();
  await settle();
  poller.close();
  const looks = world.looks;
  await clock.advance(60_000);
  expect(world.looks).toBe(looks);
});
