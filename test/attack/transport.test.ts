import { describe, expect } from "vitest";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import type { EngineConnection } from "../../src/engine/connectionEngine.ts";
import { ConnectError } from "../../src/engine/engineErrors.ts";
import { never } from "../engine/contract/channels.ts";
import { heldMemory } from "../support/heldMemory.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import type { RecordingLogger } from "../support/recordingLogger.ts";
import { attack, defer, engine, oneMessage, onePeer } from "./support/attackTest.ts";
import { hostileRequest } from "./support/hostileLogin.ts";
import { bool, Compressor, msg, str, u32 } from "./support/hostilePackets.ts";
import {
  type HostileOptions,
  type HostilePeer,
  hostilePair,
  listenHostile,
} from "./support/hostileServer.ts";
import { asAttacker, longestBlock } from "./support/longestBlock.ts";

interface Connecting {
  readonly peer: HostilePeer;
  readonly logger: RecordingLogger;
  readonly connecting: Promise<EngineConnection>;
}

function connect(
  serve: (peer: HostilePeer) => Promise<unknown>,
  options: HostileOptions = {},
  config: Partial<HostConfig> = {},
): Connecting {
  const { peer, transport } = hostilePair(options);
  defer(() => peer.destroy());
  const request = hostileRequest({ transport }, { config: testHostConfig(config) });
  const connecting = engine.connect(request, never());
  connecting.then(
    (connection) => defer(() => connection.destroy()),
    () => {},
  );
  serve(peer).catch(() => {});
  return { peer, logger: request.logger, connecting };
}

const letIn = (peer: HostilePeer): Promise<void> => peer.letIn();
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Sends the message the given number of times, some in each turn, so that the test's own work does not block. Ends
 * with the connection.
 */
async function flood(
  peer: HostilePeer,
  count: number,
  message: (index: number) => Uint8Array,
): Promise<void> {
  for (let sent = 0; sent < count && !peer.ended; ) {
    const some = Math.min(100, count - sent);
    const packets = Array.from({ length: some }, (_, index) => peer.seal(message(sent + index)));
    if (!peer.raw(Buffer.concat(packets))) {
      await Promise.race([new Promise((resolve) => peer.stream.once("drain", resolve)), peer.gone]);
    }
    sent += some;
    await turn();
  }
}

/** The connection still replies: everything sent before was read. */
async function answers(peer: HostilePeer, connection: EngineConnection): Promise<void> {
  const pinged = connection.ping(never());
  await peer.nextOf(80);
  peer.send(msg(82));
  await pinged;
}

/** Bytes that this process can reach. */
function held(): number {
  const { heap, external } = heldMemory();
  return heap + external;
}

const global = msg(80, str("anything@example.org"), bool(true));

describe("repeated messages after the login", () => {
  attack.each([
    ["IGNORE", msg(2, str(Buffer.alloc(100)))],
    ["DEBUG", msg(4, bool(true), str("look at\n\u001b[31mthis"), str(""))],
    ["DEBUG, cut short", msg(4)],
    ["EXT_INFO", msg(7, u32(1), str("server-sig-algs"), str("rsa-sha2-256"))],
    ["BANNER", msg(53, str("line\n".repeat(100)), str(""))],
  ])("cost neither memory nor log lines: %s", { size: 10_000 }, async (_, message, size) => {
    const { peer, logger, connecting } = connect(letIn);
    const connection = await connecting;
    await answers(peer, connection);
    const lines = logger.lines.length;
    const before = held();
    const { block } = await longestBlock(async () => {
      await flood(peer, size, () => message);
      await answers(peer, connection);
    });
    expect(logger.lines.length - lines).toBeLessThan(60);
    expect(held() - before).toBeLessThan(10_000_000);
    expect(block).toBeLessThan(50);
    expect(connection.ended).toBeUndefined();
  });

  attack.each([
    ["UNIMPLEMENTED", msg(3, u32(7))],
    ["UNIMPLEMENTED, cut short", msg(3)],
    ["of an unknown number", msg(200, str("what"))],
  ])("end the connection if they are endless: %s", { size: 5_000 }, async (_, message, size) => {
    const { peer, connecting } = connect(letIn);
    const connection = await connecting;
    const ended = new Promise<unknown>((resolve) => connection.onDidClose(resolve));
    await flood(peer, size, () => message);
    expect(await ended).toMatchObject({ reason: "protocol" });
    expect(peer.counts.get(3) ?? 0).toBeLessThanOrEqual(2_700);
  });

  attack("unknown ones are answered with UNIMPLEMENTED and their sequence number", oneMessage, async () => {
    const { peer, connecting } = connect(letIn);
    await connecting;
    for (const number of [5, 9, 30 + 160, 192, 255, 61 + 140]) {
      const sequence = peer.sequence;
      peer.send(msg(number, str("what")));
      expect(await peer.nextOf(3)).toEqual(msg(3, u32(sequence)));
    }
  });

  attack.each([[51], [52], [60], [6]])(
    "message %i of the login ends the connection",
    oneMessage,
    async (number) => {
      const { peer, connecting } = connect(letIn);
      const connection = await connecting;
      const ended = new Promise<unknown>((resolve) => connection.onDidClose(resolve));
      peer.send(msg(number, str("password"), bool(false)));
      expect(await ended).toMatchObject({ reason: "protocol" });
    },
  );

  attack("of different kinds in turn", { size: 10_000 }, async (size) => {
    const { peer, connecting } = connect(letIn);
    const connection = await connecting;
    await flood(peer, size, (index) =>
      index % 2 === 0 ? msg(2, str("x")) : msg(4, bool(true), str("x"), str("")),
    );
    await answers(peer, connection);
  });
});

describe("repeated messages before the login", () => {
  attack.each([
    ["IGNORE", msg(2, str("x"))],
    ["DEBUG", msg(4, bool(true), str("x"), str(""))],
    ["UNIMPLEMENTED", msg(3, u32(0))],
    ["EXT_INFO", msg(7, u32(0))],
    ["BANNER", msg(53, str("line\n".repeat(1_000)), str(""))],
    ["unknown", msg(200)],
  ])("end the login if they are endless: %s", { size: 5_000 }, async (_, message, size) => {
    const { logger, connecting } = connect(async (peer) => {
      await peer.startLogin();
      await flood(peer, size, () => message);
    });
    const error = await connecting.then(
      () => undefined,
      (failure: unknown) => failure,
    );
    expect(ConnectError.is(error) && error.reason).toBe("protocol");
    expect(logger.lines.length).toBeLessThan(300);
  });

  attack("6 MB of banners make some log lines", { size: 100 }, async (size) => {
    const { logger, connecting } = connect(async (peer) => {
      await peer.startLogin();
      await peer.nextOf(50);
      await flood(peer, size, () => msg(53, str("x\n".repeat(15_000)), str("")));
      peer.send(msg(52));
    });
    await connecting;
    expect(logger.lines.length).toBeLessThan(300);
  });
});

describe("a server that sends requests and reads no replies", () => {
  const full = {
    once: "only a flood that is larger than the kernel's buffers stops the reading",
    except: { time: { most: 10_000, because: "300,000 replies are encrypted" } },
  };

  attack("300,000 global requests cost bounded memory and block nothing", full, async () => {
    const size = 300_000;
    let reads = (): void => {};
    const listener = await listenHostile(async (peer) => {
      await peer.letIn();
      peer.stream.pause();
      reads = () => peer.stream.resume();
    });
    defer(() => listener.close());
    const connection = await engine.connect(hostileRequest(listener), never());
    defer(() => connection.destroy());
    const [peer] = listener.peers;
    if (peer === undefined) {
      throw new Error("nobody came");
    }
    while (!peer.stream.isPaused()) {
      await turn();
    }
    const before = held();
    let sent = 0;
    const { block } = await longestBlock(async () => {
      for (; sent < size; sent += 100) {
        const packets = Array.from({ length: 100 }, () => peer.seal(global));
        if (!peer.raw(Buffer.concat(packets)) && (await stalled(peer))) {
          break;
        }
        await turn();
      }
    });
    // The client has stopped reading, because its replies are not read, or has given up the server.
    expect(sent < size || connection.ended !== undefined).toBe(true);
    expect(held() - before).toBeLessThan(20_000_000);
    expect(block).toBeLessThan(50);
    reads();
    await (connection.ended === undefined ? answers(peer, connection) : peer.gone);
  });

  /** Whether the stream accepts nothing for a while, although the event loop turns. */
  async function stalled(peer: HostilePeer): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const drained = await Promise.race([
      new Promise<boolean>((resolve) => peer.stream.once("drain", () => resolve(true))),
      peer.gone.then(() => true),
      new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), 500))),
    ]);
    clearTimeout(timer);
    return !drained;
  }
});

describe("compressed packets", () => {
  const options: HostileOptions = { compress: "zlib@openssh.com" };

  async function compressed(): Promise<Connecting & { readonly connection: EngineConnection }> {
    const made = connect(
      async (peer) => {
        await peer.letIn();
        peer.compressWith(new Compressor());
      },
      options,
      { compression: true },
    );
    return { ...made, connection: await made.connecting };
  }

  attack("that expand to megabytes end the connection", { size: 15_000_000 }, async (size) => {
    const { peer, connection } = await compressed();
    await turn();
    const ended = new Promise<unknown>((resolve) => connection.onDidClose(resolve));
    const before = held();
    const packet = bomb(peer, size);
    const { block } = await longestBlock(async () => {
      peer.raw(packet);
      expect(await ended).toMatchObject({ reason: "protocol" });
    });
    expect(held() - before).toBeLessThan(20_000_000);
    expect(block).toBeLessThan(50);
  });

  /** 31 KB that become 30 MB. */
  function bomb(peer: HostilePeer, size: number): Buffer {
    return asAttacker(() => peer.seal(msg(53, str(Buffer.alloc(size, 0x0a)), str(""))));
  }

  attack("that expand to the allowed size, many in one piece, are accepted", { size: 50 }, async (size) => {
    const { peer, connection, logger } = await compressed();
    await turn();
    const packets = Array.from({ length: size }, () =>
      peer.seal(msg(53, str(Buffer.alloc(250_000, 0x0a)), str(""))),
    );
    const { block } = await longestBlock(async () => {
      peer.raw(Buffer.concat(packets));
      await answers(peer, connection);
    });
    expect(block).toBeLessThan(50);
    expect(logger.lines.length).toBeLessThan(20);
  });

  attack("that are damaged end the connection", oneMessage, async () => {
    const { peer, connection } = await compressed();
    await turn();
    const ended = new Promise<unknown>((resolve) => connection.onDidClose(resolve));
    peer.sendUncompressed(Buffer.alloc(1_000, 0xff));
    expect(await ended).toMatchObject({ reason: "protocol" });
  });
});

describe("a keepalive probe", () => {
  attack("answered by UNIMPLEMENTED with its sequence number counts as answered", oneMessage, async () => {
    const { peer, connecting } = connect(letIn);
    const connection = await connecting;
    for (let exchange = 0; exchange < 3; exchange++) {
      const pinged = connection.ping(never());
      peer.send(msg(3, u32(peer.sequenceOf(await peer.nextOf(80)))));
      expect(await pinged).toBeGreaterThanOrEqual(0);
      await peer.exchange();
    }
  });

  attack("that was sent during a key exchange is matched as well", oneMessage, async () => {
    const { peer, connecting } = connect(letIn);
    const connection = await connecting;
    for (let exchange = 0; exchange < 3; exchange++) {
      connection.rekey();
      const pings = [connection.ping(never()), connection.ping(never())];
      for (const _ of pings) {
        peer.send(msg(3, u32(peer.sequenceOf(await peer.nextOf(80)))));
      }
      await Promise.all(pings);
    }
  });

  attack("is not answered by UNIMPLEMENTED for another message", oneMessage, async () => {
    const { peer, connecting } = connect(letIn);
    const connection = await connecting;
    let answered = false;
    const pinged = connection.ping(never()).then(() => (answered = true));
    const sequence = peer.sequenceOf(await peer.nextOf(80));
    peer.send(msg(3, u32(sequence + 1)));
    peer.send(msg(3, u32(sequence - 1)));
    peer.send(global);
    await peer.nextOf(82);
    expect(answered).toBe(false);
    peer.send(msg(82));
    await pinged;
  });
});

describe("the version line", () => {
  attack("is accepted in pieces of one byte, after lines of another protocol", onePeer, async () => {
    const { connecting } = connect(
      async (peer) => {
        for (const byte of Buffer.from("HTTP/1.1 200 OK\r\n\r\n220 ready\r\nSSH-2.0-slow_1.0\r\n")) {
          peer.raw(Buffer.of(byte));
          await turn();
        }
        peer.versionSent();
        await peer.letIn();
      },
      { version: "SSH-2.0-slow_1.0" },
    );
    expect((await connecting).info.serverVersion).toBe("slow_1.0");
  });

  attack("and the first packet are accepted in one piece, and in pieces of one byte", onePeer, async () => {
    for (const step of [1, 10_000]) {
      const { connecting } = connect(async (peer) => {
        const bytes = Buffer.concat([Buffer.from("SSH-2.0-hostile_1.0\r\n"), peer.prepareKexInit()]);
        for (let at = 0; at < bytes.length; at += step) {
          peer.raw(bytes.subarray(at, at + step));
          await turn();
        }
        await peer.letIn();
      });
      expect((await connecting).info.serverVersion).toBe("hostile_1.0");
    }
  });

  attack.each([
    ["Exceeded MaxStartups\r\n", "refused-before-version"],
    ["Not allowed at this time\r\n", "refused-before-version"],
    ["refused by tcpd, no line end", "refused-before-version"],
    ["HTTP/1.1 400 Bad Request\r\n\r\n<html>", "refused-before-version"],
    ["SSH-1.5-old\r\n", "protocol-version"],
    ["SSH-2.0\r\n", "protocol"],
    ["\u0015\u0003\u0001\0\u0002\u0002\u0046", "not-ssh"],
    ["x".repeat(100_000), "not-ssh"],
    ["x\n".repeat(100_000), "not-ssh"],
    ["", "closed-during-handshake"],
    ["\r\n", "closed-during-handshake"],
  ])("%.30j instead of it, and the end: %s", onePeer, async (text, expected) => {
    const { connecting, logger } = connect(async (peer) => {
      peer.raw(text);
      peer.end();
    });
    const error = await connecting.then(
      () => undefined,
      (failure: unknown) => failure,
    );
    expect(ConnectError.is(error) && error.reason).toBe(expected);
    if (expected === "refused-before-version" && ConnectError.is(error)) {
      expect(error.serverText?.trim()).toBe(text.trim().replaceAll("\r", ""));
    }
    expect(logger.lines.length).toBeLessThan(30);
  });

  attack("lines before it fill neither memory nor log", { size: 500 }, async (size) => {
    const { connecting, logger } = connect(async (peer) => {
      for (let line = 0; line < size; line++) {
        peer.raw(`${"x".repeat(8_000)}\r\n`);
        await turn();
      }
      await peer.letIn();
    });
    await connecting;
    expect(logger.lines.length).toBeLessThan(30);
  });
});
