import { describe, expect, test } from "vitest";
import { findSsh } from "../../../src/config/sshProgram.ts";

describe("the machine's ssh", () => {
  const find = (
    platform: NodeJS.Platform,
    env: Record<string, string>,
    ...there: string[]
  ): Promise<string | undefined> => findSsh({ platform, env }, (path) => there.includes(path));

  test("is the first on PATH", async () => {
    const env = { PATH: "/a:/b:/c" };
    expect(await find("linux", env, "/b/ssh", "/c/ssh")).toBe("/b/ssh");
    expect(await find("linux", env)).toBeUndefined();
    expect(await find("linux", {})).toBeUndefined();
  });

  test("is not searched in the current folder", async () => {
    expect(await find("linux", { PATH: ".::bin" }, "ssh", "./ssh", "bin/ssh", "/ssh")).toBeUndefined();
    expect(await find("win32", { Path: ".;bin" }, "ssh.exe", "bin\\ssh.exe")).toBeUndefined();
  });

  test("is the system's on Windows, whatever PATH is", async () => {
    const env = { SystemRoot: "C:\\Windows", Path: "D:\\tools" };
    const system = "C:\\Windows\\System32\\OpenSSH\\ssh.exe";
    expect(await find("win32", env, "D:\\tools\\ssh.exe", system)).toBe(system);
    expect(await find("win32", env, "D:\\tools\\ssh.exe")).toBe("D:\\tools\\ssh.exe");
  });

  test("is never that of Git for Windows, whose paths are not Windows paths", async () => {
    expect(await find("win32", { Path: "C:\\Git\\usr\\bin" }, "C:\\Git\\usr\\bin\\ssh.exe")).toBeUndefined();
  });
});
