import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { largestRemoteFile, readFileCommand, readRemoteFile } from "../../src/remote/remoteFile.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { shell } from "../support/fakeStack.ts";
import { testStack } from "../support/testStack.ts";

describe("a file of a server", () => {
  let host: SshdHost;
  let config: string;
  let folder: string;

  beforeAll(async () => {
    host = await startSshd();
    config = join(host.folder, "config");
    await writeFile(config, host.sshConfigText("lab"));
    folder = join(host.home, "files");
    await mkdir(folder);
    // A login shell that prints before each command.
    await writeFile(join(host.home, ".bashrc"), "echo noise\n");
  });

  afterAll(() => host.stop());

  it("is read over the existing connection, whatever its name is; other kinds of files are reported", async () => {
    await using stack = await testStack(config);
    await stack.service.open({ host: "lab", ...shell });
    const { id } = stack.master();
    const logins = host.logins();
    const read = (path: string): Promise<string> => readRemoteFile(stack.service, "lab", id, path);
    for (const name of ["plain.txt", "it's $(touch x) `y`", "-n", "a;b\nc", "über"]) {
      await writeFile(join(folder, name), `in ${name}\nnoise\n`);
      expect(await read(join(folder, name))).toBe(`in ${name}\nnoise\n`);
    }
    expect(await read("~/files/plain.txt")).toBe("in plain.txt\nnoise\n");
    await writeFile(join(folder, "largest"), "x".repeat(largestRemoteFile));
    expect((await read(join(folder, "largest"))).length).toBe(largestRemoteFile);
    await writeFile(join(folder, "larger"), "x".repeat(largestRemoteFile + 1));
    await writeFile(join(folder, "binary"), "a\u0000b");
    await promisify(execFile)("mkfifo", [join(folder, "pipe")]);
    for (const [path, reason] of [
      ["missing", "missing"],
      [".", "folder"],
      ["pipe", "special"],
      ["larger", "too-large"],
      ["binary", "binary"],
    ] as const) {
      await expect(read(join(folder, path))).rejects.toMatchObject({ reason });
    }
    await expect(read("/dev/zero")).rejects.toMatchObject({ reason: "special" });
    expect(host.logins()).toBe(logins);
    expect(stack.service.history()).toEqual([]);
  });

  it("is found by an absolute path, or by one below the home folder", () => {
    for (const path of ["relative", "-rf", "", "~root/x", "/a\u0000b"]) {
      expect(() => readFileCommand(path)).toThrow(RangeError);
    }
  });
});
