import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, open, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SshClient } from "../lab/sshClient.ts";
import { startSshd } from "../lab/sshdHost.ts";
import { sharedConnection } from "../support/sharedConnection.ts";
import type { Benchmark, Row } from "./benchmark.ts";
import { interleaved, timed } from "./measure.ts";

/** All with this one: what each prefers differs. */
const ciphers = "aes128-gcm@openssh.com";

const size = 100_000_000;

/** Bytes of the repository and files of the folder that are copied. `--full`: as large as people's. */
const usualSizes = { clone: 50_000_000, files: 4_000 };
const fullSizes = { clone: 200_000_000, files: 20_000 };

/** Milliseconds for one copy: it fails then, and names what its processes wait for. */
const longestCopy = 120_000;

const execute = promisify(execFile);

/** The wrapper of `ssh` over a connection of ours, beside a client of an OpenSSH master, and a login of its own. */
export const sharingBenchmark: Benchmark = {
  name: "sharing",
  about: `the wrapper of ssh over our connection, beside \`ssh -S\` and a fresh \`ssh\`, all with ${ciphers}`,
  run: async (context) => {
    const host = await startSshd({ sshd: { MaxSessions: 10 } });
    const client = await SshClient.for(host, [`Ciphers ${ciphers}`]);
    const shared = await sharedConnection(client.configFile);
    const onSsh = await sharedConnection(client.configFile, {}, "openssh");
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
    const oursOnSsh = (command: string, input?: string): Promise<number> =>
      ssh(["lab", command], onSsh.env, input);
    const peer = (command: string, input?: string): Promise<number> =>
      ssh(["-S", client.controlPath, "lab", command], process.env, input);
    /** As ours, by OpenSSH's own relay: no other can be much faster, because the client is the same. */
    const proxied = (command: string, input?: string): Promise<number> =>
      ssh(["-S", client.controlPath, "-O", "proxy", "lab", command], process.env, input);
    const insteadOfOurs = "the same by OpenSSH's relay in place of ours";
    const onOpenSsh = "the same on a connection of the engine openssh";
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
        ...{ name: onOpenSsh, unit: "ms" },
        ...(await interleaved(
          () => oursOnSsh("true"),
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
      context.note("what the wrapper leaves to the real ssh");
      // `-W` needs a connection of its own; `-G` makes none.
      const other = await interleaved(
        () => ssh(["-G", "-W", "a:1", "lab"], shared.env),
        () => ssh(["-G", "-W", "a:1", "lab"], process.env),
        { runs },
      );
      rows.push({
        ...{ name: "the real ssh through the wrapper, later than without it", unit: "ms" },
        ...{ ours: other.ours - other.peer, peer: undefined, bar: { of: "ours", value: 20 } },
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
        const native = await interleaved(
          async () => rate(await oursOnSsh(command, input)),
          async () => rate(await peer(command, input)),
          { runs: context.runs ?? 5, warmUp: 1 },
        );
        rows.push({
          name: onOpenSsh,
          unit: "MB/s",
          ...native,
          bar: { of: "ratio", value: 0.8, least: true },
        });
        const limit = await interleaved(
          async () => rate(await proxied(command, input)),
          async () => rate(await peer(command, input)),
          { runs: context.runs ?? 5, warmUp: 1 },
        );
        rows.push({ name: insteadOfOurs, unit: "MB/s", ...limit });
      }
      const config = ["-F", client.configFile];
      const proxySsh = join(folder, "proxy-ssh");
      await writeFile(proxySsh, `#!/bin/sh\nexec ssh -S ${client.controlPath} -O proxy "$@"\n`);
      await chmod(proxySsh, 0o755);
      const direct = ["ssh", ...config].join(" ");
      for (const { name, run, isScp } of await copies(folder, file, context.full ? fullSizes : usualSizes)) {
        context.note(name);
        const native = () =>
          run(
            `${direct} -S ${client.controlPath}`,
            [...config, "-o", `ControlPath=${client.controlPath}`],
            process.env,
          );
        const found = await interleaved(
          () => run(direct, config, shared.env),
          native,
          // The first copies compile our code, which a window does once.
          { runs: Math.min(context.runs ?? 5, 5), warmUp: 2 },
        );
        // At least 0.8 of the speed.
        rows.push({
          name: `${name}, beside ssh -S`,
          unit: "ms",
          ...found,
          bar: { of: "ratio", value: 1.25 },
        });
        const copied = await interleaved(() => run(direct, config, onSsh.env), native, {
          ...{ runs: Math.min(context.runs ?? 5, 5), warmUp: 1 },
        });
        rows.push({ name: onOpenSsh, unit: "ms", ...copied, bar: { of: "ratio", value: 1.25 } });
        if (isScp) {
          const limit = await interleaved(
            () => run(direct, [...config, "-S", proxySsh], process.env),
            native,
            { runs: Math.min(context.runs ?? 5, 5), warmUp: 1 },
          );
          rows.push({ name: insteadOfOurs, unit: "ms", ...limit });
        }
      }
      return rows;
    } finally {
      master.kill();
      await shared[Symbol.asyncDispose]();
      await onSsh[Symbol.asyncDispose]();
      await client.stop();
      await host.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

interface Copy {
  readonly name: string;
  readonly isScp?: boolean;
  /** Resolves to milliseconds. @param scp the options of `scp` */
  run(ssh: string, scp: readonly string[], env: NodeJS.ProcessEnv): Promise<number>;
}

/** What people copy, each time to a new place, and compared with the original. The server has the same files. */
async function copies(
  folder: string,
  file: string,
  sizes: { readonly clone: number; readonly files: number },
): Promise<readonly Copy[]> {
  const repository = join(folder, "repository");
  await mkdir(repository);
  const git = (...args: readonly string[]): Promise<unknown> =>
    execute("git", ["-C", repository, "-c", "user.name=a", "-c", "user.email=a@example.org", ...args]);
  await writeFile(join(repository, "random"), randomBytes(sizes.clone));
  await git("init", "-q");
  await git("add", "random");
  await git("commit", "-qm", "one");
  const many = join(folder, "many");
  for (let at = 0; at < sizes.files; at++) {
    const inside = join(many, String(at % 100));
    if (at < 100) {
      await mkdir(inside, { recursive: true });
    }
    await writeFile(join(inside, String(at)), String(at));
  }
  let count = 0;
  const copy = async (
    program: string,
    args: (to: string) => readonly string[],
    from: string,
    env: NodeJS.ProcessEnv,
  ): Promise<number> => {
    const to = join(folder, `copy${count++}`);
    try {
      const time = await timed(() => bounded(program, args(to), env));
      await execute("diff", ["-r", "--exclude=.git", from, to]);
      return time;
    } finally {
      await rm(to, { recursive: true, force: true });
    }
  };
  const megabytes = Math.round(sizes.clone / 1_000_000);
  return [
    {
      name: `git clone of ${megabytes} MB`,
      run: (ssh, _, env) =>
        copy("git", (to) => ["clone", "-q", `lab:${repository}`, to], repository, {
          ...env,
          GIT_SSH_COMMAND: ssh,
        }),
    },
    {
      name: `rsync of ${sizes.files} files`,
      run: (ssh, _, env) => copy("rsync", (to) => ["-a", "-e", ssh, `lab:${many}/`, to], many, env),
    },
    {
      name: "scp of 100 MB to the server",
      isScp: true,
      run: (_, scp, env) => copy("scp", (to) => ["-q", ...scp, file, `lab:${to}`], file, env),
    },
    {
      name: "scp of 100 MB from the server",
      isScp: true,
      run: (_, scp, env) => copy("scp", (to) => ["-q", ...scp, `lab:${file}`, to], file, env),
    },
  ];
}

/** Runs a program. One that does not end in time is killed, with all that it started. */
async function bounded(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(program, [...args], { env, stdio: ["ignore", "ignore", "inherit"], detached: true });
  const { pid } = child;
  if (pid === undefined) {
    throw new Error(`${program} does not start`);
  }
  let hung: Promise<string> | undefined;
  const timer = setTimeout(() => {
    // `detached` made it a session of its own.
    hung = execute("ps", ["-o", "pid,stat,wchan:24,args", "-s", String(pid)]).then(
      ({ stdout }) => stdout,
      () => "",
    );
    void hung.then(() => process.kill(-pid, "SIGKILL"));
  }, longestCopy);
  const [code] = await once(child, "exit");
  clearTimeout(timer);
  if (hung !== undefined) {
    throw new Error(`${program} has not ended within ${longestCopy / 1000} s:\n${await hung}`);
  }
  if (code !== 0) {
    throw new Error(`${program} ${args.join(" ")} has ended with ${code}`);
  }
}
