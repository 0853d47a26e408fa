import { createDiffieHellmanGroup, createHash } from "node:crypto";
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { describe, expect } from "vitest";
import { wireString } from "../../src/base/wire.ts";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import type { EngineConnection } from "../../src/engine/connectionEngine.ts";
import { ConnectError } from "../../src/engine/engineErrors.ts";
import { X25519 } from "../../src/engine/ssh2/kex/ecdh.ts";
import { loadKem, nativeKem, nobleKem } from "../../src/engine/ssh2/kex/mlKem.ts";
import { never } from "../engine/contract/channels.ts";
import { TrustingVerifier } from "../engine/contract/logins.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { attack, defer, engine, oneMessage, onePeer } from "./support/attackTest.ts";
import { hostileRequest } from "./support/hostileLogin.ts";
import { bool, mpint, msg, str, u32 } from "./support/hostilePackets.ts";
import { type HostileOptions, type HostilePeer, hostilePair } from "./support/hostileServer.ts";
import { longestBlock } from "./support/longestBlock.ts";

/** Milliseconds that the event loop may be blocked; the rest of a turn is the test's own server. */
const longest = 50;

interface Attempt {
  readonly peer: HostilePeer;
  readonly verifier: TrustingVerifier;
  readonly connecting: Promise<EngineConnection>;
}

function begin(
  options: HostileOptions,
  serve: (peer: HostilePeer) => Promise<unknown>,
  config: Partial<HostConfig> = {},
  signal = never(),
): Attempt {
  const { peer, transport } = hostilePair(options);
  defer(() => peer.destroy());
  const verifier = new TrustingVerifier();
  const request = hostileRequest({ transport }, { verifier, config: testHostConfig(config) });
  const connecting = engine.connect(request, signal);
  connecting.then(
    (connection) => defer(() => connection.destroy()),
    () => {},
  );
  serve(peer).catch(() => {});
  return { peer, verifier, connecting };
}

const letIn = (peer: HostilePeer): Promise<void> => peer.letIn();

async function reason(connecting: Promise<EngineConnection>): Promise<string> {
  const error = await connecting.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  expect(ConnectError.is(error), String(error)).toBe(true);
  return ConnectError.is(error) ? `${error.reason}: ${error.message}` : "";
}

const gex = "diffie-hellman-group-exchange-sha256";
const prime = (bits: 2048 | 8192): Buffer =>
  createDiffieHellmanGroup(bits === 2048 ? "modp14" : "modp18").getPrime();
const group = (value: Uint8Array, generator: Uint8Array = Buffer.of(2)): HostileOptions => ({
  kex: [gex],
  group: { prime: value, generator },
  publicNumber: Buffer.from("0123456789abcdef", "hex"),
});

describe("a group that the server chooses", () => {
  attack.each<[2048 | 8192]>([[2048], [8192]])(
    "of %i bits blocks neither the event loop nor the login",
    onePeer,
    async (bits) => {
      const { result, block } = await longestBlock(async () => {
        const { connecting } = begin(
          { kex: [gex], group: { prime: prime(bits), generator: Buffer.of(2) } },
          letIn,
        );
        return connecting.then(
          (connection) => connection.info.algorithms?.kex,
          (error: unknown) => String(error),
        );
      });
      // The server's number is 2: OpenSSH's dh_pub_is_valid requires more than three bits set.
      expect(result).toContain("malformed");
      expect(block).toBeLessThan(longest);
    },
  );

  attack("that is not prime costs no more than a prime one", onePeer, async () => {
    const composite = Buffer.from(prime(8192));
    composite[500] = (composite[500] ?? 0) ^ 1;
    const { block, result } = await longestBlock(() => {
      const { connecting } = begin(group(composite), letIn);
      return reason(connecting);
    });
    // The server of this test can't know the shared secret: reaching this step is enough.
    expect(result).toMatch(/signature is wrong/);
    expect(block).toBeLessThan(longest);
  });

  attack("and a deadline during its computation ends the attempt at once", onePeer, async () => {
    const controller = new AbortController();
    const late = new Error("too late");
    const { connecting } = begin(
      group(prime(8192)),
      async (peer) => {
        peer.onMessage = (message) => {
          if (message[0] === 34) {
            setImmediate(() => controller.abort(late));
          }
          return false;
        };
        await peer.start();
      },
      {},
      controller.signal,
    );
    await expect(connecting).rejects.toBe(late);
  });

  attack.each([
    ["1024 bits", createDiffieHellmanGroup("modp2").getPrime(), Buffer.of(2)],
    ["8193 bits", Buffer.concat([Buffer.of(1), prime(8192)]), Buffer.of(2)],
    ["64,000 bits", Buffer.alloc(8_000, 0xff), Buffer.of(2)],
    ["no bits", Buffer.alloc(0), Buffer.of(2)],
    ["an even prime", Buffer.concat([prime(2048).subarray(0, -1), Buffer.of(0xfe)]), Buffer.of(2)],
    ["generator 0", prime(2048), Buffer.alloc(0)],
    ["generator 1", prime(2048), Buffer.of(1)],
    ["generator p - 1", prime(2048), Buffer.concat([prime(2048).subarray(0, -1), Buffer.of(0xfe)])],
    ["generator p", prime(2048), prime(2048)],
    ["generator above p", prime(2048), Buffer.concat([Buffer.of(1), prime(2048)])],
  ])("with %s is refused before anything is computed", oneMessage, async (_, value, generator) => {
    const { connecting, peer } = begin(group(value, generator), letIn);
    expect(await reason(connecting)).toMatch(/^protocol: The server's group/);
    expect(peer.counts.get(32)).toBeUndefined();
  });

  attack.each([
    ["0", Buffer.alloc(0)],
    ["1", Buffer.of(1)],
    ["p - 1", Buffer.concat([prime(2048).subarray(0, -1), Buffer.of(0xfe)])],
    ["p", prime(2048)],
    ["of 20,000 bytes", Buffer.alloc(20_000, 0x55)],
  ])("with the server's number %s is refused", oneMessage, async (_, publicNumber) => {
    const { connecting } = begin({ ...group(prime(2048)), publicNumber }, letIn);
    expect(await reason(connecting)).toMatch(/^protocol: The server's key exchange value/);
  });
});

describe("the server's signature", () => {
  attack("is verified before the user is asked about the host key", onePeer, async () => {
    const { connecting, verifier } = begin({ wrongSignature: true }, letIn);
    expect(await reason(connecting)).toMatch(/^protocol: The server's signature is wrong/);
    expect(verifier.seen).toEqual([]);
  });

  attack("is verified in each key exchange, and the key must stay the same", onePeer, async () => {
    const options: { -readonly [Key in keyof HostileOptions]: HostileOptions[Key] } = {};
    const { connecting, peer, verifier } = begin(options, letIn);
    const connection = await connecting;
    await peer.exchange();
    expect(verifier.seen).toHaveLength(1);
    const ended = new Promise<unknown>((resolve) => connection.onDidClose(resolve));
    options.wrongSignature = true;
    peer.sendKexInit();
    expect(await ended).toMatchObject({ reason: "protocol" });
  });
});

describe("unexpected messages in a key exchange", () => {
  const ignore = msg(2, str("x"));

  attack.each([
    [
      "before KEXINIT",
      async (peer: HostilePeer) => {
        peer.sendVersion();
        peer.send(ignore);
        peer.sendKexInit();
      },
    ],
    [
      "behind KEXINIT",
      async (peer: HostilePeer) => {
        peer.sendVersion();
        peer.sendKexInit();
        peer.send(ignore);
      },
    ],
    [
      "two KEXINITs",
      async (peer: HostilePeer) => {
        peer.sendVersion();
        const init = peer.kexInit();
        peer.send(init);
        peer.send(init);
      },
    ],
    [
      "NEWKEYS at once",
      async (peer: HostilePeer) => {
        peer.sendVersion();
        peer.sendKexInit();
        peer.send(msg(21));
      },
    ],
    [
      "a login message",
      async (peer: HostilePeer) => {
        peer.sendVersion();
        peer.sendKexInit();
        peer.send(msg(52));
      },
    ],
    [
      "a reply without a method",
      async (peer: HostilePeer) => {
        peer.sendVersion();
        peer.send(msg(31, str("a"), str("b"), str("c")));
      },
    ],
  ])("end the connection under strict key exchange: %s", oneMessage, async (_, serve) => {
    const { connecting } = begin({ exchanges: false }, serve);
    expect(await reason(connecting)).toMatch(/^protocol/);
  });

  attack.each([
    ["a global request", msg(80, str("anything@example.org"), bool(true))],
    ["data", msg(94, u32(0), str("x"))],
    ["a message of the login", msg(51, str("password"), bool(false))],
    ["a banner", msg(53, str("late"), str(""))],
    ["EXT_INFO", msg(7, u32(0))],
    ["an unknown number", msg(200)],
    ["a second KEXINIT", msg(20, Buffer.alloc(16))],
  ])("end a later exchange, strict or not: %s", oneMessage, async (_, message) => {
    for (const strict of [true, false]) {
      const { connecting, peer } = begin({ strict }, letIn);
      const connection = await connecting;
      const ended = new Promise<unknown>((resolve) => connection.onDidClose(resolve));
      peer.exchangesByItself = false;
      peer.sendKexInit();
      // The client joins the exchange: only its messages may come until NEWKEYS (RFC 4253 section 7.1).
      await peer.nextOf(30);
      peer.send(message);
      expect(await ended).toMatchObject({ reason: "protocol" });
    }
  });

  attack("generic messages are allowed in a later exchange, strict or not", onePeer, async () => {
    for (const strict of [true, false]) {
      const { connecting, peer } = begin({ strict }, letIn);
      const connection = await connecting;
      peer.exchangesByItself = false;
      const begun = peer.nextOf(20);
      connection.rekey();
      const init = await begun;
      peer.send(ignore);
      peer.send(msg(4, bool(true), str("debug"), str("")));
      await peer.takeUp(init ?? Buffer.alloc(0));
      expect(connection.ended).toBeUndefined();
    }
  });

  attack("are tolerated without strict key exchange, as far as RFC 4253 allows", onePeer, async () => {
    const { connecting } = begin({ strict: false }, async (peer) => {
      peer.sendVersion();
      peer.send(ignore);
      peer.sendKexInit();
      peer.send(msg(4, bool(true), str("debug"), str("")));
      await peer.letIn();
    });
    expect((await connecting).info.algorithms?.kex).toBe("curve25519-sha256");
  });

  attack.each([
    ["cut short", msg(20, Buffer.alloc(16), str("curve25519-sha256"))],
    ["empty", msg(20)],
    ["with a length beyond its end", msg(20, Buffer.alloc(16), u32(0xffff_ffff))],
    [
      "without names",
      msg(20, Buffer.alloc(16), ...Array.from({ length: 10 }, () => str("")), bool(false), u32(0)),
    ],
  ])("a KEXINIT %s ends it with a reason", oneMessage, async (_, init) => {
    const { connecting } = begin({ exchanges: false }, async (peer) => {
      peer.sendVersion();
      peer.send(init);
    });
    expect(await reason(connecting)).toMatch(/^(protocol|no-common-algorithm)/);
  });

  attack("a wrong guess of the server is discarded", onePeer, async () => {
    const { connecting } = begin({ exchanges: true }, async (peer) => {
      const guess = peer.kexInit();
      // first_kex_packet_follows, with another preferred method than ours.
      guess[guess.length - 5] = 1;
      peer.announce(guess);
      peer.send(msg(31, str("a"), str("b"), str("c")));
      await peer.letIn();
    });
    expect((await connecting).info.algorithms?.kex).toBe("curve25519-sha256");
  });
});

describe("key exchanges that the server starts", () => {
  const untilStopped = { once: "the server continues until it is stopped" };

  attack("endless ones without data between them end the connection", untilStopped, async () => {
    const { connecting, peer } = begin({}, letIn);
    const connection = await connecting;
    let over = false;
    const ended = new Promise<unknown>((resolve) =>
      connection.onDidClose((end) => {
        over = true;
        resolve(end);
      }),
    );
    while (!over) {
      await peer.exchange();
    }
    expect(await ended).toMatchObject({ reason: "protocol" });
    expect(peer.exchanges).toBeLessThan(300);
  });

  attack("are accepted as long as data flows", { size: 100 }, async (size) => {
    const { connecting, peer } = begin({}, letIn);
    const connection = await connecting;
    for (let count = 0; count < size; count++) {
      for (let packet = 0; packet < 4; packet++) {
        peer.send(msg(2, str(Buffer.alloc(30_000))));
      }
      await peer.exchange();
    }
    expect(connection.ended).toBeUndefined();
  });

  attack(
    "that stay pending after ours while the server keeps sending requests end the connection in bounded memory",
    untilStopped,
    async () => {
      const { connecting, peer } = begin({ exchanges: false }, async (other) => {
        other.exchangesByItself = true;
        await other.letIn();
        other.exchangesByItself = false;
      });
      const connection = await connecting;
      await new Promise((resolve) => setImmediate(resolve));
      const ended = new Promise<unknown>((resolve) => connection.onDidClose(resolve));
      connection.rekey();
      await peer.nextOf(20);
      const request = msg(80, str("anything@example.org"), bool(true));
      let sent = 0;
      while (connection.ended === undefined && sent < 20_000_000) {
        peer.raw(Buffer.concat(Array.from({ length: 500 }, () => peer.seal(request))));
        sent += 500;
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await ended).toMatchObject({ reason: "protocol" });
    },
  );
});

describe("mlkem768x25519-sha256", () => {
  const method = "mlkem768x25519-sha256";

  /** The server's side with the library alone, as an independent check of the layout. */
  function reply(init: Buffer): { reply: Buffer; secret: Buffer } {
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(init.subarray(0, 1184));
    const pair = new X25519();
    const ec = pair.secretWith(Buffer.from(init.subarray(1184)));
    return {
      reply: Buffer.concat([cipherText, pair.publicKey]),
      secret: wireString(createHash("sha256").update(sharedSecret).update(ec).digest()),
    };
  }

  attack("is preferred, negotiated, and used again for rekeying", onePeer, async () => {
    const { connecting, peer } = begin(
      { kex: ["curve25519-sha256", method], methods: { [method]: reply } },
      letIn,
    );
    const connection = await connecting;
    expect(connection.info.algorithms?.kex).toBe(method);
    await peer.exchange();
    const pinged = connection.ping(never());
    await peer.nextOf(80);
    peer.send(msg(82));
    await pinged;
  });

  attack("Node's implementation and the library agree", onePeer, async () => {
    for (const make of [nativeKem(), await nobleKem(), await loadKem()]) {
      const pair = make?.();
      if (pair !== undefined) {
        const { cipherText, sharedSecret } = ml_kem768.encapsulate(pair.publicKey);
        expect(Buffer.from(pair.decapsulate(cipherText))).toEqual(Buffer.from(sharedSecret));
      }
    }
    expect(nativeKem()).toBeDefined();
  });

  attack.each([0, 32, 1088, 1119, 1121, 30_000].map((length): [number] => [length]))(
    "a reply of %i bytes is refused",
    oneMessage,
    async (length) => {
      const wrong = (): { reply: Buffer; secret: Buffer } => ({
        reply: Buffer.alloc(length, 1),
        secret: mpint(Buffer.of(1)),
      });
      const { connecting } = begin({ kex: [method], methods: { [method]: wrong } }, letIn);
      expect(await reason(connecting)).toMatch(/^protocol: The server's key exchange value/);
    },
  );
});

describe("a server's value without a valid secret", () => {
  attack.each([
    ["curve25519-sha256", Buffer.alloc(32)],
    ["curve25519-sha256", Buffer.alloc(31, 1)],
    ["curve25519-sha256", Buffer.alloc(0)],
    ["ecdh-sha2-nistp256", Buffer.alloc(65, 4)],
    ["ecdh-sha2-nistp256", Buffer.alloc(33, 2)],
    ["ecdh-sha2-nistp521", Buffer.of(0)],
    ["diffie-hellman-group14-sha256", Buffer.of(1)],
  ])("is refused: %s", oneMessage, async (method, value) => {
    const answer = (): { reply: Buffer; secret: Buffer } => ({ reply: value, secret: mpint(Buffer.of(1)) });
    const { connecting } = begin({ kex: [method], methods: { [method]: answer } }, letIn);
    expect(await reason(connecting)).toMatch(/^protocol: The server's key exchange value/);
  });
});
