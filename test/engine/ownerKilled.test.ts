import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { installWrapper } from "../../src/share/wrapperScripts.ts";
import { commandLines } from "../lab/processTree.ts";
import { nextOutput } from "../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { exited } from "../lab/watchdog.ts";
import { outcomeOf, sharedSocket } from "../support/sharedConnection.ts";
import { WindowProcess } from "../support/windowProcess.ts";

describe("the window that holds a connection is killed while others use it", () => {
  let host: SshdHost;
  let folder: string;
  let config: string;
  let windows: WindowProcess[];
  let programs: ChildProcess[];

  beforeAll(async () => {
    host = await startSshd({ sshd: { MaxSessions: 100 } });
  });

  afterAll(async () => await host.stop());

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-killed-"));
    config = join(folder, "config");
    await writeFile(config, host.sshConfigText("lab"));
    await installWrapper(join(folder, "wrapper"));
    windows = [];
    programs = [];
  });

  afterEach(async () => {
    for (const program of programs) {
      program.kill("SIGKILL");
    }
    await Promise.all(windows.map((window) => window.kill()));
    await rm(folder, { recursive: true, force: true });
  });

  const newWindow = async (name: string): Promise<WindowProcess> => {
    const window = await WindowProcess.start(config, join(folder, "sockets"), name);
    windows.push(window);
    return window;
  };

  /** The environment of a terminal of this window, whose connection the wrapper finds. */
  const terminalOf = async (window: WindowProcess): Promise<NodeJS.ProcessEnv> => {
    await window.ask({ do: "open" });
    const { text } = await window.ask({ do: "shareWithPrograms" });
    const env = {
      ...process.env,
      ...(JSON.parse(text) as Record<string, string>),
      PATH: `${folder}/wrapper:${process.env["PATH"]}`,
    };
    await sharedSocket(env, "lab,,,");
    return env;
  };

  const start = (env: NodeJS.ProcessEnv, ...args: string[]): ChildProcess => {
    const program = spawn("ssh", ["-F", config, ...args], { env, stdio: ["pipe", "pipe", "ignore"] });
    program.stdin?.on("error", () => {});
    programs.push(program);
    return program;
  };

  const echo = async (window: WindowProcess): Promise<void> => {
    await window.ask({ do: "type", tab: 0, text: "echo sum-$((40 + 2))\r", until: "sum-42" });
  };

  test.each([
    ["floods in both directions", false],
    ["opens that the server has not answered, and floods", true],
  ])(
    "%s: every program ends, nothing stays on the server, the other window logs in once, and then programs do",
    async (_, pending) => {
      const mark = `mark-${randomBytes(6).toString("hex")}`;
      const owner = await newWindow("owner");
      const env = await terminalOf(owner);
      const guest = await newWindow("guest");
      await guest.ask({ do: "open" });
      await guest.ask({ do: "open", command: `while :; do echo ready ${mark}; sleep 0.05; done` });
      const logins = host.logins();
      const floods = [
        start(env, "lab", `yes ${mark}`),
        start(env, "lab", `echo ready; : ${mark}; exec cat >/dev/null`),
        start(env, "-N", "-R", "0:127.0.0.1:1", "lab"),
        // Nobody reads it.
        start(env, "lab", `yes ${mark}`),
      ];
      await Promise.all([0, 1].map(async (at) => await nextOutput(floods[at] as never)));
      floods[0]?.stdout?.resume();
      for (let block = 0; block < 50; block++) {
        floods[1]?.stdin?.write(Buffer.alloc(100_000));
      }
      expect(host.logins() - logins).toBe(0);
      let late: ChildProcess[] = [];
      if (pending) {
        host.freeze();
        late = [0, 1, 2].map(() => start(env, "lab", `cat; : ${mark}`));
        const ours = async ({ pid }: ChildProcess): Promise<boolean> =>
          (await readFile(`/proc/${pid}/cmdline`, "utf8")).includes("\0proxy\0");
        await until(
          async () => (await Promise.all(late.map(ours))).every(Boolean),
          "the wrapper serves them",
        );
      }
      await owner.kill();
      if (pending) {
        host.thaw();
      }
      for (const { stdin } of late) {
        stdin?.end();
      }
      await Promise.all([...floods, ...late].map(exited));
      expect(floods.map(({ exitCode }) => exitCode)).toEqual(floods.map(() => 255));
      // ssh logs in itself if the other end of the socket goes before its greeting (muxclient in mux.c).
      const alone = late.filter(({ exitCode }) => exitCode === 0).length;
      expect(late.filter(({ exitCode }) => exitCode === 255)).toHaveLength(late.length - alone);
      await guest.ask({ do: "reopened" });
      await echo(guest);
      await until(
        async () =>
          !(await commandLines()).includes(`yes ${mark}`) && !(await commandLines()).includes(`: ${mark}`),
        "the programs on the server have ended",
      );
      expect(host.logins() - logins).toBe(1 + alone);
      const direct = await outcomeOf("ssh", ["-F", config, "lab", "echo direct"], env);
      expect(direct).toMatchObject({ code: 0, stdout: "direct\n" });
      expect(host.logins() - logins).toBe(2 + alone);
      // The other window removes what the killed one has left, and serves.
      const again = await terminalOf(guest);
      const shared = await outcomeOf("ssh", ["-F", config, "lab", "echo shared"], again);
      expect([shared.stdout, host.logins() - logins]).toEqual(["shared\n", 2 + alone]);
      const pids = (await readdir(again["SSH_SESSIONS_HOSTS"] ?? "")).map((name) => name.split(",")[3]);
      expect(new Set(pids)).toEqual(new Set([String(guest.child.pid)]));
    },
  );
});
