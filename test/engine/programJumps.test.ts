import { execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../lab/freePort.ts";
import { nextOutput } from "../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { exited } from "../lab/watchdog.ts";
import {
  outcomeOf,
  type ProgramOutcome,
  type SharedConnection,
  sharedConnection,
} from "../support/sharedConnection.ts";

const run = promisify(execFile);

/** Listens, and replies to a client that has ended its input with the size and the hash of it. */
async function startHasher(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    const data = await buffer(socket).catch(() => Buffer.of());
    socket.end(`${data.length} ${createHash("sha256").update(data).digest("hex")}`);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

describe.each(["ssh2", "openssh"] as const)(
  "programs that reach a further host over our connection of the engine %s",
  (engine) => {
    let jump: SshdHost;
    let inner: SshdHost;
    let config: string;
    let shared: SharedConnection;

    beforeAll(async () => {
      [jump, inner] = await Promise.all([startSshd(), startSshd()]);
      config = join(jump.folder, "config");
      const commands = [`ProxyCommand ssh -F ${config} -W %h:%p lab`];
      const blocks = [
        jump.sshConfigText("lab"),
        inner.sshConfigText("inner"),
        inner.sshConfigText("behind", ["ProxyJump lab"]),
        inner.sshConfigText("commanded", commands),
        jump.sshConfigText("middle", ["ProxyJump lab"]),
      ];
      await writeFile(config, blocks.join("\n"));
      shared = await sharedConnection(config, {}, engine);
    });

    afterAll(async () => {
      await shared[Symbol.asyncDispose]();
      await Promise.all([jump.stop(), inner.stop()]);
    });

    /** By the wrapper, and by ssh alone. */
    const both = async (
      args: readonly string[],
      input: string | Uint8Array = "",
    ): Promise<readonly [ours: ProgramOutcome & { readonly logins: number }, theirs: ProgramOutcome]> => {
      const all = ["-F", config, ...args];
      const before = jump.logins();
      const ours = await outcomeOf("ssh", all, shared.env, input);
      const logins = jump.logins() - before;
      return [{ ...ours, logins }, await outcomeOf("ssh", all, process.env, input)];
    };

    /** As a client of a master, ssh has other words for a refusal. */
    const wordsOf = ({ stderr }: ProgramOutcome): Partial<ProgramOutcome> =>
      engine === "ssh2" ? {} : { stderr };

    test("-W: both directions, and the end of the input, as with ssh alone, without a login", async () => {
      const { server, port } = await startHasher();
      const input = randomBytes(5_000_000);
      for (const target of [`127.0.0.1:${port}`, `[127.0.0.1]:${port}`, `localhost:${port}`]) {
        const [ours, theirs] = await both(["-W", target, "lab"], input);
        expect(ours).toEqual({ ...theirs, logins: 0 });
        expect(ours.stdout).toBe(`5000000 ${createHash("sha256").update(input).digest("hex")}`);
      }
      server.close();
    });

    test("-W: a lot of output arrives whole", async () => {
      const data = randomBytes(5_000_000);
      const server = createServer((socket) => socket.end(data)).listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const child = spawn("ssh", ["-F", config, "-W", `127.0.0.1:${port}`, "lab"], {
        ...{ env: shared.env, stdio: ["ignore", "pipe", "inherit"] },
      });
      expect((await buffer(child.stdout)).equals(data)).toBe(true);
      server.close();
    });

    test("-W to a port that refuses, and to an unknown name: the words and the exit code of ssh", async () => {
      for (const target of [`127.0.0.1:${await freePort()}`, "no-such-host.invalid:22"]) {
        const [ours, theirs] = await both(["-W", target, "lab"]);
        expect(ours).toEqual({ ...theirs, ...wordsOf(ours), logins: 0 });
        expect(ours.code).toBe(255);
        expect(ours.stderr).not.toBe("");
      }
    });

    test.each([
      ["a target that is none", ["-W", "nonsense", "lab"]],
      ["port 0", ["-W", "127.0.0.1:0", "lab"]],
      ["a port above 65535", ["-W", "127.0.0.1:65536", "lab"]],
      ["a command behind it", ["-W", "127.0.0.1:9", "lab", "true"]],
    ])("-W with %s: fails as ssh alone does", async (_, args) => {
      const [ours, theirs] = await both(args);
      expect({ ...ours, logins: 0 }).toEqual({ ...theirs, ...wordsOf(ours), logins: 0 });
      expect(ours.code).toBe(255);
    });

    test("-W is shown with its program, and its target hears when the program is killed or ended from here", async () => {
      const sockets: Socket[] = [];
      const server = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
      await once(server, "listening");
      const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { programs } = shared.stack;
      for (const end of ["kill", "end"]) {
        const child = spawn("ssh", ["-F", config, "-W", target, "lab"], { env: shared.env });
        await until(() => sockets.length === 1, "the target is reached");
        const [socket] = sockets.splice(0);
        const closed = socket && once(socket.resume(), "close");
        await until(() => programs.programs().length === 1, "the program is shown");
        const what =
          engine === "ssh2"
            ? { channels: [{ type: "direct-tcpip" }] }
            : { calledWith: expect.stringMatching(`-W ${target} lab$`) };
        expect(programs.programs()).toMatchObject([{ name: "ssh", pid: child.pid, ...what }]);
        if (end === "kill") {
          child.kill("SIGKILL");
        } else {
          programs.end(programs.programs()[0]?.id ?? "");
        }
        await exited(child);
        await closed;
        await until(() => programs.programs().length === 0, "no program is left");
      }
      server.close();
    });

    test.each([
      ["-J", ["-J", "lab", "inner"]],
      ["-J with a user and a port", ["-J", "USER@lab:PORT", "inner"]],
      ["ProxyJump", ["behind"]],
      ["a ProxyCommand that runs ssh -W", ["commanded"]],
      ["-J over two jump hosts", ["-J", "lab,middle", "inner"]],
    ])("%s: the jump host is reached without a login; exit code, input and output stay", async (_, given) => {
      const args = given.map((arg) => arg.replace("USER", jump.user).replace("PORT", String(jump.port)));
      const further = args.some((arg) => arg.includes("middle")) ? 1 : 0;
      const [ours, theirs] = await both([...args, "cat; echo err >&2; exit 42"], "some input");
      expect(ours).toEqual({ ...theirs, logins: further });
      expect([ours.code, ours.stdout]).toEqual([42, "some input"]);
    });

    test("a terminal behind a jump host works, and ends with its ssh", async () => {
      const child = spawn("ssh", ["-F", config, "-tt", "-J", "lab", "inner", "stty -echo; tty; cat"], {
        env: shared.env,
        stdio: "pipe",
      });
      expect((await nextOutput(child)).toString()).toMatch(/^\/dev\/pts\/\d+/);
      child.stdin.end();
      child.kill();
      await exited(child);
      await until(() => shared.stack.programs.programs().length === 0, "no program is left");
    });

    test("scp and sftp through a jump host log in to it not once", async () => {
      const data = randomBytes(2_000_000);
      const path = (name: string): string => join(inner.folder, name);
      const before = jump.logins();
      await writeFile(path("a"), data);
      await run("scp", ["-F", config, path("a"), `behind:${path("b")}`], { env: shared.env });
      await run("scp", ["-F", config, "-J", "lab", `inner:${path("b")}`, path("c")], { env: shared.env });
      await outcomeOf(
        "sftp",
        ["-F", config, "-b", "-", "behind"],
        shared.env,
        `get ${path("c")} ${path("d")}\n`,
      );
      for (const name of ["b", "c", "d"]) {
        expect((await readFile(path(name))).equals(data)).toBe(true);
      }
      expect(jump.logins() - before).toBe(0);
    });
  },
);
