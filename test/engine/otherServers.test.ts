import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import type { EngineConnection } from "../../src/engine/connectionEngine.ts";
import { Ssh2Engine } from "../../src/engine/ssh2/ssh2Engine.ts";
import { type DropbearHost, startDropbear } from "../lab/dropbearHost.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { ensureNextOpenSsh } from "../setup/nextOpenSsh.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { never } from "./contract/channels.ts";
import { loginTo } from "./contract/logins.ts";
import { survives } from "./contract/rekeying.ts";

const connections: EngineConnection[] = [];

afterEach(() => {
  for (const connection of connections.splice(0)) {
    connection.destroy();
  }
});

async function login(to: SshdHost | DropbearHost, config: Partial<HostConfig>): Promise<EngineConnection> {
  const request = loginTo(to);
  const connection = await new Ssh2Engine().connect(
    { ...request, config: testHostConfig({ ...request.config, ...config }) },
    never(),
  );
  connections.push(connection);
  return connection;
}

/** All except ML-KEM, the default, and those for old servers. */
const openSshMethods = [
  "curve25519-sha256",
  "ecdh-sha2-nistp256",
  "ecdh-sha2-nistp384",
  "ecdh-sha2-nistp521",
  "diffie-hellman-group14-sha256",
  "diffie-hellman-group16-sha512",
  "diffie-hellman-group-exchange-sha256",
];

describe("OpenSSH 10 of Debian's next release", () => {
  let host: SshdHost;

  beforeAll(async () => {
    const { sshd, sshdSession, sshdAuth } = await ensureNextOpenSsh();
    host = await startSshd({
      program: { file: sshd, major: 10, minor: 0 },
      sshd: {
        SshdSessionPath: sshdSession,
        SshdAuthPath: sshdAuth,
        // By default it no longer offers those with a finite field group.
        KexAlgorithms: `+${openSshMethods.filter((name) => name.startsWith("diffie-hellman")).join(",")}`,
      },
    });
  });

  afterAll(async () => await host.stop());

  const ciphers = ["aes128-gcm@openssh.com", "aes256-ctr", "chacha20-poly1305@openssh.com"];
  const cases = ciphers.flatMap((cipher) => [true, false].map((compression) => ({ cipher, compression })));

  test.each(cases)(
    "agrees on ML-KEM, and keys change under load: $cipher, compressed: $compression",
    async ({ cipher, compression }) => {
      const connection = await login(host, { ciphers: [cipher], compression });
      expect(connection.info.serverVersion).toMatch(/^OpenSSH_10\./);
      expect(connection.info.algorithms).toMatchObject({ kex: "mlkem768x25519-sha256", cipher });
      await survives(connection, 4);
      expect(connection.ended).toBeUndefined();
    },
  );

  test.each(
    openSshMethods.map((kex, index) => ({
      kex,
      cipher: ciphers[index % 3] ?? "",
      compression: index % 2 === 0,
    })),
  )("$kex, $cipher, compressed: $compression", async ({ kex, cipher, compression }) => {
    const connection = await login(host, { kexAlgorithms: [kex], ciphers: [cipher], compression });
    expect(connection.info.algorithms).toMatchObject({ kex, cipher });
    await survives(connection, 2, 400_000);
    expect(connection.ended).toBeUndefined();
  });
});

describe("Dropbear", () => {
  let host: DropbearHost;

  beforeAll(async () => {
    host = await startDropbear("sshlab4");
  });

  afterAll(async () => await host.stop());

  const methods = [
    "curve25519-sha256",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
  ];
  const ciphers = ["aes128-ctr", "aes256-ctr", "chacha20-poly1305@openssh.com"];
  const cases = methods.flatMap((kex, row) =>
    ciphers.map((cipher, column) => ({ kex, cipher, compression: (row + column) % 2 === 0 })),
  );

  test.each(cases)("$kex, $cipher, compressed: $compression", async ({ kex, cipher, compression }) => {
    const connection = await login(host, { kexAlgorithms: [kex], ciphers: [cipher], compression });
    expect(connection.info.serverVersion).toMatch(/^dropbear/);
    expect(connection.info.algorithms).toMatchObject({ kex, cipher });
    await survives(connection, 3, 400_000);
    expect(connection.ended).toBeUndefined();
  });
});
