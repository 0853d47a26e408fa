import { type ChildProcessWithoutNullStreams as PsqlProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../lab/freePort.ts";
import { exited } from "../lab/watchdog.ts";
import { findProgram } from "../setup/findProgram.ts";
import { needProgram } from "../setup/needProgram.ts";
import { runProgram } from "../setup/runProgram.ts";

export interface PsqlOutput {
  readonly stdout: string;
  readonly stderr: string;
}

export interface Postgres {
  readonly port: number;
  stop(): Promise<void>;
}

/** `nobody` on Debian: PostgreSQL does not run as root. */
const nobody = 65_534;

/** PostgreSQL on 127.0.0.1, with the user `lab` and no password. */
export async function startPostgres(): Promise<Postgres> {
  await needProgram("psql");
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-postgres-"));
  const user: string[] = [];
  if (process.getuid?.() === 0) {
    await chown(folder, nobody, nobody);
    user.push(`--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups");
  }
  const data = join(folder, "data");
  const initdb = ["-D", data, "-U", "lab", "-A", "trust", "-N", "--no-sync", "--locale=C", "-E", "UTF8"];
  await runProgram("setpriv", [...user, await serverProgram("initdb"), ...initdb], { cwd: folder });
  const port = await freePort();
  const settings = ["fsync=off", "listen_addresses=127.0.0.1", "unix_socket_directories="];
  const options = settings.flatMap((setting) => ["-c", setting]);
  const postgres = [await serverProgram("postgres"), "-D", data, "-p", String(port), ...options];
  // It must not outlive the tests.
  const server = spawn("setpriv", [...user, "--pdeathsig=INT", ...postgres], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const lines = createInterface({ input: server.stderr });
  await new Promise<void>((resolve, reject) => {
    lines.on("line", (line) => line.includes("ready to accept connections") && resolve());
    server.once("exit", (code) => reject(new Error(`postgres ended with ${code}`)));
  });
  return {
    port,
    stop: async () => {
      // Fast shutdown: it ends its clients.
      server.kill("SIGINT");
      await exited(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Debian has it in no folder of PATH. */
async function serverProgram(name: string): Promise<string> {
  const root = "/usr/lib/postgresql";
  const versions = await readdir(root).catch(() => []);
  const found = await findProgram(name, ...versions.map((version) => join(root, version, "bin", name)));
  if (found === undefined) {
    throw new Error(`${name} is missing`);
  }
  return found;
}

/** psql without its formatting and its files. */
export function startPsql({ port }: { readonly port: number }, commands: readonly string[]): PsqlProcess {
  const server = ["-h", "127.0.0.1", "-p", String(port), "-U", "lab", "-d", "postgres"];
  return spawn("psql", ["-XAt", ...server, ...commands.flatMap((command) => ["-c", command])]);
}

/** What it prints until its end. */
export async function saidBy(child: PsqlProcess): Promise<PsqlOutput> {
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  await once(child, "close");
  return said;
}

/** Executes one command of psql. */
export async function psql(
  server: { readonly port: number },
  command: string,
  input = "",
): Promise<PsqlOutput> {
  const child = startPsql(server, [command]);
  child.stdin.end(input);
  return await saidBy(child);
}
