import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { expect } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { Deadline } from "../../src/base/deadline.ts";
import { parseForward } from "../../src/config/forwardSpec.ts";
import { ForwardError } from "../../src/engine/engineErrors.ts";
import { ConnectionTable } from "../../src/forward/connectionTable.ts";
import { DescriptorBudget } from "../../src/forward/descriptorBudget.ts";
import { LocalClients } from "../../src/forward/localClients.ts";
import { never } from "../engine/contract/channels.ts";
import { until } from "../lab/until.ts";
import { attack, defer, livingStack } from "./support/attackTest.ts";

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
    master: {
      current: undefined,
      ready: () => Promise.reject(new ForwardError("not-connected", "no connection in this test")),
    },
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
  /** It may also have failed. */
  readonly connected: Promise<unknown>;
  readonly closed: Promise<unknown>;
}

function client(port: number): Client {
  const socket = connect({ port, host: "127.0.0.1" });
  defer(() => socket.destroy());
  socket.on("error", () => {});
  const received: Buffer[] = [];
  socket.on("data", (data: Buffer) => received.push(data));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const connected = Promise.race([new Promise((resolve) => socket.once("connect", resolve)), closed]);
  return { socket, received, connected, closed };
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

attack(
  "half-open clients take their part of the budget, and another forward is served",
  { size: 300 },
  async (size) => {
    const { port, table, budget } = await proxy();
    const silent = Array.from({ length: size }, () => client(port));
    await Promise.all(silent.map(({ connected }) => connected));
    const other = budget.share();
    expect(budget.used).toBeLessThanOrEqual(300);
    expect(other.tryTake()).toBe(true);
    other.giveBack();
    await Promise.all(silent.map(({ closed }) => closed));
    await until(() => budget.used === 0, "the end of the connections");
    expect(table.snapshot()).toMatchObject({ openConnections: 0, failed: size });
  },
);

attack("clients that reset in the middle of their request leave nothing", { size: 40 }, async (size) => {
  const { port, table, budget } = await proxy();
  for (let count = 0; count < size; count += 20) {
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const { socket, connected, closed } = client(port);
        await connected;
        socket.write(bytes(greeting, [5, 1, 0, 3, 200, 65]).subarray(0, 1 + (index % 9)), () =>
          socket.resetAndDestroy(),
        );
        await closed;
      }),
    );
  }
  await until(() => budget.used === 0 && table.snapshot().failed === size, "the end of the connections");
  expect(table.snapshot().openConnections).toBe(0);
});

attack(
  "clients that leave before the reply leave nothing, and others are served",
  { size: 12 },
  async (size) => {
    const { forwards } = livingStack();
    const origin = { kind: "person" } as const;
    const { id, port = 0, state } = await forwards.start({ host: "lab", spec: parseForward("-D 0"), origin });
    defer(() => forwards.stop(id));
    expect(state.kind).toBe("listening");
    const target = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (data) => socket.end(data));
    });
    target.listen({ port: 0, host: "127.0.0.1" });
    await once(target, "listening");
    defer(() => target.close());
    const address = target.address();
    const at = typeof address === "object" ? (address?.port ?? 0) : 0;
    // The data follows the request at once.
    const request = bytes(greeting, [5, 1, 0, 1, 127, 0, 0, 1, at >> 8, at & 255], text(1000));
    const ends: ((socket: Socket) => void)[] = [
      (socket) => socket.resetAndDestroy(),
      (socket) => socket.destroy(),
      (socket) => socket.end(),
    ];
    for (let count = 0; count < size; count += ends.length) {
      await Promise.all(
        ends.map(async (end) => {
          const { socket, connected, closed } = client(port);
          await connected;
          socket.write(request, () => end(socket));
          await closed;
        }),
      );
    }
    const { socket, received, closed } = client(port);
    socket.write(request);
    await closed;
    expect(Buffer.concat(received).subarray(12).toString()).toBe("x".repeat(1000));
    await until(() => forwards.forward(id)?.openConnections === 0, "the end of the connections");
  },
);
