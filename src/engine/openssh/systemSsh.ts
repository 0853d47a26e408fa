import type { Clock } from "../../base/clock.ts";
import { Deadline } from "../../base/deadline.ts";
import { asError } from "../../base/errors.ts";
import { localFiles } from "../../base/localFiles.ts";
import { printable } from "../../base/log.ts";
import { configEnvironment } from "../../config/configEnvironment.ts";
import { findSsh, type RunSsh, runSsh } from "../../config/sshProgram.ts";
import { ConnectError } from "../engineErrors.ts";

export interface SystemSsh {
  readonly program: string;
  /** The OpenSSH version, such as 9.2. */
  readonly version: { readonly major: number; readonly minor: number };
}

/** Milliseconds. The command only prints a line. */
const longestWait = 10_000;

/** The first version with KnownHostsCommand. */
const oldest = { major: 8, minor: 5 };

/** The stamp of each `ssh` whose version is known, with that version. */
const known = new Map<string, { readonly stamp: string; readonly version: SystemSsh["version"] }>();

/**
 * Finds the machine's `ssh` and checks that it can be the master of a connection.
 * @param find is called each time: the program may have been installed meanwhile
 * @throws ConnectError `openssh-missing`, `openssh-too-old`, `openssh-silent`, `openssh-failed`, `unsupported`
 */
export async function systemSsh(
  clock: Clock,
  signal: AbortSignal,
  find: () => Promise<string | undefined> = () => findSsh(configEnvironment()),
  run: RunSsh = runSsh,
): Promise<SystemSsh> {
  if (process.platform === "win32") {
    throw new ConnectError(
      "unsupported",
      "OpenSSH for Windows can't share a connection: use the engine ssh2",
    );
  }
  const program = await find();
  if (program === undefined) {
    throw new ConnectError("openssh-missing", "No ssh was found in the folders of PATH");
  }
  const stamp = await stampOf(program);
  const before = known.get(program);
  if (before !== undefined && before.stamp === stamp) {
    return { program, version: before.version };
  }
  const silent = new ConnectError(
    "openssh-silent",
    `${program} -V did not end within ${longestWait / 1000} s`,
  );
  const deadline = new Deadline(clock, longestWait, () => silent, signal);
  try {
    const { stdout, stderr } = await run(program, ["-V"], deadline.signal);
    const said = (stderr + stdout).trim();
    const [, major, minor] = /^OpenSSH_(\d+)\.(\d+)/.exec(said) ?? [];
    if (major === undefined || minor === undefined) {
      throw new ConnectError("openssh-failed", `${program} is not OpenSSH: ${printable(said, 100)}`);
    }
    const version = { major: Number(major), minor: Number(minor) };
    if (!isAtLeast(version, oldest)) {
      throw new ConnectError("openssh-too-old", `${program} is OpenSSH ${major}.${minor}`);
    }
    if (stamp !== undefined) {
      known.set(program, { stamp, version });
    }
    return { program, version };
  } catch (error) {
    if (signal.aborted || ConnectError.is(error)) {
      throw error;
    }
    throw new ConnectError("openssh-failed", `${program}: ${asError(error).message}`, { cause: error });
  } finally {
    deadline.dispose();
  }
}

/** Changes when the program is replaced. Undefined: unknown. */
async function stampOf(program: string): Promise<string | undefined> {
  return await localFiles.stat(program).then(
    ({ stamp }) => stamp,
    () => undefined,
  );
}

export function isAtLeast(version: SystemSsh["version"], { major, minor }: SystemSsh["version"]): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
