import { spawn } from "node:child_process";
import { once } from "node:events";
import type { ConnectionEngine, EngineConnection } from "../../src/engine/connectionEngine.ts";
import { OpenSshEngine } from "../../src/engine/openssh/openSshEngine.ts";
import { Ssh2Engine } from "../../src/engine/ssh2/ssh2Engine.ts";
import { never, run } from "../engine/contract/channels.ts";
import { loginTo } from "../engine/contract/logins.ts";
import { SshClient } from "../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { ensureNextOpenSsh } from "../setup/nextOpenSsh.ts";
import type { BenchContext, Benchmark, Row } from "./benchmark.ts";
import { interleaved, timed } from "./measure.ts";

/** A fresh connection and the next session on an open one, by each engine. */
export const enginesBenchmark: Benchmark = {
  name: "engines",
  about:
    "each engine by itself, beside the processes `ssh` and `ssh -S` on an open ControlMaster; and beside `ssh` 10 at its server",
  run: async (context) => [...(await ofThisMachine(context)), ...(await ofNextRelease(context))],
};

/** The machine's own OpenSSH at both ends. */
async function ofThisMachine(context: BenchContext): Promise<Row[]> {
  const host = await startSshd();
  const client = await SshClient.for(host);
  const master = client.spawn("", ["-N", "-M", "-S", client.controlPath]);
  try {
    await until(
      async () => (await ssh(client, ["-O", "check", "-S", client.controlPath])) === 0,
      "the master",
    );
    const rows: Row[] = [];
    for (const [engine, most] of [
      [new Ssh2Engine(), 0.4],
      [openSsh(), 0.5],
    ] as const) {
      context.note(engine.name);
      const fresh = await interleaved(
        () => timed(async () => (await loggedIn(engine, host)).close()),
        () => timed(() => ssh(client, ["lab", "true"])),
        { runs: context.runs ?? 20 },
      );
      const connection = await loggedIn(engine, host);
      const next = await interleaved(
        () => timed(() => run(connection, "true")),
        () => timed(() => ssh(client, ["-S", client.controlPath, "lab", "true"])),
        { runs: context.runs ?? 40 },
      );
      connection.close();
      rows.push(
        { name: `${engine.name}: fresh connect + true`, unit: "ms", ...fresh },
        {
          name: `${engine.name}: next session + true (ssh -S)`,
          unit: "ms",
          ...next,
          bar: { of: "ratio", value: most },
        },
      );
    }
    return rows;
  } finally {
    master.kill();
    await client.stop();
    await host.stop();
  }
}

/** `ssh` 10 with its default, ML-KEM, beside ours with ML-KEM and with curve25519. */
async function ofNextRelease(context: BenchContext): Promise<Row[]> {
  const { sshd, sshdSession, sshdAuth, ssh: program } = await ensureNextOpenSsh();
  const host = await startSshd({
    program: { file: sshd, major: 10, minor: 0 },
    sshd: { SshdSessionPath: sshdSession, SshdAuthPath: sshdAuth },
  });
  const client = await SshClient.for(host);
  try {
    const rows: Row[] = [];
    for (const [engine, kex] of [
      [new Ssh2Engine(), "mlkem768x25519-sha256"],
      [new Ssh2Engine(), "curve25519-sha256"],
      [openSsh(async () => program), "mlkem768x25519-sha256"],
    ] as const) {
      context.note(`${engine.name}, ${kex}`);
      const fresh = await interleaved(
        () => timed(async () => (await loggedIn(engine, host, kex)).close()),
        () => timed(() => ssh(client, ["lab", "true"], program)),
        { runs: context.runs ?? 20 },
      );
      const isGoal = engine.name === "ssh2" && kex.startsWith("mlkem");
      rows.push({
        name: `${engine.name}: fresh by ${kex.split("-")[0]} + true (ssh 10)`,
        unit: "ms",
        ...fresh,
        ...(isGoal && { bar: { of: "ratio", value: 0.4 } }),
      });
    }
    return rows;
  } finally {
    await client.stop();
    await host.stop();
  }
}

function openSsh(findSsh?: () => Promise<string>): OpenSshEngine {
  return new OpenSshEngine({ configFile: () => "none", ...(findSsh && { findSsh }) });
}

/** @param kex the only offered method. Undefined: the default. */
async function loggedIn(engine: ConnectionEngine, host: SshdHost, kex?: string): Promise<EngineConnection> {
  const request = loginTo(host);
  const config = {
    ...request.config,
    identityFiles: [host.keyFile],
    identityFilesAreDefault: false,
    ...(kex !== undefined && { kexAlgorithms: [kex] }),
  };
  const connection = await engine.connect({ ...request, config }, never());
  await run(connection, "true");
  if (kex !== undefined && connection.info.algorithms?.kex !== kex) {
    throw new Error(`agreed on ${connection.info.algorithms?.kex ?? "nothing"}`);
  }
  return connection;
}

async function ssh(client: SshClient, args: readonly string[], program = "ssh"): Promise<number> {
  const child = spawn(program, ["-F", client.configFile, ...args, ...(args.includes("-O") ? ["lab"] : [])], {
    stdio: "ignore",
  });
  const [code] = await once(child, "exit");
  return Number(code);
}
