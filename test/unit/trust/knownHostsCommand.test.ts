import { describe, expect, it } from "vitest";
import { KnownHostsCommandError, knownHostsCommand } from "../../../src/trust/knownHostsCommand.ts";
import { sha256Fingerprint } from "../../../src/trust/publicKeyBlob.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { ed25519Blob } from "../../support/publicKeys.ts";

const never = (): AbortSignal => new AbortController().signal;
/** A program that exists everywhere and prints its arguments. */
const node = `"${process.execPath.replaceAll("\\", "\\\\")}"`;
const script = (code: string): string => `-e "${code}" --`;
const print = script("process.stdout.write(process.argv.slice(1).join(String.fromCharCode(10)))");

const question = { purpose: "ORDER", host: "[server.example.org]:2222", presented: undefined } as const;
const command = (template: string, changes = {}) => knownHostsCommand(testHostConfig(changes), template);

describe("KnownHostsCommand", () => {
  it("gets its words without a shell, and its output is returned", async () => {
    const run = command(`${node} ${print} "two words" $(x) ;`);
    expect((await run(question, never())).split("\n")).toEqual(["two words", "$(x)", ";"]);
  });

  it("gets host, user, port and purpose, and NONE before the server has sent a key", async () => {
    const run = command(`${node} ${print} %H %I %h %p %r %n %t %f %K`, {
      ...{ alias: "web1", hostName: "server.example.org", user: "me", port: 2222 },
    });
    const words = ["ORDER", "server.example.org", "2222", "me", "web1", "NONE", "NONE", "NONE"];
    expect((await run(question, never())).split("\n")).toEqual([question.host, ...words]);
  });

  it("gets the key that the server has sent", async () => {
    const key = ed25519Blob(1);
    const presented = { key, type: "ssh-ed25519", fingerprint: sha256Fingerprint(key) };
    const run = command(`${node} ${print} %I %t %f %K`);
    expect((await run({ ...question, purpose: "HOSTNAME", presented }, never())).split("\n")).toEqual([
      ...["HOSTNAME", "ssh-ed25519", presented.fingerprint, key.toString("base64")],
    ]);
  });

  it("gets the jump host and HostKeyAlias", async () => {
    const run = command(`${node} ${print} %j %k`, {
      ...{
        hostKeyAlias: "the-alias",
        proxyJump: [{ alias: "first" }, { alias: "second" }, { alias: "jump" }],
      },
    });
    const [jump, alias] = (await run(question, never())).split("\n");
    expect([jump, alias]).toEqual(["jump", "the-alias"]);
    expect(await command(`${node} ${print} [%j]`)(question, never())).toBe("[]");
  });

  it("prints bytes, which are kept unchanged", async () => {
    const run = command(`${node} ${script("process.stdout.write(Buffer.of(0xff,0x00,0x41))")}`);
    expect(await run(question, never())).toBe("\u00ff\u0000A");
  });

  it.each([
    ["is not absolute", "node x", "absolute path"],
    ["is empty", "", "is empty"],
    ["has an unclosed quote", '/bin/x "y', "not closed"],
    ["has a token that does not exist", "/bin/x %q", "can't be expanded"],
    ["has a variable that does not exist", `/bin/x $\{NOBODY_SETS_THIS}`, "can't be expanded"],
    ["is missing", "/nowhere/at/all", "can't be started"],
    ["fails", `${node} ${script("console.error('why');process.exit(3)")}`, "ended with 3: why"],
    ["prints too much", `${node} ${script("process.stdout.write('x'.repeat(17*1024*1024))")}`, "too much"],
  ])("that %s is an error", async (_name, template, message) => {
    const failed = await command(template)(question, never()).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(KnownHostsCommandError);
    expect(String(failed)).toContain(message);
  });

  it("ends with the connection that asked", async () => {
    const asked = new AbortController();
    const running = command(`${node} ${script("setInterval(()=>{},1000)")}`)(question, asked.signal);
    asked.abort(new Error("given up"));
    await expect(running).rejects.toThrow("given up");
  });

  it("is not started for a connection that has ended", async () => {
    const running = command(`${node} ${print} x`)(question, AbortSignal.abort(new Error("given up")));
    await expect(running).rejects.toThrow("given up");
  });
});
