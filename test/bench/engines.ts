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
import type { Benchmark, Row } from "./benchmark.ts";
import { interleaved, timed } from "./measure.ts";

/** A fresh connection and the next session on an open one, by each engine. */
export const enginesBenchmark: Benchmark = {
  name: "engines",
  about: "each engine by itself, beside the processes `ssh` and `ssh -S` on an open ControlMaster",
  run: async (context) => {
    const host = await startSshd();
    const client = await SshClient.for(host);
    const master = client.spawn("", ["-N", "-M", "-S", client.controlPath]);
    const engines = [new Ssh2Engine(), new OpenSshEngine({ configFile: () => "none" })];
    try {
      await until(
        async () => (await ssh(client, ["-O", "check", "-S", client.controlPath])) === 0,
        "the master",
      );
      const rows: Row[] = [];
      for (const engine of engines) {
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
          { name: `${engine.name}: next session + true (ssh -S)`, unit: "ms", ...next },
        );
      }
      return rows;
    } finally {
      master.kill();
      await client.stop();
      await host.stop();
    }
  },
};

async function loggedIn(engine: ConnectionEngine, host: SshdHost): Promise<EngineConnection> {
  const request = loginTo(host);
  const { config } = request;
  const connection = await engine.connect(
    { ...request, config: { ...config, identityFiles: [host.keyFile], identityFilesAreDefault: false } },
    never(),
  );
  await run(connection, "true");
  return connection;
}

async function ssh(client: SshClient, args: readonly string[]): Promise<number> {
  const child = spawn("ssh", ["-F", client.configFile, ...args, ...(args.includes("-O") ? ["lab"] : [])], {
    stdio: "ignore",
  });
  const [code] = await once(child, "exit");
  return Number(code);
}
