import { expect, it } from "vitest";
import type { Authenticator } from "../../../src/auth/authPorts.ts";
import { LoginMemory } from "../../../src/auth/loginMemory.ts";
import { PasswordSource } from "../../../src/auth/passwordSource.ts";
import type { HostConfig } from "../../../src/config/hostConfig.ts";
import { login, MemorySecrets, setUp } from "../../support/authFakes.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";

const secret = "password:alice@server.example.org:22";

/** A login to a server that accepts only passwords, up to its prompt. */
async function offered(authenticator: Authenticator): Promise<string | undefined> {
  await authenticator.next(undefined, false);
  const attempt = await authenticator.next(["password"], false);
  return attempt?.method === "password" ? attempt.password : undefined;
}

it("a stored password that is refused after a long wait is kept, even at the first login", async () => {
  const { secrets, prompter, clock, start } = setUp();
  secrets.values.set(secret, "right");
  const authenticator = start();
  expect(await offered(authenticator)).toBe("right");
  // The server asked for a confirmation on the phone, and the user declined.
  await clock.advance(4000);
  await expect(authenticator.next(["password"], false)).rejects.toThrow();
  expect(prompter.asked).toEqual(["password 2"]);
  expect(secrets.values.get(secret)).toBe("right");
});

it("a stored password that is refused after a long wait is deleted if another one turns out to be right", async () => {
  const { secrets, prompter, clock, start } = setUp();
  secrets.values.set(secret, "old");
  prompter.passwords = ["new"];
  const authenticator = start();
  await offered(authenticator);
  await clock.advance(4000);
  expect(await authenticator.next(["password"], false)).toMatchObject({ password: "new" });
  await authenticator.succeeded();
  expect([...secrets.values]).toEqual([]);
});

it("a stored password that another login has deleted meanwhile is no reason to ask where that is not allowed", async () => {
  const source = new PasswordSource(new MemorySecrets(), secret, undefined, new RecordingLogger());
  await expect(source.next(1)).rejects.toMatchObject({ name: "CancelledError", reason: "cancelled" });
});

it("the refusal of an old password keeps the new one that another login has stored meanwhile", async () => {
  const { secrets, prompter, start } = setUp();
  secrets.values.set(secret, "old");
  prompter.passwords = [{ value: "new", remember: true }];
  const slow = start();
  expect(await offered(slow)).toBe("old");
  const { result } = await login(start(), (attempt) =>
    attempt === "password new" ? "success" : { methodsLeft: ["password"] },
  );
  expect(result).toBe("success");
  expect(secrets.values.get(secret)).toBe("new");
  await expect(slow.next(["password"], false)).rejects.toThrow();
  expect(secrets.values.get(secret)).toBe("new");
});

it("a login whose password change failed keeps what another login has stored meanwhile", async () => {
  const { secrets, prompter, start } = setUp();
  secrets.values.set(secret, "old");
  prompter.changes = [{ oldPassword: "old", newPassword: "newer", remember: false }];
  const changing = start();
  await changing.next(undefined, false);
  const attempt = await changing.next(["password"], false);
  secrets.values.set(secret, "new");
  if (attempt?.method === "password") {
    await attempt.change?.("expired", new AbortController().signal);
  }
  prompter.passwords = ["new"];
  expect(await changing.next(["password"], false)).toMatchObject({ password: "new" });
  await changing.succeeded();
  expect(secrets.values.get(secret)).toBe("new");
});

it("one address behind two jump hosts, or two proxies, is two machines with separate passwords", async () => {
  const ways: readonly Partial<HostConfig>[] = [
    {},
    { proxyJump: [{ alias: "east" }] },
    { proxyJump: [{ alias: "west" }] },
    { proxyJump: [{ alias: "west", user: "bob", port: 2222 }, { alias: "inner" }] },
    { proxyCommand: "cloud ssh --stdio one" },
    { proxyCommand: "cloud ssh --stdio two" },
  ];
  const names = new Set<string>();
  for (const [at, way] of ways.entries()) {
    const { secrets, prompter, start } = setUp(way);
    prompter.passwords = [{ value: `p${at}`, remember: true }];
    await login(start(), (attempt) =>
      attempt.startsWith("password") ? "success" : { methodsLeft: ["password"] },
    );
    const [[name = "", value] = []] = secrets.values;
    expect(value).toBe(`p${at}`);
    names.add(name);
  }
  expect(names.size).toBe(ways.length);
  expect([...names].slice(0, 4)).toEqual([
    secret,
    `${secret} via east`,
    `${secret} via west`,
    `${secret} via bob@west:2222,inner`,
  ]);
});

it("forgets only the password of the machine behind its own jump host", async () => {
  const { secrets, keyRing } = setUp();
  secrets.values.set(`${secret} via east`, "x");
  secrets.values.set(`${secret} via west`, "y");
  const memory = new LoginMemory(secrets, keyRing);
  expect(await memory.forgetHost(testHostConfig({ proxyJump: [{ alias: "east" }] }))).toHaveLength(1);
  expect([...secrets.values.keys()]).toEqual([`${secret} via west`]);
});
