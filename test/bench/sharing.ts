import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, open, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SshClient } from "../lab/sshClient.ts";
import { startSshd } from "../lab/sshdHost.ts";
import { sharedConnection } from "../support/sharedConnection.ts";
import type { Benchmark, Row } from "./benchmark.ts";
import { interleaved, timed } from "./measure.ts";

const execute = promisify(execFile);

/** All with this one: what each prefers differs. */
const ciphers = "aes128-gcm@openssh.com";

const size = 100_000_000;
const cloneSize = 200_000_000;
const syncedFiles = 20_000;

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
    /** OpenSSH's own master, by the mode in which it serves the client that the wrapper runs. */
    const peerProxy = (command: string, input?: string): Promise<number> =>
      ssh(["-S", client.controlPath, "-O", "proxy", "lab", command], process.env, input);
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
        ["100 MB to the server", "cat >/dev/null", file],
        ["100 MB from the server", `head -c ${size} /dev/zero`, undefined],
      ] as const) {
        for (const [beside, other] of [
          ["ssh -S", peer],
          ["ssh -O proxy", peerProxy],
        ] as const) {
          context.note(`${name}, ${beside}`);
          const found = await interleaved(
            async () => rate(await ours(command, input)),
            async () => rate(await other(command, input)),
            { runs: context.runs ?? 5, warmUp: 1 },
          );
          rows.push({
            ...{ name: `${name}, beside ${beside}`, unit: "MB/s", ...found },
            bar: { of: "ratio", value: 0.8, least: true },
          });
        }
      }
      const direct = `ssh -F ${client.configFile}`;
      for (const { name, run } of await copies(folder, file)) {
        context.note(name);
        const found = await interleaved(
          () => run(direct, ["-F", client.configFile], shared.env),
          () =>
            run(
              `${direct} -S ${client.controlPath}`,
              ["-F", client.configFile, "-o", `ControlPath=${client.controlPath}`],
              process.env,
            ),
          { runs: context.runs ?? 3 },
        );
        // At least 0.8 of the speed.
        rows.push({
          name: `${name}, beside ssh -S`,
          unit: "ms",
          ...found,
          bar: { of: "ratio", value: 1.25 },
        });
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

interface Copy {
  readonly name: string;
  /** Resolves to milliseconds. @param scp the options of `scp` */
  run(ssh: string, scp: readonly string[], env: NodeJS.ProcessEnv): Promise<number>;
}

/** What people copy, each time to a new place. The server has the same files. */
async function copies(folder: string, file: string): Promise<readonly Copy[]> {
  const git = (...args: readonly string[]): Promise<unknown> =>
    execute("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.org", ...args]);
  await writeFile(join(folder, "random"), randomBytes(cloneSize));
  await git("init", "-q");
  await git("add", "random");
  await git("commit", "-qm", "one");
  const many = join(folder, "many");
  for (let at = 0; at < syncedFiles; at++) {
    const inside = join(many, String(at % 100));
    if (at < 100) {
      await mkdir(inside, { recursive: true });
    }
    await writeFile(join(inside, String(at)), String(at));
  }
  let count = 0;
  const fresh = (): string => join(folder, `copy${count++}`);
  const timedRun = async (
    program: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    [from, to]: readonly [string, string],
  ): Promise<number> => {
    const time = await timed(async () => void (await execute(program, [...args], { env })));
    await execute("diff", ["-r", "--exclude=.git", from, to]);
    await rm(to, { recursive: true });
    return time;
  };
  return [
    {
      name: "git clone of 200 MB",
      run: (ssh, _, env) => {
        const to = fresh();
        const settings = { ...env, GIT_SSH_COMMAND: ssh };
        const ends = [join(folder, "random"), join(to, "random")] as const;
        return timedRun("git", ["clone", "-q", `lab:${folder}`, to], settings, ends).finally(() =>
          rm(to, { recursive: true, force: true }),
        );
      },
    },
    {
      name: `rsync of ${syncedFiles} files`,
      run: (ssh, _, env) => {
        const to = fresh();
        return timedRun("rsync", ["-a", "-e", ssh, `lab:${many}/`, to], env, [many, to]);
      },
    },
    {
      name: "scp of 100 MB to the server",
      run: (_, scp, env) => {
        const to = fresh();
        return timedRun("scp", ["-q", ...scp, file, `lab:${to}`], env, [file, to]);
      },
    },
    {
      name: "scp of 100 MB from the server",
      run: (_, scp, env) => {
        const to = fresh();
        return timedRun("scp", ["-q", ...scp, `lab:${file}`, to], env, [file, to]);
      },
    },
  ];
}
