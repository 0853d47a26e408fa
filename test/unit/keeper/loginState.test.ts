import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loginStates } from "../../../src/keeper/loginState.ts";

const { uid, username } = userInfo();

describe("the login state of the user", () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "ssh-sessions-login-"));
  });

  afterEach(async () => await rm(root, { recursive: true }));

  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  /** As logind writes it (user_save_internal in logind-user.c). */
  const record = async (state: string): Promise<void> =>
    await put(
      `run/systemd/users/${uid}`,
      `# This is private data. Do not parse.\nNAME=${username}\nSTATE=${state}\nSTOPPING=no\nSESSIONS=3\n`,
    );

  test.each([
    ["active", "here"],
    ["online", "here"],
    ["opening", "here"],
    ["lingering", "here"],
    ["closing", "gone"],
    ["offline", "gone"],
  ] as const)("%s means %s", async (state, expected) => {
    await record("active");
    const read = await loginStates(root);
    expect(await read()).toBe("here");
    await record(state);
    expect(await read()).toBe(expected);
  });

  test("a record that has gone means a logout", async () => {
    await record("active");
    const read = await loginStates(root);
    await rm(join(root, `run/systemd/users/${uid}`));
    expect(await read()).toBe("gone");
  });

  test("a user who lingers stays, even if the keeper is what is left of the session", async () => {
    await record("closing");
    await put(`var/lib/systemd/linger/${username}`, "");
    expect(await (await loginStates(root))()).toBe("here");
  });

  test("without a record at the start, nothing is known, also later", async () => {
    const read = await loginStates(root);
    expect(await read()).toBe("unknown");
    await record("closing");
    expect(await read()).toBe("unknown");
  });

  test("records of logins say nothing about a service of the system", async () => {
    await record("closing");
    await put("proc/self/cgroup", "0::/system.slice/code-server@me.service\n");
    expect(await (await loginStates(root))()).toBe("unknown");
    await put("proc/self/cgroup", `0::/user.slice/user-${uid}.slice/session-3.scope\n`);
    expect(await (await loginStates(root))()).toBe("gone");
  });
});
