import { KeyObject } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { PassThrough } from "node:stream";
import ssh2 from "ssh2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { ConnectError } from "../../src/engine/engineErrors.ts";
import type { PacketLayerHost } from "../../src/engine/ssh2/kex/packetLayerPorts.ts";
import { type ConnectionHandlers, supported, takeOver } from "../../src/engine/ssh2/ssh2Internals.ts";
import { missingInternals } from "../../src/engine/ssh2/ssh2Protocol.ts";
import { ServerGreeting } from "../../src/engine/transport/serverGreeting.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";

function connecting(): ssh2.Client {
  const client = new ssh2.Client();
  client.on("error", () => {});
  client.connect({ sock: new PassThrough(), username: "nobody", readyTimeout: 0 });
  return client;
}

const transport: PacketLayerHost = {
  logger: silentLogger,
  clock: systemClock,
  greeting: new ServerGreeting(),
  rekeyLimit: {},
  hold() {},
  unimplemented() {},
  exchanged() {},
};

interface Inside {
  _protocol: {
    _cipher: object;
    _decipher: object;
    _handlers: Record<string, unknown>;
    _packetRW: { write: Record<string, unknown> };
    rekey: unknown;
    _destruct: unknown;
  };
}

describe("the private parts of ssh2 that the engine uses", () => {
  test("are those of the reviewed version: check ssh2Internals.ts again before raising it", () => {
    const file = createRequire(import.meta.url).resolve("ssh2/package.json");
    expect(JSON.parse(readFileSync(file, "utf8")).version).toBe("1.17.0");
  });

  test("are complete", () => {
    expect(missingInternals(connecting())).toEqual([]);
    expect(supported.cipher).toContain("aes128-gcm@openssh.com");
    expect(supported.kex).toContain("curve25519-sha256");
    expect(supported.hostKey).toContain("ssh-ed25519");
    expect(supported.mac).toContain("hmac-sha2-256");
  });

  test("a missing one is reported by name", () => {
    const client = connecting();
    const inside = (client as unknown as Inside)._protocol;
    delete inside._handlers["DISCONNECT"];
    inside._packetRW.write["alloc"] = undefined;
    inside.rekey = undefined;
    expect(missingInternals(client)).toEqual([
      "_protocol._packetRW.write.alloc",
      "_protocol.rekey",
      "_protocol._handlers.DISCONNECT",
    ]);
    const attempt = (): unknown => takeOver(client, {} as ConnectionHandlers, () => {}, transport);
    expect(attempt).toThrow(ConnectError);
    expect(attempt).toThrow(/DISCONNECT/);
    expect(missingInternals(new ssh2.Client())).toContain("_protocol");
  });
});

describe("keys that are passed to the ciphers", () => {
  let host: SshdHost;

  beforeAll(async () => {
    host = await startSshd();
  });

  afterAll(async () => await host.stop());

  /** The fields that contain keys, by ssh2's names. */
  function keysOf(client: ssh2.Client): unknown[] {
    const { _cipher, _decipher } = (client as unknown as Inside)._protocol;
    return [_cipher, _decipher].flatMap((side) =>
      Object.entries(side)
        .filter(([name, value]) => /key/i.test(name) && typeof value === "object")
        .map(([, value]) => value),
    );
  }

  test.for([
    // Those of AES-GCM are ours, on both sides.
    { cipher: "chacha20-poly1305@openssh.com", keys: 4 },
    // The cipher is made once; the MAC is made for each packet.
    { cipher: "aes256-ctr", keys: 2 },
  ] as const)("are not copied and checked again for each packet: $cipher", async ({ cipher, keys }) => {
    const client = new ssh2.Client();
    // sshd may reset the connection while it disconnects.
    client.on("error", () => {});
    client.connect({
      host: "127.0.0.1",
      port: host.port,
      username: host.user,
      privateKey: readFileSync(host.keyFile),
      hostVerifier: () => true,
      algorithms: { cipher: [cipher], hmac: ["hmac-sha2-256"] },
    });
    let answered = (): void => {};
    const connection: ConnectionHandlers = {
      receive: (message) => {
        // The reply, not what sshd sends without a request (hostkeys-00@openssh.com).
        if (message[0] === 81 || message[0] === 82) {
          answered();
        }
      },
      tooEarly() {},
    };
    const wire = takeOver(client, connection, () => {}, { ...transport, greeting: new ServerGreeting() });
    try {
      await once(client, "ready");
      for (let exchange = 0; exchange < 2; exchange++) {
        expect(keysOf(client)).toHaveLength(keys);
        expect(keysOf(client).every((key) => key instanceof KeyObject)).toBe(true);
        const reply = new Promise<void>((resolve) => (answered = resolve));
        wire.send(Buffer.from("\u0050\0\0\0\u0015keepalive@openssh.com\u0001", "latin1"));
        await reply;
        const handshake = once(client, "handshake");
        wire.rekey();
        await handshake;
      }
    } finally {
      client.end();
    }
  });
});
