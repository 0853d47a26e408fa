import { homedir } from "node:os";
import { expect, test } from "vitest";
import { programSurroundings, userShell } from "../../../src/base/programFolder.ts";
import { runSsh } from "../../../src/config/sshProgram.ts";

test("programs run in the home folder, not in the extension host's current folder", async () => {
  const { stdout } = await runSsh(
    process.execPath,
    ["-e", "console.log(process.cwd())"],
    new AbortController().signal,
  );
  expect(process.cwd()).not.toBe(homedir());
  expect(stdout.trim()).toBe(homedir());
});

test("on Windows the current folder is not searched for programs", () => {
  const env = { PATH: "C:\\bin" };
  const ours = { ...env, SSH_SESSIONS_DIRECT: "1" };
  expect(programSurroundings(env, "win32").env).toEqual({ ...ours, NoDefaultCurrentDirectoryInExePath: "1" });
  expect(programSurroundings(env, "linux").env).toEqual(ours);
});

test("the shell has a full path", () => {
  expect(userShell({ SHELL: "/bin/zsh" }, "linux")).toBe("/bin/zsh");
  expect(userShell({ SHELL: "zsh" }, "linux")).toBe("/bin/sh");
  expect(userShell({}, "darwin")).toBe("/bin/sh");
  expect(userShell({ ComSpec: "C:\\Windows\\System32\\cmd.exe" }, "win32")).toBe(
    "C:\\Windows\\System32\\cmd.exe",
  );
  expect(userShell({ ComSpec: "cmd.exe", SystemRoot: "D:\\Windows" }, "win32")).toBe(
    "D:\\Windows\\System32\\cmd.exe",
  );
});
