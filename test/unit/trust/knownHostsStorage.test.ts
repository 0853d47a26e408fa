import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createKnownHostsStorage } from "../../../src/trust/knownHostsStorage.ts";

const posix = process.platform !== "win32";
let home: string;
let file: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "known-hosts-"));
  file = join(home, ".ssh", "known_hosts");
});

afterEach(() => rm(home, { recursive: true, force: true }));

async function mode(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

describe("known_hosts on disk", () => {
  it("a missing file or folder reads as empty", async () => {
    const storage = createKnownHostsStorage(home);
    expect(await storage.read(file)).toBeUndefined();
    await writeFile(join(home, "plain"), "");
    expect(await storage.read(join(home, "plain", "below"))).toBeUndefined();
  });

  it("a new text replaces the old one, which is kept, and no other", async () => {
    const storage = createKnownHostsStorage(home);
    const path = join(home, "known_hosts");
    await writeFile(path, Buffer.from([0xff, 0x0a]));
    await expect(storage.replace(path, "other\n", "new\n")).rejects.toThrow();
    await storage.replace(path, "\u00ff\n", "\u00fe\n");
    expect(await readFile(path)).toEqual(Buffer.from([0xfe, 0x0a]));
    expect(await readFile(`${path}.old`)).toEqual(Buffer.from([0xff, 0x0a]));
  });

  it("an existing file that can't be read is an error", async () => {
    await expect(createKnownHostsStorage(home).read(home)).rejects.toThrow();
  });

  it("bytes outside ASCII survive reading", async () => {
    const path = join(home, "bytes");
    await writeFile(path, Buffer.from([0xff, 0xc3, 0xbc, 0x0a]));
    expect(Buffer.from((await createKnownHostsStorage(home).read(path)) ?? "", "latin1")).toEqual(
      Buffer.from([0xff, 0xc3, 0xbc, 0x0a]),
    );
  });

  it("the first line creates .ssh and the file, for their owner only", async () => {
    await createKnownHostsStorage(home).append(file, "a b c");
    expect(await readFile(file, "utf8")).toBe("a b c\n");
    if (posix) {
      expect(await mode(file)).toBe(0o600);
      expect(await mode(join(home, ".ssh"))).toBe(0o700);
    }
  });

  it("the .ssh folder is that of the account, which $HOME does not change", async () => {
    const made: (string | undefined)[] = [];
    const files = {
      read: async () => await Promise.reject(new Error("not used")),
      append: async (_: string, __: string, folder?: string) => void made.push(folder),
      replace: async () => undefined,
      lock: async () => ({ kind: "none" }) as const,
      unlock: async () => undefined,
    };
    const before = process.env["HOME"];
    process.env["HOME"] = home;
    try {
      const storage = createKnownHostsStorage(undefined, files);
      const own = userInfo().homedir;
      await storage.append(join(own, ".ssh", "known_hosts"), "a");
      await storage.append(file, "a");
      expect(made).toEqual([join(own, ".ssh"), undefined]);
    } finally {
      if (before === undefined) {
        delete process.env["HOME"];
      } else {
        process.env["HOME"] = before;
      }
    }
  });

  it("is changed under a lock, whose .ssh folder may be created and no other", async () => {
    const log: unknown[] = [];
    const storage = createKnownHostsStorage(home, {
      read: async () => await Promise.reject(new Error("not used")),
      append: async () => undefined,
      replace: async () => undefined,
      lock: async (request) => {
        log.push(request);
        return { kind: "taken", lock: "the lock" };
      },
      unlock: async (lock) => void log.push(lock),
    });
    const work = async () => {
      log.push("work");
      return 7;
    };
    expect(await storage.exclusively(file, work)).toBe(7);
    expect(await storage.exclusively("/etc/known_hosts", work)).toBe(7);
    expect(log).toStrictEqual([
      ...[{ path: file, folder: join(home, ".ssh") }, "work", "the lock"],
      ...[{ path: "/etc/known_hosts" }, "work", "the lock"],
    ]);
  });

  it("keeps the content and modes, and adds a missing last newline", async () => {
    await mkdir(join(home, ".ssh"), { mode: 0o755 });
    await writeFile(file, "first line\r\nsecond", { mode: 0o644 });
    await chmod(file, 0o644);
    const storage = createKnownHostsStorage(home);
    await storage.append(file, "third");
    await storage.append(file, "fourth");
    expect(await readFile(file, "utf8")).toBe("first line\r\nsecond\nthird\nfourth\n");
    if (posix) {
      expect(await mode(file)).toBe(0o644);
      expect(await mode(join(home, ".ssh"))).toBe(0o755);
    }
  });

  it("does not create folders elsewhere", async () => {
    await expect(createKnownHostsStorage(home).append(join(home, "other", "kh"), "a")).rejects.toThrow();
    await expect(stat(join(home, "other"))).rejects.toThrow();
  });

  it("neither loses nor mixes lines when many write at once", async () => {
    const storages = Array.from({ length: 8 }, () => createKnownHostsStorage(home));
    const wanted = Array.from({ length: 200 }, (_, index) => `host${index} ${"x".repeat(100 + index)}`);
    await Promise.all(wanted.map((line, index) => storages[index % 8]?.append(file, line)));
    const written = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
    expect(written.sort()).toEqual([...wanted].sort());
  });
});
