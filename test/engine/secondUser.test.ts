import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { wireString, wireUint32 } from "../../src/base/wire.ts";
import { encodeMux, encodeMuxHello, encodeProxyFrame, muxType } from "../../src/engine/mux/muxMessages.ts";
import { listenIn, prepareSocketFolder } from "../../src/share/socketFolder.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { peerSends } from "../support/channelMessages.ts";
import { shell } from "../support/fakeStack.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";
import { attempts, outputOf, second, TwoUsers } from "../support/secondUser.ts";
import { outcomeOf, sharedConnection } from "../support/sharedConnection.ts";
import { type TestStack, Transcript, testStack } from "../support/testStack.ts";

let host: SshdHost;
let config: string;
/** As /tmp: everyone may create files in it, and only their owner may remove them. */
let parent: string;
let folder: string;
let users: TwoUsers;

beforeAll(async () => {
  host = await startSshd();
  config = join(host.folder, "config");
  await writeFile(config, host.sshConfigText("lab"));
});

afterAll(async () => await host.stop());

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "ssh-sessions-two-"));
  await chmod(parent, 0o1777);
  folder = join(parent, "sockets");
  users = new TwoUsers();
});

afterEach(async () => {
  await users[Symbol.asyncDispose]();
  await rm(parent, { recursive: true, force: true });
});

async function window(logger = new RecordingLogger()): Promise<TestStack> {
  return users.window(
    await testStack(config, { logger, socketFolder: folder, sharesWithWindows: () => true }),
  );
}

/** The sockets in the folder, once those of `count` kinds listen. */
async function socketsOf(count: number): Promise<readonly string[]> {
  let names: string[] = [];
  await until(async () => {
    names = (await readdir(folder).catch(() => [])).filter((name) =>
      /^(?:w[0-9a-f.]+|p?[0-9a-f]{12})$/.test(name),
    );
    return names.length === count;
  }, "the sockets listen");
  return names.map((name) => join(folder, name));
}

async function works(stack: TestStack): Promise<void> {
  const terminal = new Transcript(await stack.service.open({ host: "lab", ...shell }));
  terminal.send("echo still-$((40 + 2))\n");
  await terminal.waitFor(/still-42/);
}

describe("another user of the machine", () => {
  test("can connect to no socket, not even where the folder is open by mistake", async () => {
    const stack = await window();
    await stack.programs.turnOn();
    await stack.service.connect("lab");
    const sockets = await socketsOf(2);
    expect(await attempts([...sockets, folder])).toEqual(["EACCES", "EACCES", "EACCES"]);
    await chmod(folder, 0o755);
    expect(await attempts(sockets)).toEqual(["EACCES", "EACCES"]);
    await works(stack);
  });

  test.each<[what: string, make: () => Promise<void>]>([
    [
      "a folder",
      async () => {
        await mkdir(folder, { mode: 0o700 });
        await chown(folder, second.uid, second.gid);
      },
    ],
    [
      "a link to a folder of its own",
      async () => {
        await mkdir(join(parent, "own"));
        await chown(join(parent, "own"), second.uid, second.gid);
        await symlink(join(parent, "own"), folder);
      },
    ],
    [
      "a link to a folder of this user",
      async () => {
        await mkdir(join(parent, "victim"), { mode: 0o700 });
        await symlink(join(parent, "victim"), folder);
      },
    ],
    ["a file", async () => await writeFile(folder, "")],
  ])(
    "has put %s in the place of the sockets: nothing is shared there, and the log says so",
    async (_, make) => {
      await make();
      const logger = new RecordingLogger();
      const stack = await window(logger);
      await expect(stack.programs.turnOn()).rejects.toMatchObject({
        name: "ShareError",
        reason: "unsafe-folder",
      });
      const logins = host.logins();
      await stack.service.connect("lab");
      await works(stack);
      expect(host.logins() - logins).toBe(1);
      expect(logger.complaints.join("\n")).toContain("The folder is not accessible to this user only");
      for (const name of await readdir(parent)) {
        const inside = await readdir(join(parent, name)).catch(() => []);
        expect(inside).toEqual([]);
      }
    },
  );

  test("races the creation of the folder: what is created is this user's, or refused", async () => {
    await mkdir(join(parent, "victim"), { mode: 0o700 });
    const racer = users.attacker(
      `const fs = require("fs");
      const [folder, victim] = process.argv.slice(1);
      const attempt = (work) => { try { work(); return true; } catch { return false; } };
      console.log("ready");
      for (;;) {
        if (attempt(() => fs.mkdirSync(folder, 0o777))) attempt(() => fs.rmSync(folder, { recursive: true }));
        if (attempt(() => fs.symlinkSync(victim, folder))) attempt(() => fs.unlinkSync(folder));
        attempt(() => fs.renameSync(folder, folder + ".stolen"));
      }`,
      folder,
      join(parent, "victim"),
    );
    await once(racer.stdout ?? racer, "data");
    const outcomes = { ours: 0, refused: 0 };
    const from = performance.now();
    while (performance.now() - from < 20_000 && (outcomes.ours < 20 || outcomes.refused < 20)) {
      try {
        await prepareSocketFolder(folder);
      } catch (error) {
        expect(error).toMatchObject({ reason: "unsafe-folder" });
        outcomes.refused++;
        continue;
      }
      const server = createServer();
      const name = await listenIn(folder, server);
      const facts = await lstat(folder);
      expect([facts.isDirectory(), facts.uid, facts.mode & 0o777]).toEqual([true, process.getuid?.(), 0o700]);
      expect(await readdir(folder)).toEqual([name]);
      server.close();
      await rm(folder, { recursive: true });
      outcomes.ours++;
    }
    expect(outcomes.ours).toBeGreaterThanOrEqual(20);
    expect(outcomes.refused).toBeGreaterThanOrEqual(20);
    expect(await readdir(join(parent, "victim"))).toEqual([]);
    await expect(lstat(`${folder}.stolen`)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("puts a folder with its own sockets in the place of one that was cleaned away: no window connects there", async () => {
    const logger = new RecordingLogger();
    const first = await window(logger);
    const shared = await sharedConnection(config, {
      socketFolder: folder,
      logger,
      sharesWithWindows: () => true,
    });
    users.window(shared.stack);
    const names = (await socketsOf(2)).map((path) => path.slice(folder.length + 1));
    // The folder of the entries by which the wrapper finds the socket.
    const [entries = ""] = (await readdir(folder)).filter((name) => name.startsWith("hosts"));
    const found = await readdir(join(folder, entries));
    await rename(folder, join(parent, "cleaned"));
    const hostile = users.attacker(
      `const fs = require("fs"), net = require("net"), path = require("path");
      const [folder, names, entries, found] = process.argv.slice(1);
      process.umask(0);
      fs.mkdirSync(path.join(folder, entries), { recursive: true });
      for (const name of JSON.parse(found)) fs.writeFileSync(path.join(folder, entries, name), "");
      let listening = 0;
      for (const name of JSON.parse(names)) {
        net.createServer(() => console.log("caught")).listen(path.join(folder, name), () => {
          if (++listening === JSON.parse(names).length) console.log("ready");
        });
      }`,
      ...[folder, JSON.stringify(names), entries, JSON.stringify(found)],
    );
    let said = "";
    hostile.stdout?.on("data", (data) => (said += String(data)));
    await until(() => said.includes("ready"), "the sockets of the other user listen");
    const logins = host.logins();
    await first.service.connect("lab");
    await works(first);
    const program = await outcomeOf("ssh", ["-F", config, "lab", "echo mine"], shared.env);
    expect([program.code, program.stdout]).toEqual([0, "mine\n"]);
    expect(host.logins() - logins).toBe(2);
    expect(said).toBe("ready\n");
    expect(logger.complaints.join("\n")).toContain("The folder is not accessible to this user only");
  });

  test("owns a socket among ours: windows do not connect to it, and the log names it", async () => {
    await prepareSocketFolder(folder);
    const probe = await window();
    await probe.service.connect("lab");
    const [path = ""] = await socketsOf(1);
    await probe[Symbol.asyncDispose]();
    await until(async () => (await readdir(folder)).length === 0, "the first window has left");
    let caught = 0;
    const server = createServer(() => caught++);
    await prepareSocketFolder(folder);
    await listenIn(folder, server, path.slice(folder.length + 1));
    await chown(path, second.uid, second.gid);
    const logger = new RecordingLogger();
    const stack = await window(logger);
    await stack.service.connect("lab");
    await works(stack);
    expect(caught).toBe(0);
    expect(logger.complaints.join("\n")).toContain(`This is not a socket of this user: ${path}`);
    server.close();
  });

  test("has recorded a conversation: what is replayed is refused and logged, and no window is affected", async () => {
    const logger = new RecordingLogger();
    const shared = await sharedConnection(config, { socketFolder: folder, logger });
    users.window(shared.stack);
    // Two sessions of others, so that the numbers in the recording are not those of the replay.
    const busy = [0, 1].map(() => {
      return users.program(spawn("ssh", ["-F", config, "lab", "cat"], { env: shared.env, stdio: "pipe" }));
    });
    await until(
      () =>
        shared.stack.programs.programs().filter(({ channels }) => channels[0]?.command === "cat").length ===
        2,
      "both run",
    );
    const recorded = Buffer.concat([
      encodeMuxHello(),
      encodeMux(muxType.proxy, wireUint32(1)),
      encodeProxyFrame(peerSends.open("session", 0)),
      encodeProxyFrame(
        Buffer.concat([Buffer.of(98), wireUint32(0), wireString("exec"), Buffer.of(1), wireString("id")]),
      ),
      encodeProxyFrame(peerSends.close(0)),
    ]);
    expect(await attempts([shared.socket])).toEqual(["EACCES"]);
    for (let round = 0; round < 3; round++) {
      const child = spawn(
        process.execPath,
        [
          "-e",
          `const socket = require("net").connect(process.argv[1]);
          socket.on("error", () => {});
          socket.on("close", () => console.log("closed"));
          socket.resume();
          socket.write(Buffer.from(process.argv[2], "hex"));`,
          ...[shared.socket, recorded.toString("hex")],
        ],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      expect(await outputOf(child)).toBe("closed");
    }
    expect(
      logger.complaints.filter((line) => line.includes("for a channel that it does not have")),
    ).toHaveLength(3);
    for (const child of busy) {
      child.stdin?.end("still");
      expect([await outputOf(child), child.signalCode]).toEqual(["still", null]);
    }
    expect(shared.stack.service.masters().map(({ state }) => state.kind)).toEqual(["ready"]);
    await shared[Symbol.asyncDispose]();
  });
});
