import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { PassThrough } from "node:stream";
import ssh2 from "ssh2";
import { describe, expect, test } from "vitest";
import { ConnectError } from "../../src/engine/engineErrors.ts";
import {
  type ConnectionHandlers,
  missingInternals,
  supported,
  takeOver,
} from "../../src/engine/ssh2/ssh2Internals.ts";

function connecting(): ssh2.Client {
  const client = new ssh2.Client();
  client.on("error", () => {});
  client.connect({ sock: new PassThrough(), username: "nobody", readyTimeout: 0 });
  return client;
}

interface Inside {
  _protocol: {
    _handlers: Record<string, unknown>;
    _packetRW: { write: Record<string, unknown> };
    rekey: unknown;
    _destruct: unknown;
  };
}

describe("the private side of ssh2 that the engine stands on", () => {
  test("is that of the version that was read: look at ssh2Internals.ts again before raising it", () => {
    const file = createRequire(import.meta.url).resolve("ssh2/package.json");
    expect(JSON.parse(readFileSync(file, "utf8")).version).toBe("1.17.0");
  });

  test("is all there", () => {
    expect(missingInternals(connecting())).toEqual([]);
    expect(supported.cipher).toContain("aes128-gcm@openssh.com");
    expect(supported.kex).toContain("curve25519-sha256");
    expect(supported.hostKey).toContain("ssh-ed25519");
    expect(supported.mac).toContain("hmac-sha2-256");
  });

  test("is missed by name when it is gone", () => {
    const client = connecting();
    const inside = (client as unknown as Inside)._protocol;
    delete inside._handlers["CHANNEL_DATA"];
    inside._packetRW.write["alloc"] = undefined;
    inside.rekey = undefined;
    expect(missingInternals(client)).toEqual([
      "_protocol._packetRW.write.alloc",
      "_protocol.rekey",
      "_protocol._handlers.CHANNEL_DATA",
    ]);
    const login = { userauthFailure() {}, notice() {}, disconnect() {} };
    const attempt = (): unknown => takeOver(client, {} as ConnectionHandlers, login);
    expect(attempt).toThrow(ConnectError);
    expect(attempt).toThrow(/CHANNEL_DATA/);
    expect(missingInternals(new ssh2.Client())).toContain("_protocol");
  });
});
