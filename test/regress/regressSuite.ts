import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { installWrapper } from "../../src/share/wrapperScripts.ts";
import { freePort } from "../lab/freePort.ts";
import { ensureOpenSshTests } from "../setup/opensshTests.ts";
import { sharedSocket } from "../support/sharedConnection.ts";
import { type TestStack, testStack } from "../support/testStack.ts";

export interface RegressOutcome {
  readonly passed: boolean;
  /** It did not end in time. */
  readonly hung: boolean;
  readonly output: string;
  /** The command lines of `ssh` that the wrapper served with our connection, and those of the real `ssh`. */
  readonly ours: readonly string[];
  readonly real: readonly string[];
}

/** How long `ssh` waits for our connection before the real one runs. Milliseconds. */
const loginPatience = 15_000;

/**
 * What the suite runs as `ssh`. It connects to the host as the editor would, and runs the wrapper. The suite's option for
 * its own master is left out, because our connection is in that one's place; control commands are for the suite's master.
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
if [ -z "$control" ] && [ -n "$config" ] && [ -f "$config" ] && [ -n "$host" ]; then
  variables=$(printf '%s\\t%s\\n' "$config" "\${host##*@}" | "$folder/netcat" -U "$folder/lab.sock")
  if [ -n "$variables" ]; then
    eval "$variables"
    export PATH=$folder/wrapper:$PATH
    echo "$*" >>"$folder/ours.log"
    exec "$folder/wrapper/ssh" "\${args[@]}"
  fi
fi
echo "$*" >>"$folder/real.log"
exec /usr/bin/ssh "$@"
`;

/** OpenSSH's own regress suite, with the wrapper and connections of ours in the place of `ssh`. */
export class RegressSuite implements AsyncDisposable {
  readonly #folder: string;
  readonly #scripts: string;
  readonly #server: Server;
  /** By the text of their ssh_config, which scripts change. */
  readonly #stacks = new Map<
    string,
    Promise<{ stack: TestStack; variables: Readonly<Record<string, string>> }>
  >();

  private constructor(folder: string, scripts: string) {
    this.#folder = folder;
    this.#scripts = scripts;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => {});
      socket.once("data", (line: Buffer) => {
        const [config = "", host = ""] = line.toString().trim().split("\t");
        this.#connect(config, host).then(
          (variables) => socket.end(variables),
          () => socket.end(),
        );
      });
    });
  }

  static async start(): Promise<RegressSuite> {
    const scripts = await ensureOpenSshTests();
    const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-regress-"));
    for (const program of ["netcat", "mkdtemp", "modpipe", "setuid-allowed", "check-perm", "config.h"]) {
      await cp(join(scripts, program), join(folder, program));
    }
    await installWrapper(join(folder, "wrapper"));
    await writeFile(join(folder, "ssh"), ssh, { mode: 0o755 });
    const suite = new RegressSuite(folder, scripts);
    await new Promise<void>((resolve) => suite.#server.listen(join(folder, "lab.sock"), resolve));
    return suite;
  }

  /** Runs one script, by its name without `.sh`. */
  async run(script: string, seconds: number): Promise<RegressOutcome> {
    const folder = this.#folder;
    for (const log of ["ours.log", "real.log"]) {
      await writeFile(join(folder, log), "");
    }
    const usual = "/usr/lib/openssh";
    const env = {
      ...process.env,
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
    const lines = async (log: string): Promise<readonly string[]> =>
      (await readFile(join(folder, log), "utf8")).split("\n").filter((line) => line !== "");
    return {
      ...{ passed: code === 0, hung, output },
      ...{ ours: await lines("ours.log"), real: await lines("real.log") },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const each of this.#stacks.values()) {
      await each.then(
        ({ stack }) => stack[Symbol.asyncDispose](),
        () => {},
      );
    }
    await this.#endServer();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** The variables of a terminal, as commands of a shell, once the wrapper can find the host. */
  async #connect(config: string, host: string): Promise<string> {
    const key = `${config} ${createHash("sha256")
      .update(await readFile(config))
      .digest("hex")}`;
    let starting = this.#stacks.get(key);
    if (starting === undefined) {
      starting = testStack(config).then(async (stack) => ({
        stack,
        variables: await stack.programs.turnOn(),
      }));
      this.#stacks.set(key, starting);
    }
    const { stack, variables } = await starting;
    const found = stack.service.connect(host).then(() => sharedSocket(variables, `${host},`));
    const late = new Promise<never>((_, reject) => setTimeout(reject, loginPatience).unref());
    await Promise.race([found, late]);
    return Object.entries(variables)
      .map(([name, value]) => `export ${name}='${value}'\n`)
      .join("");
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
