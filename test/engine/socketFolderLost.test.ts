import { chmod, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { shell } from "../support/fakeStack.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";
import {
  outcomeOf,
  type SharedConnection,
  sharedConnection,
  sharedSocket,
} from "../support/sharedConnection.ts";
import { type TestStack, Transcript, testStack } from "../support/testStack.ts";

const isWindow = (name: string): boolean => name.startsWith("w");

describe("the folder of the sockets while connections are in use", () => {
  let host: SshdHost;
  let config: string;
  let parent: string;
  let folder: string;
  let shared: SharedConnection;
  let logger: RecordingLogger;
  let others: TestStack[];

  beforeAll(async () => {
    host = await startSshd();
    config = join(host.folder, "config");
    await writeFile(config, host.sshConfigText("lab"));
  });

  afterAll(async () => await host.stop());

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "ssh-sessions-lost-"));
    folder = join(parent, "sockets");
    logger = new RecordingLogger();
    others = [];
    shared = await sharedConnection(config, {
      ...{ socketFolder: folder, logger, sharesWithWindows: () => true },
    });
    // The last entry of the host: from now on nothing is written there.
    await sharedSocket(shared.env, `lab,${host.user},${host.port},`);
    await until(async () => (await readdir(folder)).some(isWindow), "the window's socket");
  });

  afterEach(async () => {
    for (const other of others) {
      await other[Symbol.asyncDispose]();
    }
    await shared[Symbol.asyncDispose]();
    await rm(parent, { recursive: true, force: true });
  });

  const otherWindow = async (): Promise<TestStack> => {
    const stack = await testStack(config, { socketFolder: folder, logger, sharesWithWindows: () => true });
    others.push(stack);
    await stack.service.connect("lab");
    return stack;
  };

  /** Runs a program and a terminal. @returns the logins that this took */
  const used = async (): Promise<number> => {
    const logins = host.logins();
    const { code, stdout } = await outcomeOf("ssh", ["-F", config, "lab", "echo used"], shared.env);
    expect([code, stdout]).toEqual([0, "used\n"]);
    const terminal = new Transcript(await shared.stack.service.open({ host: "lab", ...shell }));
    terminal.send("echo still-$((40 + 2))\n");
    await terminal.waitFor(/still-42/);
    return host.logins() - logins;
  };

  test.each<[what: string, lose: () => Promise<unknown>]>([
    ["is removed", () => rm(folder, { recursive: true })],
    [
      "loses all that is in it",
      async () => {
        for (const name of await readdir(folder)) {
          await rm(join(folder, name), { recursive: true });
        }
      },
    ],
    ["loses the entries of the hosts", () => rm(shared.env["SSH_SESSIONS_HOSTS"] ?? "", { recursive: true })],
  ])("%s: the real ssh runs, and the next connection is shared as ever", async (_, lose) => {
    await lose();
    expect(await used()).toBe(1);
    await shared.stack.service.disconnect(shared.stack.master().id);
    await shared.stack.service.connect("lab");
    await sharedSocket(shared.env, "lab,,,");
    const logins = host.logins();
    await otherWindow();
    expect([await used(), host.logins() - logins]).toEqual([0, 0]);
    expect(logger.complaints).toEqual([]);
  });

  test.each<[what: string, change: () => Promise<unknown>]>([
    ["is opened to others by mistake", () => chmod(folder, 0o755)],
    [
      "is replaced by a link to it",
      async () => {
        await rename(folder, `${folder}.moved`);
        await symlink(`${folder}.moved`, folder);
      },
    ],
    [
      "is replaced by a file",
      async () => {
        await rm(folder, { recursive: true });
        await writeFile(folder, "");
      },
    ],
  ])("%s: another window logs in itself and says why, and both go on", async (_, change) => {
    await change();
    const logins = host.logins();
    await otherWindow();
    expect(host.logins() - logins).toBe(1);
    expect(logger.complaints.join("\n")).toContain("The folder is not accessible to this user only");
    await used();
  });

  test("a window's socket is replaced by a link to another one: no window follows it, and the log names it", async () => {
    const name = (await readdir(folder)).find(isWindow) ?? "";
    await mkdir(join(parent, "aside"));
    await rename(join(folder, name), join(parent, "aside", name));
    await symlink(join(parent, "aside", name), join(folder, name));
    const logins = host.logins();
    await otherWindow();
    expect(host.logins() - logins).toBe(1);
    expect(logger.complaints.join("\n")).toContain(
      `This is not a socket of this user: ${join(folder, name)}`,
    );
    expect(await used()).toBe(0);
  });
});
