import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { freePort } from "../lab/freePort.ts";
import { makeSeparationFolder } from "../lab/sshdServer.ts";
import { ensureOpenSshTests } from "../setup/opensshTests.ts";
import { type RegressWay, type RegressWayName, regressWays } from "./regressWays.ts";

export interface RegressOutcome {
  readonly passed: boolean;
  /** It did not end in time. */
  readonly hung: boolean;
  readonly output: string;
  /** The command lines of `ssh` that used our connection, and all others. */
  readonly ours: readonly string[];
  readonly real: readonly string[];
}

/** How long `ssh` waits for our connection before the real one runs. Milliseconds. */
const loginPatience = 15_000;

/**
 * What the suite runs as `ssh`. It asks us to connect to the host as the editor would, and gets commands for a shell,
 * which set `via`. The suite's option for its own master is left out, because our connection is in that one's place;
 * control commands are for the suite's master.
 */
const ssh = `#!/bin/bash
folder=$(dirname "$0")
config= host= control= args=()
all=("$@")
for ((at = 0; at < $#; at++)); do
  arg=\${all[at]} next=\${all[at + 1]}
  if [ -z "$host" ]; then
    case $arg in
      -F) config=$next ;;
      -O) [ "$next" = proxy ] || control=1; ((at++)); continue ;;
      -Oproxy) continue ;;
      -O*|-MS*|-M|-Q|-G) control=1 ;;
      -S) ((at++)); continue ;;
      -S*|-oControlPath=*) continue ;;
      -o) case $next in ControlPath=*) ((at++)); continue ;; esac ;;
    esac
    case $arg in
      -[bcDEeFIiJLlmopQRWw]) args+=("$arg" "$next"); ((at++)); continue ;;
      -*) ;;
      *) host=$arg ;;
    esac
  fi
  args+=("$arg")
done
echo "$$ $*" >>"$folder/calls.log"
via=
if [ -z "$control" ] && [ -n "$config" ] && [ -f "$config" ] && [ -n "$host" ]; then
  eval "$(printf '%s\\t%s\\n' "$config" "\${host##*@}" | "$folder/netcat" -U "$folder/lab.sock")"
fi
[ -z "$via" ] || exec "$via" "\${args[@]}"
exec /usr/bin/ssh "$@"
`;

/** Found by PATH in the place of `/usr/bin/ssh`: records which process, or the child of which, uses our connection. */
const recorder = `#!/bin/sh
case " $* " in
  *" -O proxy "* | *" -o ControlMaster=no "*) echo "$$ $PPID" >>"\${0%/*}/../shared.log" ;;
esac
exec /usr/bin/ssh "$@"
`;

/** OpenSSH's own regress suite, with connections of ours in the place of those of `ssh`. */
export class RegressSuite implements AsyncDisposable {
  readonly #folder: string;
  readonly #scripts: string;
  readonly #server: Server;
  readonly #way: RegressWay;

  private constructor(folder: string, scripts: string, way: RegressWay) {
    this.#folder = folder;
    this.#scripts = scripts;
    this.#way = way;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => {});
      socket.once("data", (line: Buffer) => {
        const [config = "", host = ""] = line.toString().trim().split("\t");
        const late = new Promise<never>((_, reject) => setTimeout(reject, loginPatience).unref());
        Promise.race([way.connect(config, host), late]).then(
          (commands) => socket.end(commands),
          () => socket.end(),
        );
      });
    });
  }

  static async start(way: RegressWayName = "wrapper"): Promise<RegressSuite> {
    const scripts = await ensureOpenSshTests();
    const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-regress-"));
    for (const program of ["netcat", "mkdtemp", "modpipe", "setuid-allowed", "check-perm", "config.h"]) {
      await cp(join(scripts, program), join(folder, program));
    }
    await mkdir(join(folder, "recorder"));
    await writeFile(join(folder, "recorder", "ssh"), recorder, { mode: 0o755 });
    await writeFile(join(folder, "ssh"), ssh, { mode: 0o755 });
    const suite = new RegressSuite(folder, scripts, await regressWays[way](folder));
    await new Promise<void>((resolve) => suite.#server.listen(join(folder, "lab.sock"), resolve));
    return suite;
  }

  /** Runs one script, by its name without `.sh`. */
  async run(script: string, seconds: number): Promise<RegressOutcome> {
    const folder = this.#folder;
    const [calls, shared] = [join(folder, "calls.log"), join(folder, "shared.log")];
    await writeFile(calls, "");
    await writeFile(shared, "");
    await makeSeparationFolder();
    const usual = "/usr/lib/openssh";
    const env = {
      ...process.env,
      PATH: `${folder}/recorder:${process.env["PATH"]}`,
      ...{ OBJ: folder, BUILDDIR: folder, TEST_SHELL: "sh", TEST_SSH_SSH: join(folder, "ssh") },
      ...{ TEST_SSH_SSHD: "/usr/sbin/sshd", TEST_SSH_SFTPSERVER: `${usual}/sftp-server`, EGREP: "grep -E" },
      ...{ TEST_SSH_PORT: String(await freePort()), TEST_SSH_UNSAFE_PERMISSIONS: "1" },
      ...{ TEST_SSH_SFTP: "/usr/bin/sftp", TEST_SSH_SCP: "/usr/bin/scp" },
      ...{ TEST_SSH_SSHAGENT: "/usr/bin/ssh-agent", TEST_SSH_SSHADD: "/usr/bin/ssh-add" },
      ...{ TEST_SSH_SSHKEYGEN: "/usr/bin/ssh-keygen", TEST_SSH_SSHKEYSCAN: "/usr/bin/ssh-keyscan" },
    };
    const child = spawn(
      "sh",
      [join(this.#scripts, "test-exec.sh"), folder, join(this.#scripts, `${script}.sh`)],
      {
        ...{ cwd: folder, env, stdio: ["ignore", "pipe", "pipe"], detached: true },
      },
    );
    let hung = false;
    const timer = setTimeout(() => {
      hung = true;
      endGroup(child);
    }, seconds * 1000);
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const outputs = Promise.all([text(child.stdout), text(child.stderr)]);
    const code = await ended;
    clearTimeout(timer);
    // A program that the script left behind would keep the outputs open.
    endGroup(child);
    await this.#endServer();
    const output = (await outputs).join("");
    const sharing = new Set((await readFile(shared, "utf8")).split(/\s+/));
    // The arguments of a call may have several lines.
    const all = (await readFile(calls, "utf8")).split(/\n(?=\d+ |$)/).filter((call) => call !== "");
    const isOurs = (call: string): boolean => sharing.has(call.split(" ", 1)[0] ?? "");
    return {
      ...{ passed: code === 0, hung, output },
      ...{ ours: all.filter(isOurs), real: all.filter((call) => !isOurs(call)) },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    await this.#way[Symbol.asyncDispose]();
    await this.#endServer();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** The suite's sshd is a daemon. */
  async #endServer(): Promise<void> {
    const pid = Number(await readFile(join(this.#folder, "pidfile"), "utf8").catch(() => ""));
    if (pid > 1) {
      end(pid);
    }
  }
}

function endGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) {
    end(-pid);
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
