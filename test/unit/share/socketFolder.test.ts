import { once } from "node:events";
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  clearStaleSockets,
  listenAt,
  listenIn,
  prepareSocketFolder,
  socketFolderPath,
} from "../../../src/share/socketFolder.ts";

let root: string;
const servers: Server[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ssh-sessions-"));
});

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
  }
  await rm(root, { recursive: true, force: true });
});

async function listening(folder: string): Promise<{ server: Server; name: string }> {
  const server = createServer();
  servers.push(server);
  return { server, name: await listenIn(folder, server) };
}

describe("the folder of the sockets", () => {
  test("is the system's own for the user, or one in the folder for temporary files", () => {
    expect(socketFolderPath({ XDG_RUNTIME_DIR: "/run/user/7" }, 7)).toBe("/run/user/7/ssh-sessions");
    expect(socketFolderPath({}, 7)).toBe(join(tmpdir(), "ssh-sessions-7"));
    expect(socketFolderPath({ XDG_RUNTIME_DIR: "relative" }, 7)).toBe(join(tmpdir(), "ssh-sessions-7"));
  });

  test("is created for its owner only, and reused", async () => {
    const folder = join(root, "sockets");
    await prepareSocketFolder(folder);
    expect((await lstat(folder)).mode & 0o777).toBe(0o700);
    await prepareSocketFolder(folder);
  });

  test.each([
    [
      "others may enter it",
      async (folder: string) => void (await mkdir(folder).then(() => chmod(folder, 0o711))),
    ],
    [
      "others may write to it",
      async (folder: string) => void (await mkdir(folder).then(() => chmod(folder, 0o702))),
    ],
    ["it is a file", async (folder: string) => await writeFile(folder, "")],
    [
      "it is a link, even to a good one",
      async (folder: string) => {
        await mkdir(join(root, "good"), { mode: 0o700 });
        await symlink(join(root, "good"), folder);
      },
    ],
  ])("is refused if %s", async (_, make) => {
    const folder = join(root, "sockets");
    await make(folder);
    await expect(prepareSocketFolder(folder)).rejects.toMatchObject({ reason: "unsafe-folder" });
  });

  test("is refused if another user owns it", async () => {
    const folder = join(root, "sockets");
    await mkdir(folder, { mode: 0o700 });
    const isRoot = process.getuid?.() === 0;
    if (isRoot) {
      await chown(folder, 65_534, 65_534);
    }
    // Only root can give a folder away; other users find one that is not theirs.
    const foreign = isRoot ? folder : "/root";
    await expect(prepareSocketFolder(foreign)).rejects.toMatchObject({ reason: "unsafe-folder" });
  });

  test("is refused if its path leaves no room for a socket's name", async () => {
    const folder = join(root, "x".repeat(80));
    await expect(prepareSocketFolder(folder)).rejects.toMatchObject({ reason: "path-too-long" });
  });
});

describe("sockets", () => {
  test("have mode 0600 and a unique name, and leave no temporary one", async () => {
    const { name } = await listening(root);
    expect((await lstat(join(root, name))).mode & 0o777).toBe(0o600);
    expect(await readdir(root)).toEqual([name]);
    expect((await listening(root)).name).not.toBe(name);
  });

  test("are removed only if they refuse a connection", async () => {
    const live = await listening(root);
    const stale = await listening(root);
    stale.server.close();
    await once(stale.server, "close");
    await writeFile(join(root, "0123456789ab"), "a file");
    await writeFile(join(root, "other"), "");
    expect((await readdir(root)).sort()).toEqual(["0123456789ab", live.name, stale.name, "other"].sort());
    await clearStaleSockets(root);
    expect((await readdir(root)).sort()).toEqual(["0123456789ab", live.name, "other"].sort());
  });

  test("that may not listen yet are left alone, as are turns that a window has", async () => {
    const old = new Date(Date.now() - 120_000);
    const stale = async (path: string): Promise<void> => {
      const server = createServer();
      await listenAt(join(root, "socket"), server);
      await link(join(root, "socket"), path);
      server.close();
      await once(server, "close");
    };
    await stale(join(root, ".00000000000a"));
    await stale(join(root, ".00000000000b"));
    await utimes(join(root, ".00000000000b"), old, old);
    for (const name of [".00000000000c", ".00000000000d", "t00000000000e", "t00000000000f"]) {
      await mkdir(join(root, name));
      await stale(join(root, name, "abcdef"));
    }
    const live = createServer();
    servers.push(live);
    await listenAt(join(root, "t00000000000f", "abcde0"), live);
    await utimes(join(root, ".00000000000d"), old, old);
    await clearStaleSockets(root);
    expect((await readdir(root)).sort()).toEqual([".00000000000a", ".00000000000c", "t00000000000f"]);
    expect(await readdir(join(root, "t00000000000f"))).toEqual(["abcde0"]);
  });
});
