import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SshClient } from "../lab/sshClient.ts";
import { startSshd } from "../lab/sshdHost.ts";
import { sharedConnection } from "../support/sharedConnection.ts";
import type { Benchmark, Row } from "./benchmark.ts";
import { interleaved, timed } from "./measure.ts";

/** All with this one: what each prefers differs. */
const ciphers = "aes128-gcm@openssh.com";

const size = 100_000_000;

/** The wrapper of `ssh` over a connection of ours, beside a client of an OpenSSH master, and a login of its own. */
export const sharingBenchmark: Benchmark = {
  name: "sharing",
  about: `the wrapper of ssh over our connection, beside \`ssh -S\` and a fresh \`ssh\`, all with ${ciphers}`,
  run: async (context) => {
    const host = await startSshd({ sshd: { MaxSessions: 10 } });
    const client = await SshClient.for(host, [`Ciphers ${ciphers}`]);
    const shared = await sharedConnection(client.configFile);
    const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-bench-"));
    const file = join(folder, "data");
    await writeFile(file, "");
    await truncate(file, size);
    const master = client.spawn("", ["-M", "-N", "-S", client.controlPath]);
    /** Milliseconds. @param args of `ssh`, behind its configuration */
    const ssh = (args: readonly string[], env: NodeJS.ProcessEnv, input?: string): Promise<number> =>
      timed(async () => {
        const handle = input === undefined ? undefined : await open(input);
        const child = spawn("ssh", ["-F", client.configFile, ...args], {
          ...{ env, stdio: [handle?.fd ?? "ignore", "ignore", "inherit"] },
        });
        const [code] = await once(child, "exit");
        await handle?.close();
        if (code !== 0) {
          throw new Error(`ssh ${args.join(" ")} has ended with ${code}`);
        }
      });
    const ours = (command: string, input?: string): Promise<number> =>
      ssh(["lab", command], shared.env, input);
    const peer = (command: string, input?: string): Promise<number> =>
      ssh(["-S", client.controlPath, "lab", command], process.env, input);
    const rate = (milliseconds: number): number => size / 1000 / milliseconds;
    try {
      while (
        (await ssh(["-S", client.controlPath, "-O", "check", "lab"], process.env).catch(() => 0)) === 0
      ) {
        context.note("waiting for the master");
      }
      const rows: Row[] = [];
      const runs = context.runs ?? 20;
      context.note("a command");
      rows.push({
        ...{ name: "ssh host true, beside ssh -S", unit: "ms" },
        ...(await interleaved(
          () => ours("true"),
          () => peer("true"),
          { runs },
        )),
        bar: { of: "ratio", value: 1.3 },
      });
      rows.push({
        ...{ name: "ssh host true, beside a fresh ssh", unit: "ms" },
        ...(await interleaved(
          () => ours("true"),
          () => ssh(["lab", "true"], process.env),
          { runs },
        )),
        bar: { of: "ratio", value: 0.1 },
      });
      for (const [name, command, input] of [
        ["100 MB to the server, beside ssh -S", "cat >/dev/null", file],
        ["100 MB from the server, beside ssh -S", `head -c ${size} /dev/zero`, undefined],
      ] as const) {
        context.note(name);
        const found = await interleaved(
          async () => rate(await ours(command, input)),
          async () => rate(await peer(command, input)),
          { runs: context.runs ?? 5, warmUp: 1 },
        );
        rows.push({ name, unit: "MB/s", ...found, bar: { of: "ratio", value: 0.8, least: true } });
      }
      return rows;
    } finally {
      master.kill();
      await shared[Symbol.asyncDispose]();
      await client.stop();
      await host.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};
