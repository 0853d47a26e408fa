import { expect, test } from "vitest";
import { openForwardChannel, probeByChannel } from "../../../../src/engine/channels/clientChannels.ts";
import { prepareSession, startSession } from "../../../../src/engine/channels/sessionRequests.ts";
import { peerSends } from "../../../support/channelMessages.ts";
import { loneEnd } from "../../../support/channelPipe.ts";
import { ManualClock, settle } from "../../../support/manualClock.ts";

const never = new AbortController().signal;
const from = { host: "127.0.0.1", port: 1 };

test("a probe is a session without a window, which is closed at once", async () => {
  const end = loneEnd();
  const before = performance.now();
  const probe = probeByChannel(end.table, never);
  const [open] = end.sentOf(90);
  expect(open?.readUInt32BE(1 + 4 + "session".length + 4)).toBe(0);
  end.table.receive(peerSends.confirmation(0, 7));
  const took = await probe;
  expect(took).toBeGreaterThanOrEqual(0);
  expect(took).toBeLessThanOrEqual(performance.now() - before);
  expect(end.sentOf(97)).toEqual([peerSends.close(7)]);
});

test("a refusal is a reply to a probe, too, but the end of the connection is none", async () => {
  const end = loneEnd();
  const refused = probeByChannel(end.table, never);
  end.table.receive(peerSends.failure(0));
  expect(await refused).toBeGreaterThanOrEqual(0);
  const lost = probeByChannel(end.table, never);
  end.table.end();
  await expect(lost).rejects.toMatchObject({ reason: "connection-ended" });
});

test("a forward opens the kind of channel that its target needs", () => {
  const end = loneEnd();
  void openForwardChannel(end.table, { type: "tcp", host: "db", port: 5432 }, from, 100, never).catch(
    () => {},
  );
  void openForwardChannel(end.table, { type: "unix", path: "/run/db" }, from, 100, never).catch(() => {});
  expect(end.sentOf(90).map((open) => open.toString("latin1", 5, 5 + open.readUInt32BE(1)))).toEqual([
    ...["direct-tcpip", "direct-streamlocal@openssh.com"],
  ]);
});

/** The requests of a session on an open channel, and its start. */
async function starting(spec: Parameters<typeof prepareSession>[0]) {
  const end = loneEnd();
  const opening = end.table.open("session", 1000, Buffer.alloc(0), never);
  end.table.receive(peerSends.confirmation(0, 7));
  const channel = await opening;
  const clock = new ManualClock();
  return {
    end,
    channel,
    clock,
    started: startSession(channel, prepareSession(spec, false, 1000), clock, never),
  };
}

test.each([
  [{ type: "shell" }, "shell"],
  [{ type: "exec", command: "id" }, "exec"],
  [{ type: "subsystem", name: "sftp" }, "subsystem"],
] as const)("without a terminal, %j is one request", async (request, name) => {
  const { end, channel, started } = await starting({ request, env: {} });
  end.table.receive(peerSends.success(0));
  await started;
  expect(channel.details().requests.map((each) => each.name)).toEqual([name]);
});

test("a refused program and a closed channel are failures that name the request; the command did not run", async () => {
  for (const [answer, message] of [
    [peerSends.requestFailed(0), "The server refused exec"],
    [peerSends.close(0), "The server closed the channel instead of starting exec"],
  ] as const) {
    const { end, started } = await starting({ request: { type: "exec", command: "id" }, env: {} });
    end.table.receive(answer);
    const failure: unknown = await started.catch((error: unknown) => error);
    expect(failure).toMatchObject({ reason: "request-failed", message });
    expect(failure).not.toMatchObject({ mayHaveStarted: true });
  }
});

test("a connection that ends after the request leaves open whether the command ran", async () => {
  const { end, started } = await starting({ request: { type: "exec", command: "id" }, env: {} });
  end.table.end();
  await expect(started).rejects.toMatchObject({ reason: "connection-ended", mayHaveStarted: true });
});

test("a request may be as large as the server's largest message, and not larger", () => {
  // Message number, recipient, length and text of the name, want-reply, length of the command.
  const head = 1 + 4 + 4 + "exec".length + 1 + 4;
  const prepare = (command: string) =>
    prepareSession({ request: { type: "exec", command }, env: {} }, false, head + 100);
  expect(prepare("x".repeat(100)).start.payload).toHaveLength(4 + 100);
  expect(() => prepare("x".repeat(101))).toThrow(
    expect.objectContaining({ reason: "request-too-large", limit: head + 100 }),
  );
});

test.each([
  ["refuses", peerSends.requestFailed(0), false],
  ["accepts", peerSends.success(0), true],
])("a server that %s a command after 5 s has it running until then", async (_, reply, stays) => {
  const { end, channel, clock, started } = await starting({
    request: { type: "exec", command: "id" },
    env: {},
  });
  await clock.advance(5_000);
  await started;
  expect(channel.isOpen).toBe(true);
  end.table.receive(reply);
  await settle();
  expect([channel.isOpen, [...end.table.forgiven]]).toEqual([stays, []]);
});
