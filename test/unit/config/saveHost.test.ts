import { chmod, lstat, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { saveHostBlock } from "../../../src/config/saveHost.ts";

const lines = [
  { keyword: "Host", value: "b" },
  { keyword: "Port", value: "2222" },
];

describe("adding a Host block", () => {
  let home: string;
  let file: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "ssh-sessions-save-"));
    file = join(home, "config");
  });
  afterEach(async () => {
    await rm(home, { recursive: true, force: true });
  });
  const save = () => saveHostBlock(file, lines, home);

  it.each([
    ["", "Host b\n    Port 2222\n", 1],
    ["Host a\n  User x\n", "Host a\n  User x\n\nHost b\n    Port 2222\n", 4],
    // Without a last newline.
    ["Match all\n  User x", "Match all\n  User x\n\nHost b\n    Port 2222\n", 4],
    // With CR LF.
    ["Host a\r\n  User x\r\n", "Host a\r\n  User x\r\n\r\nHost b\r\n    Port 2222\r\n", 4],
    ["Host a\r\n  User x", "Host a\r\n  User x\r\n\r\nHost b\r\n    Port 2222\r\n", 4],
    [
      "# one line only, in another encoding: \u00e9",
      "# one line only, in another encoding: \u00e9\n\nHost b\n    Port 2222\n",
      3,
    ],
  ])("works for %j", async (before, after, line) => {
    await writeFile(file, before);
    expect(await save()).toBe(line);
    const text = await readFile(file, "utf8");
    expect(text).toBe(after);
    expect(text.split("\n")[line - 1]).toMatch(/^Host b/);
  });

  it("keeps the preceding bytes, mode and link", async () => {
    const bytes = Buffer.from([0x23, 0xff, 0xfe, 0x80, 0x0a]);
    const target = join(home, "dotfiles");
    await writeFile(target, bytes);
    await chmod(target, 0o640);
    await symlink(target, file);
    await save();
    expect((await readFile(target)).subarray(0, bytes.length)).toEqual(bytes);
    expect((await stat(target)).mode & 0o777).toBe(0o640);
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
  });

  it("creates a missing file and folder, for their owner only", async () => {
    file = join(home, ".ssh", "config");
    expect(await save()).toBe(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, ".ssh"))).mode & 0o777).toBe(0o700);
  });

  it("refuses a file that is not text", async () => {
    await writeFile(file, "H\0o\0s\0t\0");
    await expect(save()).rejects.toMatchObject({ reason: "not-a-file" });
    expect(await readFile(file, "utf8")).toBe("H\0o\0s\0t\0");
    file = home;
    await expect(save()).rejects.toMatchObject({ reason: "not-a-file" });
    file = join(home, "missing", "config");
    await expect(save()).rejects.toMatchObject({ reason: "missing" });
  });
});
