import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./freePort.ts";
import { listens } from "./localPorts.ts";
import { until } from "./until.ts";

const run = promisify(execFile);
const realm = "LAB.TEST";

/** A key distribution center on loopback with the service `host/localhost`, and a ticket for `user`. Linux only. */
export interface KerberosRealm {
  /** For the programs that use it: client, server and `klist`. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** It ends on its own after five minutes. */
export async function startKerberosRealm(user: string): Promise<KerberosRealm> {
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-kdc-"));
  const port = await freePort();
  const env = {
    KRB5_CONFIG: join(folder, "krb5.conf"),
    KRB5_KDC_PROFILE: join(folder, "kdc.conf"),
    KRB5CCNAME: `FILE:${join(folder, "tickets")}`,
    KRB5_KTNAME: `FILE:${join(folder, "keytab")}`,
  };
  await writeFile(env.KRB5_CONFIG, clientConfig(port));
  await writeFile(env.KRB5_KDC_PROFILE, serverConfig(folder, port));
  // Its programs are in a folder for daemons.
  const options = { env: { ...process.env, ...env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` } };
  await run("kdb5_util", ["create", "-s", "-r", realm, "-P", "master"], options);
  const password = "a-ticket-please";
  for (const query of [
    `addprinc -pw ${password} ${user}`,
    "addprinc -randkey host/localhost",
    `ktadd -k ${join(folder, "keytab")} host/localhost`,
  ]) {
    await run("kadmin.local", ["-r", realm, "-q", query], options);
  }
  const server = spawn("timeout", ["300", "krb5kdc", "-n"], { ...options, stdio: "ignore" });
  const ended = once(server, "exit");
  await until(() => listens(port), "the key distribution center");
  const login = run("kinit", [`${user}@${realm}`], options);
  login.child.stdin?.end(`${password}\n`);
  await login;
  return {
    env,
    async stop() {
      server.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function clientConfig(port: number): string {
  return `[libdefaults]
  default_realm = ${realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  ${realm} = {
    kdc = 127.0.0.1:${port}
  }
[domain_realm]
  localhost = ${realm}
`;
}

function serverConfig(folder: string, port: number): string {
  return `[realms]
  ${realm} = {
    database_name = ${folder}/principal
    key_stash_file = ${folder}/stash
    acl_file = ${folder}/acl
    kdc_listen = ""
    kdc_tcp_listen = 127.0.0.1:${port}
  }
[logging]
  kdc = FILE:${folder}/kdc.log
`;
}
