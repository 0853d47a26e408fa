import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { userSecret } from "../../../src/share/meeting/pipeSecret.ts";

describe("the secret of a user", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-secret-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test("windows that start at once agree on one, and leave nothing else", async () => {
    for (let round = 0; round < 20; round++) {
      const secrets = await Promise.all(Array.from({ length: 8 }, () => userSecret(folder)));
      expect(new Set(secrets.map((each) => each.toString("hex"))).size).toBe(1);
      expect(await readdir(folder)).toEqual(["secret"]);
      expect(await readFile(join(folder, "secret"))).toEqual(secrets[0]);
      await rm(join(folder, "secret"));
    }
  });

  test("it has 32 bytes, stays, and each user has another one", async () => {
    const secret = await userSecret(folder);
    expect(secret).toHaveLength(32);
    expect(await userSecret(folder)).toEqual(secret);
    await rm(join(folder, "secret"));
    expect(await userSecret(folder)).not.toEqual(secret);
  });

  test.each([
    ["empty", Buffer.alloc(0)],
    ["too short", Buffer.alloc(31, 1)],
    ["too long", Buffer.alloc(33, 1)],
    ["zeros, as after a loss of power", Buffer.alloc(32)],
  ])("a file that is %s is refused with its path, and stays as it is", async (_, content) => {
    const path = join(folder, "secret");
    await writeFile(path, content);
    await expect(userSecret(folder)).rejects.toMatchObject({
      reason: "no-secret",
      message: `The file with this user's secret, ${path}, can't be used: it is damaged. Close all windows and delete it`,
    });
    expect(await readFile(path)).toEqual(content);
  });

  test("a folder, a link and a file that can't be read are refused", async () => {
    const path = join(folder, "secret");
    await mkdir(path);
    await expect(userSecret(folder)).rejects.toMatchObject({ reason: "no-secret" });
    await rm(path, { recursive: true });
    await writeFile(join(folder, "other"), Buffer.alloc(32, 1));
    await symlink(join(folder, "other"), path);
    await expect(userSecret(folder)).rejects.toMatchObject({ reason: "no-secret" });
    await expect(userSecret(join(folder, "other"))).rejects.toMatchObject({
      reason: "no-secret",
      message: expect.stringContaining("it can't be read"),
    });
  });
});
