import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as immediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileError } from "../../../src/base/fileErrors.ts";
import { type RawFiles, runFileJob } from "../../../src/base/fileJobs.ts";
import { FileLane } from "../../../src/base/fileLane.ts";
import { createLocalFiles, LocalFiles, localFiles, WorkerSeat } from "../../../src/base/localFiles.ts";
import { blockingFiles, poolFiles } from "../../../src/base/rawFiles.ts";
import { ManualClock } from "../../support/manualClock.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "local-files-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function path(name: string): string {
  return join(folder, name);
}

async function refusal(promise: Promise<unknown>): Promise<FileError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(FileError);
  return error as FileError;
}

function text({ bytes }: { readonly bytes: Uint8Array | undefined }): string | undefined {
  return bytes && Buffer.from(bytes).toString("utf8");
}

describe.each<[string, RawFiles]>([
  ["libuv's pool", poolFiles],
  ["a thread", blockingFiles],
])("jobs on %s", (_, raw) => {
  const read = (file: string, limit = 1000, pipes = false) =>
    runFileJob(raw, { kind: "read", path: file, limit, pipes });

  test("a regular file is read, also through a link", async () => {
    await writeFile(path("a"), "text");
    await symlink("a", path("b"));
    expect(text(await read(path("b")))).toBe("text");
    expect(text(await read(path("b"), 4))).toBe("text");
  });

  test("a file in /proc with a reported size of 0 is read", async () => {
    expect((text(await read("/proc/self/status", 100_000)) ?? "").length).toBeGreaterThan(100);
  });

  test("a file that is too long is refused by its size, or by its contents if the size is 0", async () => {
    await writeFile(path("a"), "12345");
    expect(await refusal(read(path("a"), 4))).toMatchObject({ reason: "too-large", path: path("a") });
    expect((await refusal(read("/proc/self/status", 10))).reason).toBe("too-large");
  });

  test("/dev/null is an empty file, also under another name", async () => {
    await symlink("/dev/null", path("null"));
    for (const file of ["/dev/null", path("null")]) {
      expect(text(await read(file))).toBe("");
      await runFileJob(raw, { kind: "append", path: file, line: "x" });
    }
  });

  test("devices, folders, sockets and pipes are refused without a wait", async () => {
    execFileSync("mkfifo", [path("pipe")]);
    const server = createServer().listen(path("socket"));
    await once(server, "listening");
    for (const file of ["/dev/zero", "/dev/tty", folder, path("pipe"), path("socket")]) {
      expect((await refusal(read(file))).reason).toBe("not-a-file");
      const appended = runFileJob(raw, { kind: "append", path: file, line: "x" });
      expect((await refusal(appended)).reason).toBe("not-a-file");
    }
    server.close();
  });

  test("a pipe is read if that is allowed and a program writes to it", async () => {
    execFileSync("mkfifo", [path("pipe")]);
    expect((await refusal(read(path("pipe"), 1000, true))).what).toContain("no program writes");
    // The writer waits in open(2) for a reader. A reader that leaves before the bytes arrive ends the writer with
    // SIGPIPE: the loop restarts the writer, so that one of them meets a reader in time.
    const write = () => spawn("sh", ["-c", 'while ! printf begin > "$0"; do :; done', path("pipe")]);
    let writing = write();
    let result: Awaited<ReturnType<typeof read>> | undefined;
    while (result === undefined) {
      result = await read(path("pipe"), 1000, true).catch(() => undefined);
      // The blocking calls reply in a microtask: gives other events their turn.
      await immediate();
      if (writing.exitCode !== null || writing.signalCode !== null) {
        writing = write();
      }
    }
    expect(text(result)).toBe("begin");
    writing.kill();
  });

  test("a pipe of this process is left alone", async () => {
    const child = spawn("cat", { stdio: ["pipe", "pipe", "inherit"] });
    const handle = child.stdin as unknown as { readonly _handle: { readonly fd: number } };
    const fd = handle._handle.fd;
    expect((await refusal(read(`/dev/fd/${fd}`, 1000, true))).reason).toBe("not-a-file");
    child.stdin.end();
    await once(child, "exit");
  });

  test("missing files and folders are distinguished from unreadable ones", async () => {
    expect((await refusal(read(path("none")))).reason).toBe("missing");
    await writeFile(path("a"), "");
    expect((await refusal(read(path("a/b")))).reason).toBe("missing");
    expect((await refusal(read("/proc/self/mem"))).reason).toBe("failed");
  });

  test("the names in a folder are listed up to a limit", async () => {
    for (const name of ["a", "b", "c"]) {
      await writeFile(path(name), "");
    }
    const list = (limit: number) => runFileJob(raw, { kind: "list", path: folder, limit });
    expect((await list(3)).names.toSorted()).toEqual(["a", "b", "c"]);
    expect(await list(3)).toMatchObject({ isCut: false });
    expect(await list(2)).toMatchObject({ isCut: true });
  });

  test("a file with a known stamp is not read again", async () => {
    await writeFile(path("a"), "text");
    const { facts } = await read(path("a"));
    const again = { kind: "read", path: path("a"), limit: 100, unless: facts.stamp } as const;
    expect((await runFileJob(raw, again)).bytes).toBeUndefined();
    await writeFile(path("a"), "other text");
    expect(text(await runFileJob(raw, again))).toBe("other text");
  });

  test("after a write that fails halfway, the file has its old content", async () => {
    await writeFile(path("a"), "first\n");
    const full: RawFiles = { ...raw, write: (fd, data) => raw.write(fd, data.subarray(0, 3)) };
    const failed = await refusal(runFileJob(full, { kind: "append", path: path("a"), line: "second" }));
    expect(failed).toMatchObject({ reason: "failed", path: path("a") });
    expect(await readFile(path("a"), "utf8")).toBe("first\n");
  });

  test("after a partial write, data that another program appended stays", async () => {
    await writeFile(path("a"), "first\n");
    const full: RawFiles = {
      ...raw,
      async write(fd, data) {
        const count = await raw.write(fd, data.subarray(0, 3));
        await writeFile(path("a"), "\nother\n", { flag: "a" });
        return count;
      },
    };
    await refusal(runFileJob(full, { kind: "append", path: path("a"), line: "second" }));
    expect(await readFile(path("a"), "utf8")).toBe("first\nsec\nother\n");
  });
});

/** Node's calls, but opening blocks its thread, as on a hanging mount. */
function hanging(): RawFiles {
  return { ...poolFiles, stat: (file) => poolFiles.open(file, 0).then(() => poolFiles.stat(file)) };
}

describe("a file system that hangs", () => {
  test("blocks one thread of the pool at most, and other jobs continue", async () => {
    execFileSync("mkfifo", [path("hang")]);
    await mkdir(path("sub"));
    await writeFile(path("sub/file"), "text");
    const clock = new ManualClock();
    const files = createLocalFiles(clock, hanging());
    const asked = Array.from({ length: 8 }, () => refusal(files.read(path("hang"), 10)));
    const other = files.read("/proc/self/status", 100_000);
    // The pool has four threads: if more than three were blocked, this would never end.
    await Promise.all(Array.from({ length: 4 }, () => readFile(path("sub/file"), "utf8")));
    await clock.advance(5000);
    expect((await Promise.all(asked)).map(({ reason }) => reason)).toEqual(asked.map(() => "unresponsive"));
    // In a separate thread from now on.
    expect((text(await other) ?? "").length).toBeGreaterThan(100);
    // Both ends open: the thread is free again.
    await writeFile(path("hang"), "", { flag: "r+" });
    await expect.poll(async () => (await files.stat(path("sub/file"))).kind).toBe("file");
  });
});

describe("the seat in a worker thread", () => {
  test("replies, rejects with the same errors, and starts again after a release", async () => {
    await writeFile(path("a"), "text");
    const seat = new WorkerSeat();
    const files = new LocalFiles(new FileLane(new ManualClock(), [seat]));
    for (let round = 0; round < 2; round++) {
      expect(text(await files.read(path("a"), 100))).toBe("text");
      expect(await refusal(files.read(path("none"), 100))).toMatchObject({
        reason: "missing",
        path: path("none"),
        code: "ENOENT",
      });
      seat.release();
    }
  });
});

test("the shared instance reads files", async () => {
  await writeFile(path("a"), "text");
  expect(text(await localFiles.read(path("a"), 100))).toBe("text");
});
