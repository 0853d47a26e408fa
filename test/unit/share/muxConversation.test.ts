import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MuxConversation } from "../../../src/share/muxConversation.ts";
import { ManualClock } from "../../support/manualClock.ts";

let folder: string;
let clock: ManualClock;
let server: ReturnType<typeof createServer>;
let client: Socket;
let served: Socket;
let conversation: MuxConversation;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "conversation-"));
  clock = new ManualClock();
  server = createServer();
  server.listen(join(folder, "s"));
  await once(server, "listening");
  const accepted = once(server, "connection");
  client = connect(join(folder, "s"));
  client.pause();
  client.on("error", () => {});
  [served] = (await accepted) as [Socket];
  conversation = new MuxConversation({
    ...{ socket: served, clock },
    attach: () => undefined,
    elsewhere: async () => undefined,
    attached: () => {},
    closed: () => {},
    full: () => {},
    refused: () => {},
  });
});

afterEach(async () => {
  served.destroy();
  client.destroy();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const queued = Buffer.alloc(8 * 1024 * 1024, 1);

test("a client that reads nothing after its end loses what is queued for it, after a while", async () => {
  served.write(queued);
  conversation.dispose();
  await clock.advance(29_999);
  expect([served.destroyed, served.writableLength > 0]).toEqual([false, true]);
  await clock.advance(1);
  expect(served.destroyed).toBe(true);
});

test("a client that reads gets all that is queued, and no timer stays", async () => {
  served.write(queued);
  const closed = once(served, "close");
  conversation.dispose();
  let read = 0;
  client.on("data", (data: Buffer) => {
    read += data.length;
  });
  const ended = once(client, "end");
  client.resume();
  await Promise.all([ended, closed]);
  expect(read).toBeGreaterThanOrEqual(queued.length);
  expect(clock.pendingTimers).toBe(0);
});
