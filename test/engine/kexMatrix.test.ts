import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import type { EngineConnection } from "../../src/engine/connectionEngine.ts";
import { defaultKex, supportedKex } from "../../src/engine/ssh2/kex/methods.ts";
import { Ssh2Engine } from "../../src/engine/ssh2/ssh2Engine.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { ManualClock } from "../support/manualClock.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";
import { never, run } from "./contract/channels.ts";
import { loginTo } from "./contract/logins.ts";
import { survives } from "./contract/rekeying.ts";

/** The OpenSSH of Debian 12 lacks it: tested with that of the next release (otherServers.test.ts). */
const newer = ["mlkem768x25519-sha256"];
/** Node's OpenSSL has this group, but OpenSSH's server never had it. */
const neverServed = ["diffie-hellman-group15-sha512", "diffie-hellman-group17-sha512"];
const methods = supportedKex.filter((name) => !newer.includes(name) && !neverServed.includes(name));
const ciphers = ["aes128-gcm@openssh.com", "aes256-ctr", "chacha20-poly1305@openssh.com"];

let host: SshdHost;
const connections: EngineConnection[] = [];

beforeAll(async () => {
  host = await startSshd({
    sshd: {
      KexAlgorithms: methods.join(","),
      Ciphers: ciphers.join(","),
      MACs: "hmac-sha2-256-etm@openssh.com,hmac-sha2-512,hmac-sha1",
    },
  });
});

afterEach(() => {
  for (const connection of connections.splice(0)) {
    connection.destroy();
  }
});

afterAll(async () => await host.stop());

async function login(
  config: Partial<HostConfig>,
  to: SshdHost = host,
  clock?: ManualClock,
): Promise<EngineConnection> {
  const request = loginTo(to);
  const engine = new Ssh2Engine(clock === undefined ? {} : { clock });
  const connection = await engine.connect(
    { ...request, config: testHostConfig({ ...request.config, ...config }) },
    never(),
  );
  connections.push(connection);
  return connection;
}

describe("key exchange, cipher, compression and rekeying against OpenSSH", () => {
  const cases = methods.flatMap((kex) =>
    ciphers.map((cipher, index) => ({ kex, cipher, compression: index === 1 })),
  );

  test.each(cases)("$kex, $cipher, compressed: $compression", async ({ kex, cipher, compression }) => {
    const connection = await login({ kexAlgorithms: [kex], ciphers: [cipher], compression });
    expect(connection.info.algorithms).toMatchObject({ kex, cipher });
    await survives(connection, 3);
    expect(connection.ended).toBeUndefined();
  });

  test.each(["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512", "hmac-sha1"])("%s", async (mac) => {
    const connection = await login({ ciphers: ["aes256-ctr"], macs: [mac] });
    expect(connection.info.algorithms).toMatchObject({ mac });
    await survives(connection, 2);
  });

  test.each([
    [undefined, 1],
    ["yes", 1],
    ["no-pq-kex", 0],
    ["no", 0],
  ])("with WarnWeakCrypto %s, the log says %i times that it is not post-quantum", async (value, times) => {
    const request = loginTo(host);
    const logger = new RecordingLogger();
    const values = new Map(value === undefined ? [] : [["warnweakcrypto", [value]]]);
    const config = testHostConfig({ ...request.config, kexAlgorithms: ["curve25519-sha256"], values });
    const connection = await new Ssh2Engine().connect({ ...request, logger, config }, never());
    connections.push(connection);
    await survives(connection, 2, 400_000);
    expect(logger.lines.filter((line) => line.includes("not post-quantum"))).toHaveLength(times);
  });

  test("+, - and ^ change our list as they change that of OpenSSH", async () => {
    const kex = async (kexAlgorithms: readonly string[]): Promise<string | undefined> =>
      (await login({ kexAlgorithms })).info.algorithms?.kex;
    expect(await kex(["+diffie-hellman-group14-sha1"])).toBe("curve25519-sha256");
    expect(await kex(["^ecdh-sha2-nistp384"])).toBe("ecdh-sha2-nistp384");
    expect(await kex(["-*25519*"])).toBe("ecdh-sha2-nistp256");
    expect(await kex(["diffie-hellman-group-exchange-sha1"])).toBe("diffie-hellman-group-exchange-sha1");
    expect(defaultKex[0]).toBe("mlkem768x25519-sha256");
    expect(defaultKex.filter((name) => name.endsWith("sha1"))).toEqual([]);
  });

  test("connects by default to a server that has only group exchange", async () => {
    const only = await startSshd({ sshd: { KexAlgorithms: "diffie-hellman-group-exchange-sha256" } });
    try {
      const connection = await login({}, only);
      expect(connection.info.algorithms?.kex).toBe("diffie-hellman-group-exchange-sha256");
      await survives(connection, 2);
    } finally {
      await only.stop();
    }
  });
});

describe("RekeyLimit", () => {
  let talkative: SshdHost;

  beforeAll(async () => {
    talkative = await startSshd({ sshd: { LogLevel: "DEBUG1" } });
  });

  afterAll(async () => await talkative.stop());

  const exchanges = (): number => talkative.log().split("SSH2_MSG_NEWKEYS received").length - 1;

  test("in bytes is honoured in both directions", async () => {
    const connection = await login({ rekeyLimit: { bytes: 200_000 } }, talkative);
    const before = exchanges();
    await survives(connection, 1);
    // 4 MB in both directions together; data in flight during an exchange still uses the old keys.
    expect(exchanges() - before).toBeGreaterThanOrEqual(5);
  });

  test("in time is honoured while nothing is sent", async () => {
    const clock = new ManualClock();
    const connection = await login({ rekeyLimit: { seconds: 60 } }, talkative, clock);
    const before = exchanges();
    for (let round = 1; round <= 3; round++) {
      await clock.advance(60_000);
      await run(connection, "true");
      expect(exchanges() - before).toBe(round);
    }
  });

  test("is not reached by default", async () => {
    const connection = await login({}, talkative);
    const before = exchanges();
    await run(connection, "head -c 30000000 /dev/zero");
    expect(exchanges() - before).toBe(0);
  });
});
