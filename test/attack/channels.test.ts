import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { describe, expect } from "vitest";
import { wireString, wireUint32 } from "../../src/base/wire.ts";
import { ProtocolError } from "../../src/engine/channels/protocolError.ts";
import type {
  ConnectionEnd,
  EngineChannel,
  EngineConnection,
  SessionSpec,
} from "../../src/engine/connectionEngine.ts";
import { collect, execSpec, never, shellSpec } from "../engine/contract/channels.ts";
import { until } from "../lab/until.ts";
import { peerSends } from "../support/channelMessages.ts";
import { heldMemory } from "../support/heldMemory.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import type { RecordingLogger } from "../support/recordingLogger.ts";
import { attack, defer, engine, oneMessage, onePeer } from "./support/attackTest.ts";
import { hostileRequest } from "./support/hostileLogin.ts";
import { type HostileListener, type HostilePeer, listenHostile } from "./support/hostileServer.ts";
import { asAttacker } from "./support/longestBlock.ts";

interface Attack {
  readonly connection: EngineConnection;
  readonly peer: HostilePeer;
  readonly logger: RecordingLogger;
  readonly ended: Promise<ConnectionEnd>;
}

async function connected(changes: Parameters<typeof testHostConfig>[0] = {}): Promise<Attack> {
  const listener: HostileListener = await listenHostile((peer) => peer.letIn());
  defer(() => listener.close());
  const request = hostileRequest(listener, {
    config: testHostConfig({ hostName: "127.0.0.1", port: listener.port, ...changes }),
  });
  const connection = await engine.connect(request, never());
  defer(() => connection.destroy());
  const [peer] = listener.peers;
  if (peer === undefined) {
    throw new Error("nobody has connected");
  }
  const ended = new Promise<ConnectionEnd>((resolve) => connection.onDidClose(resolve));
  return { connection, peer, logger: request.logger, ended };
}

/** Our channel's number in an open, and in a request that asks for a reply. */
const openedAs = (open: Buffer): number => open.readUInt32BE(5 + open.readUInt32BE(1));

/** Opens a session that the server accepts with a window of 1 MiB, whatever it requests. */
async function openSession(
  { connection, peer }: Attack,
  spec: SessionSpec = execSpec("attack"),
): Promise<{ readonly channel: EngineChannel; readonly id: number }> {
  const opening = connection.openSession(spec, never());
  const id = openedAs((await peer.nextOf(90)) ?? Buffer.alloc(0));
  peer.send(peerSends.confirmation(id, 100, 1024 * 1024, 32_768));
  await peer.nextOf(98);
  // Both replies: to the pty request, if there is one, and to the program request. A surplus reply is ignored.
  peer.send(peerSends.success(id));
  peer.send(peerSends.success(id));
  return { channel: await opening, id };
}

/** Many messages in one piece, encrypted before anything is measured. */
function sealed(peer: HostilePeer, count: number, make: (index: number) => Buffer): Buffer {
  return asAttacker(() => Buffer.concat(Array.from({ length: count }, (_, index) => peer.seal(make(index)))));
}

/** Writes, and waits until the stream accepts more. @returns false if it accepts no more for a while */
function takes(stream: Duplex, data: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), 1500);
    stream.write(data, () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

const floods: readonly [string, (index: number, id: number) => Buffer][] = [
  ["channel opens", (index) => peerSends.open("x11", index)],
  ["agent channel opens", (index) => peerSends.open("auth-agent@openssh.com", index)],
  ["channel requests", (_, id) => peerSends.request(id, "keepalive@openssh.com", true)],
  ["global requests", () => peerSends.globalRequest("keepalive@openssh.com", true)],
];

describe("a server that sends requests and reads no replies", () => {
  const full = {
    once: "only a flood that is larger than the kernel's buffers stops the reading",
    except: { time: { most: 15_000, because: "up to 300,000 replies are encrypted" } },
  };

  attack.each(floods)(
    "endless %s cost bounded memory, and other connections continue",
    full,
    async (_, make) => {
      const victim = await connected();
      const other = await connected();
      const { id } = await openSession(victim);
      const logged = victim.logger.lines.length;
      const { stream } = victim.peer;
      stream.pause();
      let sent = 0;
      for (let taken = true; taken && sent < 300_000; sent += 2000) {
        taken = await takes(
          stream,
          sealed(victim.peer, 2000, (index) => make(sent + index, id)),
        );
      }
      for (let time = 0; time < 5; time++) {
        const ping = other.connection.ping(never());
        await other.peer.nextOf(80);
        other.peer.send(Buffer.of(82));
        await ping;
      }
      // Short replies to all of them fit into the kernel's buffers; otherwise our reading has stopped.
      expect(victim.connection.ended).toBeUndefined();
      expect(sent).toBeGreaterThan(10_000);
      expect(victim.logger.lines.length - logged).toBeLessThan(5);
    },
  );

  attack.each(floods)(
    "20,000 %s from a server that reads are all answered",
    { size: 10_000 },
    async (_, make, count) => {
      const victim = await connected();
      const { channel, id } = await openSession(victim);
      const flood = sealed(victim.peer, count, (index) => make(index, id));
      let replies = 0;
      victim.peer.onMessage = (bytes) => {
        replies += [82, 92, 100].includes(bytes[0] ?? 0) ? 1 : 0;
        return true;
      };
      victim.peer.raw(flood);
      await until(() => replies === count, "the last reply");
      expect(victim.connection.ended).toBeUndefined();
      const ran = collect(channel);
      victim.peer.send(peerSends.data(id, "still here"));
      victim.peer.send(peerSends.close(id));
      expect((await ran).stdout).toBe("still here");
    },
  );
});

describe("a server that violates the protocol", () => {
  const cases: readonly [string, (id: number) => Buffer, string][] = [
    ["a second confirmation", (id) => peerSends.confirmation(id, 99, 5_000_000), "not-opening"],
    [
      "data far beyond the window",
      (id) => Buffer.concat([peerSends.data(id, Buffer.alloc(32_000))]),
      "window-exceeded",
    ],
    ["a window above 2^32 - 1", (id) => peerSends.adjust(id, 2 ** 32 - 1), "window-overflow"],
    ["a message for an unknown channel", (id) => peerSends.data(id + 1, "x"), "unknown-channel"],
    ["a message that is cut short", (id) => peerSends.eof(id).subarray(0, 3), "malformed"],
  ];

  attack.each(cases)(
    "%s ends the connection with a typed error that the server receives",
    oneMessage,
    async (_, make, reason) => {
      const victim = await connected();
      const { channel, id } = await openSession(victim, shellSpec());
      const closed = new Promise<boolean>((resolve) => channel.onDidClose(({ lost }) => resolve(lost)));
      const disconnect = victim.peer.nextOf(1);
      // Paused: the window of a terminal is 256 KiB.
      for (let time = 0; time < (reason === "window-exceeded" ? 10 : 1); time++) {
        victim.peer.send(make(id));
      }
      const { reason: end, error } = await victim.ended;
      expect(end).toBe("protocol");
      expect(ProtocolError.is(error) && error.reason).toBe(reason);
      expect(await closed).toBe(true);
      expect((await disconnect)?.readUInt32BE(1)).toBe(2);
      expect(victim.logger.complaints).toHaveLength(1);
    },
  );

  attack("100,000 tolerated messages leave a few lines in the log", { size: 50_000 }, async (size) => {
    const victim = await connected();
    const { channel, id } = await openSession(victim);
    const flood = sealed(
      victim.peer,
      size,
      (index) =>
        [
          peerSends.adjust(99, 1),
          peerSends.extended(id, 7, "x"),
          peerSends.success(id),
          peerSends.request(99, "x", true),
          Buffer.concat([Buffer.of(110), wireUint32(0)]),
        ].at(index % 5) ?? Buffer.alloc(0),
    );
    const logged = victim.logger.lines.length;
    const ran = collect(channel);
    victim.peer.raw(flood);
    victim.peer.send(peerSends.close(id));
    await ran;
    expect(victim.connection.ended).toBeUndefined();
    expect(victim.logger.lines.length - logged).toBeLessThan(10);
  });
});

describe("output in tiny pieces", () => {
  attack(
    "100,000 one-byte packets for a paused session cost little more than their bytes",
    { size: 50_000 },
    async (count) => {
      const victim = await connected();
      const { channel, id } = await openSession(victim);
      const flood = sealed(victim.peer, count, () => peerSends.data(id, "x"));
      const before = heldMemory();
      victim.peer.raw(flood);
      await until(() => channel.details().localWindow === 2 * 1024 * 1024 - count, "the last byte");
      const after = heldMemory();
      expect(after.heap + after.external - before.heap - before.external).toBeLessThan(8e6);
      const ran = collect(channel);
      victim.peer.send(peerSends.close(id));
      expect((await ran).stdout).toHaveLength(count);
    },
  );
});

describe("agent forwarding", () => {
  interface Agent {
    readonly path: string;
    readonly sockets: Set<Socket>;
    readonly connections: () => number;
  }

  async function agent(
    onConnection: (socket: Socket) => void = (socket) => socket.on("end", () => socket.end()),
  ): Promise<Agent> {
    const folder = mkdtempSync(join(tmpdir(), "agent-"));
    const path = join(folder, "agent.sock");
    const sockets = new Set<Socket>();
    let connections = 0;
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      connections++;
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
      // So that it notices the other end's end.
      socket.resume();
      onConnection(socket);
    });
    server.listen(path);
    await once(server, "listening");
    defer(() => {
      server.close();
      for (const socket of sockets) {
        socket.destroy();
      }
      rmSync(folder, { recursive: true, force: true });
    });
    return { path, sockets, connections: () => connections };
  }

  const descriptors = (): number => readdirSync("/proc/self/fd").length;
  const agentOpen = (sender: number): Buffer =>
    peerSends.open("auth-agent@openssh.com", sender, 100_000, 32_768);
  const withAgent = (command: string): SessionSpec => execSpec(command, { forwardAgent: true });

  attack(
    "1,000 agent channels at once use 16 descriptors, and the rest are refused",
    { size: 500 },
    async (size) => {
      const { path, sockets } = await agent();
      const victim = await connected({ identityAgent: path, forwardAgent: true });
      await openSession(victim, withAgent("shell"));
      const before = descriptors();
      victim.peer.raw(sealed(victim.peer, size, agentOpen));
      let refused = 0;
      let confirmed = 0;
      while (refused + confirmed < size) {
        const bytes = await victim.peer.next();
        refused += bytes?.[0] === 92 && bytes.readUInt32BE(5) === 4 ? 1 : 0;
        confirmed += bytes?.[0] === 91 ? 1 : 0;
      }
      expect([confirmed, refused]).toEqual([16, size - 16]);
      await until(() => sockets.size === 16, "the agent's connections");
      // Both ends of each connection to the agent are in this process.
      expect(descriptors() - before).toBeLessThanOrEqual(32);
      expect(victim.logger.complaints).toHaveLength(1);
      victim.connection.destroy();
      await until(() => sockets.size === 0, "the end of the agent's connections");
    },
  );

  attack("five servers that each open 16 agent channels get 64 sockets in total", onePeer, async () => {
    const { path, sockets } = await agent();
    const answers: number[] = [];
    for (let server = 0; server < 5; server++) {
      const victim = await connected({ identityAgent: path, forwardAgent: true });
      await openSession(victim, withAgent("shell"));
      for (let open = 0; open < 16; open++) {
        victim.peer.send(agentOpen(open));
        let answer: Buffer | undefined;
        do {
          answer = await victim.peer.next();
        } while (answer !== undefined && answer[0] !== 91 && answer[0] !== 92);
        answers.push(answer?.[0] ?? 0);
      }
    }
    expect(answers.filter((answer) => answer === 91)).toHaveLength(64);
    expect(answers.slice(64)).toEqual(Array(16).fill(92));
    await until(() => sockets.size === 64, "the agent's connections");
  });

  attack(
    "an agent channel is refused without a session that requested it, and after that session's end",
    onePeer,
    async () => {
      const { path, connections, sockets } = await agent();
      const victim = await connected({ identityAgent: path, forwardAgent: true });
      const { id: lookup } = await openSession(victim, execSpec("look-up"));
      victim.peer.send(agentOpen(1));
      expect((await victim.peer.nextOf(92))?.readUInt32BE(5)).toBe(1);
      expect(connections()).toBe(0);
      const { channel, id } = await openSession(victim, withAgent("person's"));
      victim.peer.send(agentOpen(2));
      await victim.peer.nextOf(91);
      await until(() => sockets.size === 1, "the agent's connection");
      const ran = collect(channel);
      victim.peer.send(peerSends.close(id));
      await ran;
      await until(() => sockets.size === 0, "the end of the agent's connection");
      victim.peer.send(agentOpen(3));
      expect((await victim.peer.nextOf(92))?.readUInt32BE(5)).toBe(1);
      expect([connections(), lookup]).toEqual([1, 0]);
      expect(victim.connection.ended).toBeUndefined();
    },
  );

  attack("a half-close by the agent, or by the server, keeps the other direction open", onePeer, async () => {
    const got: string[] = [];
    const { path } = await agent((socket) => {
      socket.on("data", (data) => got.push(String(data)));
      socket.on("end", () => socket.end("answer after the end"));
      if (got.length === 0) {
        got.push("connected");
        socket.write("hello");
      }
    });
    const victim = await connected({ identityAgent: path, forwardAgent: true });
    await openSession(victim, withAgent("shell"));
    victim.peer.send(agentOpen(7));
    const ours = (await victim.peer.nextOf(91))?.readUInt32BE(5) ?? -1;
    expect(await victim.peer.nextOf(94)).toEqual(peerSends.data(7, "hello"));
    victim.peer.send(peerSends.data(ours, "question"));
    victim.peer.send(peerSends.eof(ours));
    expect(await victim.peer.nextOf(94)).toEqual(peerSends.data(7, "answer after the end"));
    expect(await victim.peer.nextOf(96)).toEqual(peerSends.eof(7));
    expect(await victim.peer.nextOf(97)).toEqual(peerSends.close(7));
    expect(got.join("")).toBe("connectedquestion");
  });

  attack(
    "ChannelTimeout agent-connection closes a silent agent channel, but not one in use",
    onePeer,
    async () => {
      const { path, sockets } = await agent((socket) => socket.pipe(socket));
      const victim = await connected({
        identityAgent: path,
        forwardAgent: true,
        channelTimeouts: [
          { pattern: "session*", seconds: 3600 },
          { pattern: "agent-connection", seconds: 1 },
        ],
      });
      await openSession(victim, withAgent("shell"));
      victim.peer.send(agentOpen(7));
      await victim.peer.nextOf(91);
      victim.peer.send(agentOpen(8));
      const used = (await victim.peer.nextOf(91))?.readUInt32BE(5) ?? -1;
      const begun = performance.now();
      const speaking = setInterval(() => victim.peer.send(peerSends.data(used, "x")), 200);
      try {
        const closed = await victim.peer.nextOf(97);
        expect(closed?.readUInt32BE(1)).toBe(7);
        expect(performance.now() - begun).toBeGreaterThan(900);
        await until(() => sockets.size === 1, "the end of the silent connection alone");
      } finally {
        clearInterval(speaking);
      }
      expect((await victim.peer.nextOf(97))?.readUInt32BE(1)).toBe(8);
      expect(victim.connection.ended).toBeUndefined();
    },
  );

  attack("data that the server sends after the agent's EOF reaches the agent", onePeer, async () => {
    const got: string[] = [];
    const { path } = await agent((socket) => {
      socket.on("data", (data) => got.push(String(data)));
      socket.end("bye");
    });
    const victim = await connected({ identityAgent: path, forwardAgent: true });
    await openSession(victim, withAgent("shell"));
    victim.peer.send(agentOpen(7));
    const ours = (await victim.peer.nextOf(91))?.readUInt32BE(5) ?? -1;
    expect(await victim.peer.nextOf(96)).toEqual(peerSends.eof(7));
    victim.peer.send(peerSends.data(ours, "late"));
    await until(() => got.join("") === "late", "what came late");
  });

  attack("a channel to an agent that does not listen is refused", onePeer, async () => {
    const victim = await connected({ identityAgent: "/nonexistent/agent.sock", forwardAgent: true });
    await openSession(victim, withAgent("shell"));
    for (let time = 0; time < 100; time++) {
      victim.peer.send(agentOpen(time));
      expect((await victim.peer.nextOf(92))?.readUInt32BE(5)).toBe(2);
    }
    expect(victim.logger.complaints).toHaveLength(1);
  });
});

describe("a request that is larger than the server accepts", () => {
  attack("is refused locally, and the connection and its other sessions continue", onePeer, async () => {
    const victim = await connected();
    const { channel, id } = await openSession(victim);
    const large = "x".repeat(300_000);
    for (const spec of [
      execSpec(large),
      execSpec("true", { env: { LARGE: large } }),
      { env: {}, request: { type: "subsystem" as const, name: large } },
      { ...shellSpec(), pty: { term: large, columns: 80, rows: 24 } },
    ]) {
      await expect(victim.connection.openSession(spec, never())).rejects.toMatchObject({
        reason: "request-too-large",
      });
    }
    expect(victim.peer.counts.get(90)).toBe(1);
    const ran = collect(channel);
    victim.peer.send(peerSends.data(id, wireString("")));
    victim.peer.send(peerSends.close(id));
    expect((await ran).lost).toBe(false);
  });
});
