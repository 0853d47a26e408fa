import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { expect } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { Deadline } from "../../src/base/deadline.ts";
import { ForwardError } from "../../src/engine/engineErrors.ts";
import { ConnectionTable } from "../../src/forward/connectionTable.ts";
import { DescriptorBudget } from "../../src/forward/descriptorBudget.ts";
import { LocalClients } from "../../src/forward/localClients.ts";
import { never } from "../engine/contract/channels.ts";
import { until } from "../lab/until.ts";
import { attack, defer } from "./support/attackTest.ts";

/** Milliseconds for a request, in place of half a minute. */
const patience = 500;

interface Proxy {
  readonly port: number;
  readonly table: ConnectionTable;
  readonly budget: DescriptorBudget;
}

/** A SOCKS listener of a forward without a connection to a server, for clients that never get that far. */
async function proxy(): Promise<Proxy> {
  const table = new ConnectionTable(systemClock, () => {});
  const budget = new DescriptorBudget(400);
  const clients = new LocalClients({
    ...{ clock: systemClock, table, share: budget.share(), target: undefined, idleLimit: 0, run: never() },
    readyMaster: () => undefined,
    master: () => Promise.reject(new ForwardError("not-connected", "no connection in this test")),
    deadline: () => new Deadline(systemClock, patience, () => new ForwardError("not-connected", "too late")),
    onLoop: () => {},
  });
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    socket.on("error", () => {});
    void clients.serve(socket);
  });
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 });
  await once(server, "listening");
  defer(() => server.close());
  const address = server.address();
  return { port: typeof address === "object" ? (address?.port ?? 0) : 0, table, budget };
}

interface Client {
  readonly socket: Socket;
  readonly received: Buffer[];
  readonly closed: Promise<unknown>;
}

function client(port: number): Client {
  const socket = connect({ port, host: "127.0.0.1" });
  defer(() => socket.destroy());
  socket.on("error", () => {});
  const received: Buffer[] = [];
  socket.on("data", (data: Buffer) => received.push(data));
  return { socket, received, closed: new Promise((resolve) => socket.once("close", resolve)) };
}

const text = (length: number, letter = "x"): Buffer => Buffer.alloc(length, letter);
const bytes = (...parts: readonly (readonly number[] | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part)));
const greeting = [5, 1, 0];

attack.each<readonly [string, Buffer, string]>([
  ["has 255 methods, none of them without a password", bytes([5, 255], text(255, "\x02")), "05ff"],
  ["requests BIND", bytes(greeting, [5, 2, 0, 1, 127, 0, 0, 1, 0, 80]), "050005070001000000000000"],
  ["requests UDP ASSOCIATE", bytes(greeting, [5, 3, 0, 1, 0, 0, 0, 0, 0, 0]), "050005070001000000000000"],
  ["requests command 255", bytes(greeting, [5, 255, 0, 3, 1, 65, 0, 80]), "050005070001000000000000"],
  ["has an empty name", bytes(greeting, [5, 1, 0, 3, 0, 0, 80]), "050005080001000000000000"],
  [
    "has a name of 255 control characters",
    bytes(greeting, [5, 1, 0, 3, 255], text(255, "\x1b"), [0, 80]),
    "050005010001000000000000",
  ],
  [
    "has a name with a line break",
    bytes(greeting, [5, 1, 0, 3, 9], text(8, "a"), [10, 0, 80]),
    "050005010001000000000000",
  ],
  ["greets twice", bytes(greeting, greeting, [0]), "050005080001000000000000"],
  ["has a 4a name without an end", bytes([4, 1, 0, 80, 0, 0, 0, 1, 0], text(65_536)), "005b000000000000"],
  ["has a user without an end", bytes([4, 1, 0, 80, 1, 2, 3, 4], text(65_536)), "005b000000000000"],
  ["has a 4a name of control characters", bytes([4, 1, 0, 80, 0, 0, 0, 1, 0, 7, 7, 0]), "005b000000000000"],
  ["requests BIND of SOCKS 4", bytes([4, 2, 0, 80, 1, 2, 3, 4, 0]), "005b000000000000"],
  ["speaks TLS", bytes([22, 3, 1, 2, 0, 1], text(512)), ""],
  ["speaks SOCKS 6", bytes([6, 1, 0], text(65_536)), ""],
])("a client that %s gets the reply and is closed", { once: "one client" }, async (_, request, reply) => {
  const { port, table, budget } = await proxy();
  const { socket, received, closed } = client(port);
  socket.write(request);
  await closed;
  // Data that was not read turns the close into a reset, which may overtake the reply.
  expect([reply, ""]).toContain(Buffer.concat(received).toString("hex"));
  await until(() => budget.used === 0, "the end of the connection");
  expect(table.snapshot()).toMatchObject({
    ...{ openConnections: 0, failed: 1, sent: 0, received: 0 },
    lastFailure: { reason: "bad-socks" },
  });
});

attack("clients that send a byte now and then, without an end, are closed", { size: 12 }, async (size) => {
  const { port, table, budget } = await proxy();
  const request = bytes([5, 200], text(200, "\x02"));
  const slow = Array.from({ length: size }, () => client(port));
  let at = 0;
  const sending = setInterval(() => {
    for (const { socket } of slow) {
      socket.write(request.subarray(at, at + 1));
    }
    at++;
  }, 20);
  await Promise.all(slow.map(({ closed }) => closed)).finally(() => clearInterval(sending));
  await until(() => budget.used === 0, "the end of the connections");
  expect(table.snapshot()).toMatchObject({
    ...{ openConnections: 0, failed: size },
    lastFailure: { reason: "not-connected" },
  });
});

attack(
  "a client with all methods, one of them usable, that then says nothing is closed",
  { once: "one client" },
  async () => {
    const { port, table } = await proxy();
    const { socket, received, closed } = client(port);
    socket.write(bytes([5, 255], Buffer.from(Array.from({ length: 255 }, (_, index) => index))));
    await closed;
    expect(Buffer.concat(received).toString("hex")).toBe("0500");
    expect(table.snapshot()).toMatchObject({ openConnections: 0, failed: 1 });
  },
);
