import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { engineNames } from "../../src/config/engineNames.ts";
import { parseForward } from "../../src/config/forwardSpec.ts";
import { freePort } from "../lab/freePort.ts";
import { SshClient } from "../lab/sshClient.ts";
import type { SshdOptions } from "../lab/sshdConfig.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { type BySide, bySide, equally, type Side } from "../support/besideSsh.ts";
import { type TestStack, testStack } from "../support/testStack.ts";

/** Returns received data in upper case once the other side has ended. */
function shouting(server: Server): Server {
  return server.on("connection", (socket) => {
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (data) => {
      text += data.toString("latin1");
    });
    socket.on("end", () => socket.end(text.toUpperCase(), "latin1"));
  });
}

async function listening(
  where: { readonly port: number; readonly host: string } | { readonly path: string },
) {
  const server = shouting(createServer({ allowHalfOpen: true }));
  server.listen(where);
  await once(server, "listening");
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** The reply to `text`; `refused`: no listener; `closed`: ended without a reply. */
async function ask(
  where: { readonly port: number; readonly host: string } | { readonly path: string },
  text: string | Uint8Array = "hello",
): Promise<string> {
  const socket = connect({ ...where, allowHalfOpen: true });
  let code = "";
  socket.on("error", (error: NodeJS.ErrnoException) => {
    code = error.code ?? "";
  });
  const got: Buffer[] = [];
  socket.on("data", (data: Buffer) => got.push(data));
  socket.end(text);
  await new Promise((resolve) => socket.once("close", resolve));
  return code === "ECONNREFUSED" || code === "ENOENT"
    ? "refused"
    : got.length === 0
      ? "closed"
      : Buffer.concat(got).toString("latin1");
}

/**
 * The addresses of this computer at which it answers, and how. 127.0.0.2 answers only for a listener on all
 * addresses.
 */
async function reach(port: number): Promise<string> {
  const hosts = ["127.0.0.1", "127.0.0.2", "::1"];
  return (await Promise.all(hosts.map((host) => ask({ port, host })))).join(" ");
}

/**
 * A SOCKS 5 request for a port of 127.0.0.1, with text after it in the same piece; the data after the server's
 * replies. The client ends its side only then: `ssh` drops a client that ends it earlier.
 */
async function askSocks(port: number, target: number): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  let got = Buffer.alloc(0);
  const answers = 12;
  socket.on("data", (data: Buffer) => {
    got = Buffer.concat([got, data]);
    if (got.length >= answers) {
      socket.end();
    }
  });
  socket.on("end", () => socket.end());
  const request = [5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, target >> 8, target & 255];
  socket.write(Buffer.from([...request, ...Buffer.from("hello")]));
  await new Promise((resolve) => socket.once("close", resolve));
  return got.subarray(answers).toString("latin1") || "closed";
}

type Place = "open" | "strict" | "closed" | "gateway";

interface Case {
  readonly title: string;
  readonly at: Place;
  /** As for ssh. `port` is its listening port; the others are targets. */
  readonly forward: (port: number, side: Side) => string;
  readonly see: (port: number, side: Side) => Promise<string>;
  readonly result: string;
  /** Occupies a port at this address. */
  readonly takenAt?: string;
}

describe("what a server allows over each engine, compared with ssh", () => {
  const hosts = new Map<Place, SshdHost>();
  const stacks: TestStack[] = [];
  const clients: SshClient[] = [];
  const servers: Server[] = [];
  const ports = new Map<Case, BySide<number>>();
  let permitted: BySide<number>;
  let target = 0;
  let other = 0;
  let six = 0;
  let down = 0;
  let folder = "";

  const everywhere = "HELLO HELLO HELLO";
  const loopback = "HELLO refused HELLO";
  const nowhere = "refused refused refused";
  const socket = (name: string, side: Side): string => join(folder, `${name}-${side}.sock`);
  const cases: readonly Case[] = [
    // Local listeners.
    ...(
      [
        ["no address", (port) => `-L ${port}`, loopback],
        ["localhost", (port) => `-L localhost:${port}`, loopback],
        ["an IPv4 address", (port) => `-L 127.0.0.2:${port}`, "refused HELLO refused"],
        ["an IPv6 address", (port) => `-L [::1]:${port}`, "refused refused HELLO"],
        ["an empty address", (port) => `-L :${port}`, everywhere],
        ["a star", (port) => `-L *:${port}`, everywhere],
        ["every IPv4 address", (port) => `-L 0.0.0.0:${port}`, "HELLO HELLO refused"],
        ["every IPv6 address", (port) => `-L [::]:${port}`, "refused refused HELLO"],
      ] as const satisfies readonly (readonly [string, (port: number) => string, string])[]
    ).map(
      ([name, at, result]): Case => ({
        title: `-L at ${name}`,
        at: "open",
        forward: (port) => `${at(port)}:127.0.0.1:${target}`,
        see: reach,
        result,
      }),
    ),
    {
      title: "-L at a port whose IPv4 address another program uses: the other one is kept",
      at: "open",
      forward: (port) => `-L ${port}:127.0.0.1:${target}`,
      see: (port) => ask({ port, host: "::1" }),
      result: "HELLO",
      takenAt: "127.0.0.1",
    },
    {
      title: "-L at a port whose IPv6 address another program uses: the other one is kept",
      at: "open",
      forward: (port) => `-L ${port}:127.0.0.1:${target}`,
      see: (port) => ask({ port, host: "127.0.0.1" }),
      result: "HELLO",
      takenAt: "::1",
    },
    {
      title: "-L at a unix socket",
      at: "open",
      forward: (_, side) => `-L ${socket("local", side)}:127.0.0.1:${target}`,
      see: (_, side) => ask({ path: socket("local", side) }),
      result: "HELLO",
    },
    {
      title: "-L with a header of 64 KB",
      at: "open",
      forward: (port) => `-L ${port}:127.0.0.1:${target}`,
      see: async (port) => {
        const header = `GET / HTTP/1.1\r\nCookie: ${"x".repeat(65_536)}\r\n\r\n`;
        const answer = await ask({ port, host: "127.0.0.1" }, header);
        return answer === header.toUpperCase() ? "the same" : `${answer.length} bytes`;
      },
      result: "the same",
    },
    {
      title: "-D with a user name of 64 KB",
      at: "open",
      forward: (port) => `-D ${port}`,
      see: (port) =>
        ask(
          { port, host: "127.0.0.1" },
          Buffer.concat([Buffer.from([4, 1, 0, 80, 1, 1, 1, 1]), Buffer.alloc(65_536, "u")]),
        ).then(
          // The request is refused by a close or by a negative reply.
          (answer) => (answer === "closed" || answer.charCodeAt(1) === 91 ? "refused" : answer),
        ),
      result: "refused",
    },
    {
      title: "-D, everything in one piece",
      at: "open",
      forward: (port) => `-D ${port}`,
      see: (port) => askSocks(port, target),
      result: "HELLO",
    },
    // Listeners on the server.
    ...(
      [
        ["no address", "open", (port) => `-R ${port}`, loopback],
        ["localhost", "open", (port) => `-R localhost:${port}`, loopback],
        ["a star under GatewayPorts clientspecified", "open", (port) => `-R *:${port}`, everywhere],
        ["an empty address under GatewayPorts clientspecified", "open", (port) => `-R :${port}`, everywhere],
        [
          "an address under GatewayPorts clientspecified",
          "open",
          (port) => `-R 127.0.0.2:${port}`,
          "refused HELLO refused",
        ],
        ["no address under GatewayPorts yes", "gateway", (port) => `-R ${port}`, everywhere],
        ["localhost under GatewayPorts yes", "gateway", (port) => `-R localhost:${port}`, everywhere],
        ["a star under GatewayPorts no", "strict", (port) => `-R *:${port}`, nowhere],
      ] as const satisfies readonly (readonly [string, Place, (port: number) => string, string])[]
    ).map(
      ([name, at, text, result]): Case => ({
        title: `-R at ${name}`,
        at,
        forward: (port) => `${text(port)}:127.0.0.1:${target}`,
        see: reach,
        result,
      }),
    ),
    {
      title: "-R to a local IPv6 address",
      at: "open",
      forward: (port) => `-R ${port}:[::1]:${six}`,
      see: (port) => ask({ port, host: "127.0.0.1" }),
      result: "HELLO",
    },
    {
      title: "-R to a name that this computer resolves",
      at: "open",
      forward: (port) => `-R ${port}:localhost:${target}`,
      see: (port) => ask({ port, host: "127.0.0.1" }),
      result: "HELLO",
    },
    {
      title: "-R to a closed port",
      at: "open",
      forward: (port) => `-R ${port}:127.0.0.1:${down}`,
      see: (port) => ask({ port, host: "127.0.0.1" }),
      result: "closed",
    },
    {
      title: "-R to an unknown name",
      at: "open",
      forward: (port) => `-R ${port}:no-such-host.invalid:80`,
      see: (port) => ask({ port, host: "127.0.0.1" }),
      result: "closed",
    },
    {
      title: "-R to a local unix socket",
      at: "open",
      forward: (port) => `-R ${port}:${join(folder, "target.sock")}`,
      see: (port) => ask({ port, host: "127.0.0.1" }),
      result: "HELLO",
    },
    {
      title: "-R at a unix socket of the server",
      at: "open",
      forward: (_, side) => `-R ${socket("remote", side)}:127.0.0.1:${target}`,
      see: (_, side) => ask({ path: socket("remote", side) }),
      result: "HELLO",
    },
    {
      title: "-R at a port in use on the server",
      at: "open",
      forward: (port) => `-R ${port}:127.0.0.1:${down}`,
      see: (port) => ask({ port, host: "127.0.0.1" }),
      // The reply of that other program.
      result: "HELLO",
      takenAt: "127.0.0.1",
    },
    {
      title: "-R with a header of 64 KB",
      at: "open",
      forward: (port) => `-R ${port}:127.0.0.1:${target}`,
      see: async (port) => `${(await ask({ port, host: "127.0.0.1" }, "h".repeat(65_536))).length} bytes`,
      result: "65536 bytes",
    },
    {
      title: "-R without a target is a SOCKS server",
      at: "open",
      forward: (port) => `-R ${port}`,
      see: (port) => askSocks(port, target),
      result: "HELLO",
    },
    {
      title: "-R without a target, and a client requests a closed port",
      at: "open",
      forward: (port) => `-R ${port}`,
      see: (port) => askSocks(port, down),
      result: "closed",
    },
    {
      title: "-R without a target, and a client that speaks HTTP",
      at: "open",
      forward: (port) => `-R ${port}`,
      see: (port) => ask({ port, host: "127.0.0.1" }, "GET / HTTP/1.0\r\n\r\n"),
      result: "closed",
    },
    // What the server forbids.
    {
      title: "PermitOpen lists the target",
      at: "strict",
      forward: (port) => `-L ${port}:127.0.0.1:${target}`,
      see: reach,
      result: loopback,
    },
    {
      title: "PermitOpen does not list the target",
      at: "strict",
      forward: (port) => `-L ${port}:127.0.0.1:${other}`,
      see: (port) => ask({ port, host: "127.0.0.1" }),
      result: "closed",
    },
    {
      title: "PermitOpen lists the target of a SOCKS client",
      at: "strict",
      forward: (port) => `-D ${port}`,
      see: (port) => askSocks(port, target),
      result: "HELLO",
    },
    {
      title: "PermitOpen does not list the target of a SOCKS client",
      at: "strict",
      forward: (port) => `-D ${port}`,
      see: (port) => askSocks(port, other),
      result: "closed",
    },
    {
      title: "PermitListen lists the port",
      at: "strict",
      forward: (_, side) => `-R ${permitted[side]}:127.0.0.1:${target}`,
      see: (_, side) => ask({ port: permitted[side], host: "127.0.0.1" }),
      result: "HELLO",
    },
    {
      title: "PermitListen does not list the port",
      at: "strict",
      forward: (port) => `-R ${port}:127.0.0.1:${target}`,
      see: reach,
      result: nowhere,
    },
    {
      title: "-L under AllowTcpForwarding no",
      at: "closed",
      forward: (port) => `-L ${port}:127.0.0.1:${target}`,
      see: (port) => ask({ port, host: "127.0.0.1" }),
      result: "closed",
    },
    {
      title: "-D under AllowTcpForwarding no",
      at: "closed",
      forward: (port) => `-D ${port}`,
      see: (port) => askSocks(port, target),
      result: "closed",
    },
    {
      title: "-R under AllowTcpForwarding no",
      at: "closed",
      forward: (port) => `-R ${port}:127.0.0.1:${target}`,
      see: reach,
      result: nowhere,
    },
    {
      title: "-R without a target under AllowTcpForwarding no",
      at: "closed",
      forward: (port) => `-R ${port}`,
      see: reach,
      result: nowhere,
    },
    {
      title: "-L to a unix socket under AllowStreamLocalForwarding no",
      at: "closed",
      forward: (port) => `-L ${port}:${join(folder, "target.sock")}`,
      see: (port) => ask({ port, host: "127.0.0.1" }),
      result: "closed",
    },
    {
      title: "-R at a unix socket under AllowStreamLocalForwarding no",
      at: "closed",
      forward: (_, side) => `-R ${socket("forbidden", side)}:127.0.0.1:${target}`,
      see: (_, side) => ask({ path: socket("forbidden", side) }),
      result: "refused",
    },
    {
      title: "-L to a port under GatewayPorts yes of the server, which does not apply to our side",
      at: "gateway",
      forward: (port) => `-L ${port}:127.0.0.1:${target}`,
      see: reach,
      result: loopback,
    },
  ];

  beforeAll(async () => {
    const made = [
      await listening({ port: 0, host: "127.0.0.1" }),
      await listening({ port: 0, host: "127.0.0.1" }),
      await listening({ port: 0, host: "::1" }),
    ];
    servers.push(...made);
    [target, other, six] = made.map(portOf) as [number, number, number];
    down = await freePort();
    permitted = await bySide(() => freePort());
    const rules: Readonly<Record<Place, SshdOptions>> = {
      open: { GatewayPorts: "clientspecified" },
      gateway: { GatewayPorts: "yes" },
      strict: {
        PermitOpen: `127.0.0.1:${target}`,
        PermitListen: Object.values(permitted)
          .map((port) => `localhost:${port}`)
          .join(" "),
      },
      closed: { AllowTcpForwarding: "no", AllowStreamLocalForwarding: "no" },
    };
    await Promise.all(
      Object.entries(rules).map(async ([place, sshd]) => {
        hosts.set(place as Place, await startSshd({ sshd }));
      }),
    );
    folder = hosts.get("open")?.folder ?? "";
    servers.push(await listening({ path: join(folder, "target.sock") }));
    for (const each of cases) {
      const found = await bySide(() => freePort());
      ports.set(each, found);
      for (const port of each.takenAt === undefined ? [] : Object.values(found)) {
        servers.push(await listening({ port, host: each.takenAt ?? "" }));
      }
    }
    await Promise.all([...hosts].map(([place, host]) => forwardAll(place, host)));
  });

  afterAll(async () => {
    await Promise.all(clients.map((client) => client.stop()));
    await Promise.all(stacks.map((stack) => stack[Symbol.asyncDispose]()));
    for (const server of servers) {
      server.close();
    }
    await Promise.all([...hosts.values()].map((host) => host.stop()));
  });

  /** All forwards of a server: over one connection of ours with each engine, and one `ssh`. */
  async function forwardAll(place: Place, host: SshdHost): Promise<void> {
    const own = cases.filter(({ at }) => at === place);
    const texts = (side: Side): readonly string[] =>
      own.map((each) => each.forward(ports.get(each)?.[side] ?? 0, side));
    const configFile = await host.writeSshConfig(host.folder, ["lab"]);
    for (const engine of engineNames) {
      const stack = await testStack(configFile);
      stacks.push(stack);
      stack.settings.layers = { user: { engine, reconnect: "never" } };
      stack.forwards.askBy({
        mayLogIn: async () => false,
        mayStart: async () => false,
        mayListenOpenly: async () => true,
        portTaken: async () => "leave",
      });
      for (const text of texts(engine)) {
        await stack.forwards.start({ host: "lab", spec: parseForward(text), origin: { kind: "person" } });
      }
      expect(stack.master().engine).toBe(engine);
    }
    const client = await SshClient.for(host.via(host));
    clients.push(client);
    // A last forward, which is always allowed: the earlier requests have been answered by then.
    const last = await freePort();
    const ssh = client.spawn("echo ready; exec cat", [
      ...texts("ssh").flatMap((text) => text.split(" ")),
      ...["-L", `${last}:127.0.0.1:1`],
    ]);
    const ready = once(ssh.stdout, "data");
    ssh.stderr.resume();
    await ready;
    await until(async () => (await ask({ port: last, host: "127.0.0.1" })) === "closed", "ssh forwards");
  }

  test.each(cases)("$title", async (each) => {
    const { see, result } = each;
    const found = ports.get(each);
    expect(await bySide((side) => see(found?.[side] ?? 0, side))).toEqual(equally(result));
  });
});
