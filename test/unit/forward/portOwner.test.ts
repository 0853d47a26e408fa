import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clientProgram, isListenedHere, portOwner } from "../../../src/forward/portOwner.ts";

/** A copy of what Linux shows of its processes and sockets. */
let proc: string;

const head =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";

function row(local: string, remote: string, state: string, inode: number): string {
  return `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0`;
}

beforeAll(async () => {
  proc = await mkdtemp(join(tmpdir(), "ssh-sessions-proc-"));
  const tables = {
    // Ports 8080 (1F90), 40000 (9C40), 443 (01BB) and 5432 (1538).
    tcp: [
      row("0100007F:1F90", "00000000:0000", "0A", 11),
      row("0100007F:9C40", "0100007F:1F90", "01", 12),
      row("0A00000A:9C40", "08080808:01BB", "01", 13),
      row("0100007F:1F90", "0100007F:9C40", "01", 14),
      row("0100007F:9C41", "0100007F:1F90", "06", 0),
    ],
    tcp6: [row("00000000000000000000000001000000:1538", "00000000000000000000000000000000:0000", "0A", 15)],
  };
  await mkdir(join(proc, "net"));
  for (const [name, rows] of Object.entries(tables)) {
    await writeFile(join(proc, "net", name), [head, ...rows, ""].join("\n"));
  }
  const programs = { 100: ["editor", [11, 14]], 200: ["curl", [12]], 300: ["browser", [13]] } as const;
  for (const [pid, [name, inodes]] of Object.entries(programs)) {
    await mkdir(join(proc, pid, "fd"), { recursive: true });
    await writeFile(join(proc, pid, "comm"), `${name}\n`);
    for (const [at, inode] of inodes.entries()) {
      await symlink(`socket:[${inode}]`, join(proc, pid, "fd", `${at}`));
    }
  }
});

afterAll(() => rm(proc, { recursive: true, force: true }));

test("the program that listens on a port is named, and not one that is connected to it", async () => {
  expect(await portOwner(8080, proc)).toEqual({ pid: 100, name: "editor" });
  expect(await portOwner(40_000, proc)).toBeUndefined();
});

test("the client of a connection is named, and not a program that uses the same port for another one", async () => {
  expect(await clientProgram(40_000, 8080, proc)).toEqual({ pid: 200, name: "curl" });
  expect(await clientProgram(40_000, 443, proc)).toEqual({ pid: 300, name: "browser" });
  expect(await clientProgram(40_001, 8080, proc)).toBeUndefined();
});

test("a listener of another user has no name, and its port is in use", async () => {
  expect([await portOwner(5432, proc), await isListenedHere(5432, proc)]).toEqual([undefined, true]);
});

test("a system that reports nothing has no names", async () => {
  const none = join(proc, "none");
  expect(await clientProgram(40_000, 8080, none)).toBeUndefined();
  expect([await portOwner(8080, none), await isListenedHere(8080, none)]).toEqual([undefined, false]);
});
