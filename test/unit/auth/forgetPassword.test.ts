import { expect, it } from "vitest";
import { forgetPassword } from "../../../src/auth/forgetPassword.ts";
import { fakeKey, login, setUp } from "../../support/authFakes.ts";

it("forgets the host's password and its keys' passphrases, in the store and in memory, and nothing else", async () => {
  const { reader, prompter, secrets, keyRing, config, start } = setUp({ identityFiles: ["/a", "/b"] });
  reader.files.set("/a", { key: fakeKey(1), passphrase: "p" });
  prompter.passphrases = [
    { value: "p", remember: true },
    { value: "p", remember: false },
  ];
  const takesKey = (attempt: string) =>
    attempt === "key 1" ? ("success" as const) : { methodsLeft: ["publickey"] };
  await login(start(), takesKey);
  secrets.values.set("password:alice@server.example.org:22", "x");
  secrets.values.set("password:alice@server.example.org:2222", "y");

  expect(await forgetPassword(config, secrets, keyRing)).toEqual([
    "password of alice@server.example.org:22",
    "passphrase of /a",
  ]);
  expect([...secrets.values]).toEqual([["password:alice@server.example.org:2222", "y"]]);
  await login(start(), takesKey);
  expect(prompter.asked).toHaveLength(2);
  expect(await forgetPassword(config, secrets, keyRing)).toEqual(["passphrase of /a"]);
  expect(await forgetPassword(config, secrets, keyRing)).toEqual([]);
});
