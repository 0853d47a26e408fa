import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./freePort.ts";
import { makeKey } from "./keys.ts";
import { labUser } from "./labUser.ts";

const run = promisify(execFile);

/** A temporary Dropbear on loopback. Creates its user, so only root can start one. */
export interface DropbearHost {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly keyFile: string;
  /** Of the listener. */
  readonly pid: number | undefined;
  /** Stops it and removes its files. */
  stop(): Promise<void>;
}

/** @param userName a separate login for each test file, because authorized_keys is in its home folder */
export async function startDropbear(
  userName: string,
  options: readonly string[] = [],
): Promise<DropbearHost> {
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-dropbear-"));
  const user = await labUser(userName);
  const keys = join("/home", user.name, ".ssh");
  await run("dropbearkey", ["-t", "ed25519", "-f", join(folder, "host_key")]);
  const key = await makeKey(join(folder, "key"), { kind: "ed25519" });
  await mkdir(keys, { recursive: true, mode: 0o700 });
  await writeFile(join(keys, "authorized_keys"), `${key.publicLine}\n`, { mode: 0o600 });
  await run("chown", ["-R", `${user.uid}:${user.gid}`, keys]);
  const port = await freePort();
  const listen = ["-F", "-E", "-p", `127.0.0.1:${port}`, "-r", join(folder, "host_key")];
  const dropbear = spawn("dropbear", [...listen, ...options], { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(dropbear, "exit");
  // It prints a line when it listens. Later output must not fill the pipe.
  await once(dropbear.stderr, "data");
  dropbear.stderr.resume();
  return {
    host: "127.0.0.1",
    port,
    user: user.name,
    keyFile: key.file,
    pid: dropbear.pid,
    stop: async () => {
      dropbear.kill("SIGKILL");
      await exited;
      await rm(folder, { recursive: true, force: true });
      await rm(keys, { recursive: true, force: true });
    },
  };
}
