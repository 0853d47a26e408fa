import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { installWrapper, wrapperVariables } from "../../src/share/wrapperScripts.ts";
import { isRunning } from "../lab/processTree.ts";
import { nextOutput } from "../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { exited } from "../lab/watchdog.ts";
import { outcomeOf, sharedSocket } from "../support/sharedConnection.ts";
import { WindowProcess } from "../support/windowProcess.ts";

const hash = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

const size = 3_000_000;

describe.each(["in our folder", "at ControlPath"])(
  "the window that holds a master of the engine openssh %s goes",
  (place) => {
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
      folder = await mkdtemp(join(tmpdir(), "ssh-sessions-outlive-"));
      config = join(folder, "config");
      const atPath = place === "at ControlPath" ? [`ControlPath ${folder}/c`, "ControlMaster auto"] : [];
      await writeFile(config, host.sshConfigText("lab", [...atPath, "ControlPersist 1"]));
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

    async function newWindow(name: string): Promise<WindowProcess> {
      const window = await WindowProcess.start(config, join(folder, "sockets"), name, [], {
        WINDOW_CONTROL_PATH: "on",
      });
      windows.push(window);
      await window.ask({ do: "set", user: { engine: "openssh" } });
      return window;
    }

    function start(env: NodeJS.ProcessEnv, program: string, ...args: string[]): ChildProcess {
      const child = spawn(program, ["-F", config, ...args], { env, stdio: "pipe" });
      child.stdin?.on("error", () => {});
      programs.push(child);
      return child;
    }

    async function echoes(child: ChildProcess, line: string): Promise<void> {
      child.stdin?.write(`${line}\n`);
      expect(await nextOutput(child as never)).toBe(line);
    }

    /** Five programs that work on the window's connection, and what they are to do when the window has gone. */
    async function busyPrograms(window: WindowProcess) {
      await window.ask({ do: "open" });
      const { text } = await window.ask({ do: "shareWithPrograms" });
      const env: NodeJS.ProcessEnv = {
        ...process.env,
        ...(JSON.parse(text) as Record<string, string>),
        PATH: `${folder}/wrapper:${process.env["PATH"]}`,
      };
      const socket = await sharedSocket(env, "lab,,,");
      const logins = host.logins();
      const data = randomBytes(size);
      await writeFile(join(folder, "data"), data);
      const cats = [start(env, "ssh", "lab", "cat"), start(env, "ssh", "lab", "exec cat")];
      const sleeping = start(env, "ssh", "lab", "echo $$; exec sleep 1000");
      // 2 MB/s.
      const copies = [
        start(env, "scp", "-q", "-l", "16000", `lab:${folder}/data`, join(folder, "down")),
        start(env, "scp", "-q", "-l", "16000", join(folder, "data"), `lab:${folder}/up`),
      ];
      for (const cat of cats) {
        await echoes(cat, "before");
      }
      const sleeper = Number(await nextOutput(sleeping as never));
      // They start their ssh late on a busy machine: when the window has gone, it would log in itself.
      const begun = async (name: string): Promise<boolean> =>
        await stat(join(folder, name)).then(
          ({ size: bytes }) => bytes > 0,
          () => false,
        );
      await until(async () => (await begun("down")) && (await begun("up")), "both copies have begun");
      const check = await outcomeOf("ssh", ["-F", "none", "-S", socket, "-O", "check", "x"], process.env);
      const pid = Number(/pid=(\d+)/.exec(check.stderr)?.[1]);
      expect(host.logins()).toBe(logins);
      const argv = (await readFile(`/proc/${pid}/cmdline`, "latin1")).split("\0");
      const log = argv[argv.indexOf("-E") + 1] ?? "";
      return {
        pid,
        /** How many channels the window has opened. */
        opens: async () => (await readFile(log, "latin1")).split(/: new mux-proxy/).length,
        entries: () => readdir(env[wrapperVariables.hosts] ?? ""),
        async goOn(): Promise<void> {
          for (const cat of cats) {
            await echoes(cat, "after");
          }
          await Promise.all(copies.map(exited));
          expect(copies.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
          for (const name of ["down", "up"]) {
            expect(hash(await readFile(join(folder, name)))).toBe(hash(data));
          }
          for (const cat of cats) {
            cat.stdin?.end();
            await exited(cat);
          }
          expect([sleeping.exitCode, sleeping.signalCode, isRunning(pid)]).toEqual([null, null, true]);
          process.kill(sleeper);
          await exited(sleeping);
          expect([...cats, sleeping].map(({ exitCode }) => exitCode)).toEqual([0, 0, 255]);
          expect(host.logins()).toBe(logins);
          await until(() => !isRunning(pid), "the end of the master after its last program");
        },
      };
    }

    test("in order", async () => {
      const window = await newWindow("one");
      const { goOn } = await busyPrograms(window);
      await window.close();
      await goOn();
    });

    test("while a terminal prints without end", async () => {
      const window = await newWindow("one");
      const { goOn } = await busyPrograms(window);
      const command = "while :; do yes flood | head -c 100000; sleep 0.01; done";
      await window.ask({ do: "open", command, waits: false });
      await until(async () => /flood/.test((await window.ask({ do: "read", tab: 1 })).text), "the flood");
      await window.close();
      await goOn();
    });

    test("after terminals whose numbers at the server are those of programs at the master", async () => {
      const window = await newWindow("one");
      const { goOn } = await busyPrograms(window);
      const tabs = [...Array(8).keys()].map((at) => at + 1);
      for (const _ of tabs) {
        await window.ask({ do: "open" });
      }
      for (const tab of tabs) {
        await window.ask({ do: "write", tab, text: "exit\r" });
        await until(
          async () => (await window.ask({ do: "read", tab })).states.at(-1) !== "open",
          "the end of the shell",
        );
      }
      await window.close();
      await goOn();
    });

    test("while the server has not answered to a new terminal", async () => {
      const window = await newWindow("one");
      const { goOn, opens, entries } = await busyPrograms(window);
      const before = await opens();
      host.freeze();
      let closed: Promise<void>;
      try {
        await window.ask({ do: "open", waits: false });
        await until(async () => (await opens()) > before, "the open");
        closed = window.close();
        await until(async () => (await entries()).length === 0, "the window has begun to close");
      } finally {
        host.thaw();
      }
      await closed;
      await goOn();
    });

    test.each(["SIGTERM", "SIGKILL"] as const)("by %s", async (signal) => {
      const window = await newWindow("one");
      const { goOn } = await busyPrograms(window);
      window.child.kill(signal);
      await exited(window.child);
      await goOn();
    });

    test("and the next one, which takes it over, goes at any moment", async () => {
      const window = await newWindow("one");
      const { goOn, pid } = await busyPrograms(window);
      await window.close();
      for (let at = 0; at < 3; at++) {
        const next = await newWindow("next");
        next.child.send({ do: "open", waits: false, id: 1_000 });
        await delay(Math.random() * 300);
        await next.close();
        expect(isRunning(pid)).toBe(true);
      }
      await goOn();
    });
  },
);
