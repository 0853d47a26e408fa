import { expect, it } from "vitest";
import { LoginMemory } from "../../../src/auth/loginMemory.ts";
import { parseSecretName } from "../../../src/auth/secrets.ts";
import { fakeKey, login, setUp } from "../../support/authFakes.ts";

/** Two encrypted keys were used, one after the other: the passphrase of the first is also in the store. */
async function loggedIn() {
  const all = setUp({ identityFiles: ["/a", "/b"] });
  const { reader, prompter, secrets, keyRing, start } = all;
  reader.files.set("/a", { key: fakeKey(1), passphrase: "p" });
  reader.files.set("/b", { key: fakeKey(2), passphrase: "q" });
  prompter.passphrases = [{ value: "p", remember: true }, "q"];
  const logIn = () =>
    login(start(), (attempt) => {
      if (attempt === "key 2") {
        return "success";
      }
      return { methodsLeft: ["publickey"], partial: attempt === "key 1" };
    });
  await logIn();
  secrets.values.set("password:alice@server.example.org:22", "x");
  secrets.values.set("password:alice@server.example.org:2222", "y");
  return { ...all, logIn, memory: new LoginMemory(secrets, keyRing) };
}

it("forgets the host's password and its keys' passphrases, in the store and in memory, and nothing else", async () => {
  const { memory, config, secrets, prompter, logIn } = await loggedIn();
  expect(memory.keyFiles()).toEqual(["/a", "/b"]);

  expect(await memory.forgetHost(config)).toEqual([
    "password of alice@server.example.org:22",
    "passphrase of /a",
    "passphrase of /b",
  ]);
  expect([...secrets.values]).toEqual([["password:alice@server.example.org:2222", "y"]]);
  expect(memory.keyFiles()).toEqual([]);
  prompter.passphrases = ["p", "q"];
  await logIn();
  expect(prompter.asked).toHaveLength(4);
  expect(await memory.forgetHost(config)).toEqual(["passphrase of /a", "passphrase of /b"]);
  expect(await memory.forgetHost(config)).toEqual([]);
});

it("forgets a secret by its name, in the store and in memory", async () => {
  const { memory, secrets, prompter, logIn } = await loggedIn();
  await memory.forget("passphrase:/a");
  await memory.forget("password:alice@server.example.org:22");
  expect([...secrets.values.keys()]).toEqual(["password:alice@server.example.org:2222"]);
  expect(memory.keyFiles()).toEqual(["/b"]);
  prompter.passphrases = ["p"];
  await logIn();
  expect(prompter.asked.slice(2)).toEqual(["passphrase /a 1"]);
});

it("knows which hosts need the user for a login, and which may be tried without", async () => {
  const { memory, config } = await loggedIn();
  expect([memory.needsPerson(config), memory.mayTryUnattended(config)]).toEqual([false, true]);
  memory.needs.gaveUpWaiting(config, false);
  expect([memory.needsPerson(config), memory.mayTryUnattended(config)]).toEqual([true, false]);
});

it("describes a secret by its kind and its login or file", () => {
  expect(parseSecretName("password:alice@[::1]:22")).toEqual({ what: "password", of: "alice@[::1]:22" });
  expect(parseSecretName("passphrase:C:\\keys\\id")).toEqual({ what: "passphrase", of: "C:\\keys\\id" });
});
