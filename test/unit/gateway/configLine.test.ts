import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ConfigLine } from "../../../src/gateway/configLine.ts";

let home: string;
let path: string;
let line: ConfigLine;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "ssh-sessions-line-"));
  await mkdir(join(home, ".ssh"), { mode: 0o700 });
  path = join(home, ".ssh", "config");
  line = new ConfigLine({ path, home, homeVariable: home });
});

afterEach(async () => await rm(home, { recursive: true, force: true }));

const added = "Include ~/.ssh/ssh-sessions/*.conf";

const add = async (): Promise<void> => {
  const change = await line.toAdd();
  expect(change).toBeDefined();
  if (change !== undefined) {
    await line.apply(change);
  }
};

const remove = async (removesEmpty?: boolean): Promise<void> => {
  const change = await line.toRemove();
  expect(change).toBeDefined();
  if (change !== undefined) {
    await line.apply(change, removesEmpty);
  }
};

test.each([
  ["lines", "Host a\n  Port 1\n", `${added}\nHost a\n  Port 1\n`],
  ["no end of the last line", "Host a\n  Port 1", `${added}\nHost a\n  Port 1`],
  ["CR LF", "Host a\r\n  Port 1\r\n", `${added}\r\nHost a\r\n  Port 1\r\n`],
  ["mixed ends of lines", "Host a\n  Port 1\r\n\n", `${added}\nHost a\n  Port 1\r\n\n`],
  ["a byte order mark and bytes of no encoding", "\ufeff# \xff\xfe\n", `${added}\n\ufeff# \xff\xfe\n`],
  ["blank lines at its start", "\n\n# x\nHost *\n", `${added}\n\n\n# x\nHost *\n`],
  ["nothing", "", `${added}\n`],
])(
  "a file with %s gets the line first, and is the same without it, byte for byte",
  async (_, text, expected) => {
    const before = Buffer.from(text, "latin1");
    await writeFile(path, before, { mode: 0o640 });
    await add();
    expect(await readFile(path)).toEqual(Buffer.from(expected, "latin1"));
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect(await line.toAdd()).toBeUndefined();
    await remove();
    expect(await readFile(path)).toEqual(before);
    expect(await line.toRemove()).toBeUndefined();
    expect(await readdir(join(home, ".ssh"))).toEqual(["config"]);
  },
);

test("a missing file and its folder are made for their owner only, and the file is removed again", async () => {
  await rm(join(home, ".ssh"), { recursive: true });
  await add();
  expect(await readFile(path, "utf8")).toBe(`${added}\n`);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(home, ".ssh"))).mode & 0o777).toBe(0o700);
  await remove(true);
  expect(await readdir(join(home, ".ssh"))).toEqual([]);
});

test("a link stays a link, also a relative one", async () => {
  await writeFile(join(home, "real"), "Host a\n", { mode: 0o600 });
  await symlink("../real", path);
  await add();
  expect((await lstat(path)).isSymbolicLink()).toBe(true);
  expect(await readlink(path)).toBe("../real");
  expect(await readFile(join(home, "real"), "utf8")).toBe(`${added}\nHost a\n`);
  await remove();
  expect(await readFile(join(home, "real"), "utf8")).toBe("Host a\n");
});

test("a read-only file is refused and stays as it is", async () => {
  await writeFile(path, "Host a\n");
  await chmod(path, 0o400);
  const change = await line.toAdd();
  await expect(change && line.apply(change)).rejects.toMatchObject({ reason: "denied" });
  expect(await readFile(path, "utf8")).toBe("Host a\n");
});

test("a file that changed after the question is refused and stays as it is", async () => {
  await writeFile(path, "Host a\n");
  const change = await line.toAdd();
  await writeFile(path, "Host b\n");
  await expect(change && line.apply(change)).rejects.toMatchObject({ reason: "failed" });
  expect(await readFile(path, "utf8")).toBe("Host b\n");
});

test("a file that was made after the question is refused and stays as it is", async () => {
  const change = await line.toAdd();
  await writeFile(path, "Host b\n");
  await expect(change && line.apply(change)).rejects.toMatchObject({ reason: "failed" });
  expect(await readFile(path, "utf8")).toBe("Host b\n");
});

test("of two windows that add it at once, one line comes", async () => {
  await writeFile(path, "Host a\n");
  const other = new ConfigLine({ path, home, homeVariable: home });
  const [first, second] = [await line.toAdd(), await other.toAdd()];
  if (first !== undefined && second !== undefined) {
    await line.apply(first);
    await expect(other.apply(second)).rejects.toMatchObject({ reason: "failed" });
  }
  expect(await other.toAdd()).toBeUndefined();
  expect(await readFile(path, "utf8")).toBe(`${added}\nHost a\n`);
});

test("a line that the user has moved or indented is taken out, too, and a similar one is not", async () => {
  await writeFile(path, `Host a\n  ${added} \r\n#${added}\n${added}x`);
  await remove();
  expect(await readFile(path, "utf8")).toBe(`Host a\n#${added}\n${added}x`);
});

test("where ssh would look for ~ elsewhere, the line has the whole path, and either form is known", async () => {
  const other = new ConfigLine({ path, home, homeVariable: "/elsewhere" });
  expect(other.line).toBe(`Include ${home}/.ssh/ssh-sessions/*.conf`);
  await add();
  expect(await other.toAdd()).toBeUndefined();
  const change = await other.toRemove();
  expect(Buffer.from(change?.after ?? "x").toString()).toBe("");
});

test.each(["/home/a'b", '/home/a"b', "/home/a%b", "/home/$a", "/home/a\nb", "/home/a*"])(
  "a home folder whose name ssh_config can't hold is refused: %j",
  (odd) => {
    expect(() => new ConfigLine({ path, home: odd })).toThrow(
      expect.objectContaining({ reason: "unusable-path" }),
    );
  },
);
