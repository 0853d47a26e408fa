import { describe, expect, it } from "vitest";
import { OtherEngineError } from "../../../src/auth/authErrors.ts";
import type { Authenticator } from "../../../src/auth/authPorts.ts";
import { CancelledError } from "../../../src/base/errors.ts";
import { fakeKey, login, setUp, type Verdict } from "../../support/authFakes.ts";

const all = ["publickey", "keyboard-interactive", "password"];

/** A server that accepts one attempt and refuses the others, always listing the same methods. */
function taking(good: string, methodsLeft: readonly string[] = all): (attempt: string) => Verdict {
  return (attempt) => (attempt === good ? "success" : { methodsLeft });
}

const passwordRound = { name: "", instructions: "", prompts: [{ prompt: "Password: ", echo: false }] };
const otpRound = { name: "", instructions: "", prompts: [{ prompt: "Verification code: ", echo: false }] };
const secret = "password:alice@server.example.org:22";
const never = new AbortController().signal;

describe("order of attempts", () => {
  it("none, agent keys named by a file, other agent keys, files, then prompts", async () => {
    const { agent, reader, prompter, start } = setUp({ identityFiles: ["/a", "/b", "/c"] });
    agent.keys = [fakeKey(9), fakeKey(3), fakeKey(1)];
    reader.files.set("/a", { key: fakeKey(1) });
    reader.files.set("/b", { key: fakeKey(2) });
    reader.files.set("/c", { publicKey: fakeKey(3).publicKey });
    prompter.rounds = [["42"]];
    prompter.passwords = ["x"];
    const { log } = await login(start(), taking("password x"), [otpRound]);
    expect(log).toEqual(["none", "key 3", "key 1", "key 9", "key 2", "kbdint 42", "kbdint cancelled"]);
  });

  it("IdentitiesOnly omits keys that no file names", async () => {
    const { agent, reader, start } = setUp({ identityFiles: ["/a"], identitiesOnly: true });
    agent.keys = [fakeKey(9), fakeKey(1)];
    reader.files.set("/a", { key: fakeKey(1) });
    const { log } = await login(start(), taking("", ["publickey"]));
    expect(log).toEqual(["none", "key 1"]);
  });

  it("PreferredAuthentications sets the order, and methods that the server does not accept are not tried", async () => {
    const { reader, prompter, start } = setUp({
      identityFiles: ["/a"],
      preferredAuthentications: ["password", "hostbased", "publickey"],
      numberOfPasswordPrompts: 1,
    });
    reader.files.set("/a", { key: fakeKey(1) });
    prompter.passwords = ["x"];
    const { log } = await login(start(), taking("key 1", ["publickey", "password", "keyboard-interactive"]));
    expect(log).toEqual(["none", "password x", "key 1"]);
    expect((await login(start(), taking("", ["gssapi-with-mic", "hostbased"]))).log).toEqual(["none"]);
  });

  it("methods that ssh_config switches off are not tried", async () => {
    const { reader, prompter, start } = setUp({
      identityFiles: ["/a"],
      pubkeyAuthentication: false,
      kbdInteractiveAuthentication: false,
      passwordAuthentication: false,
    });
    reader.files.set("/a", { key: fakeKey(1) });
    expect(await login(start(), taking("key 1"))).toEqual({ result: "nothing left", log: ["none"] });
    expect(prompter.asked).toEqual([]);
  });

  it("an engine that knows the server's methods already gets one of these at once", async () => {
    const { prompter, start } = setUp();
    prompter.passwords = ["x"];
    expect(await start().next(["password"], false)).toMatchObject({ method: "password", password: "x" });
  });

  it("nothing is left once everything was tried, whatever the server lists then", async () => {
    const { start } = setUp({ batchMode: true });
    const authenticator = start();
    expect(await authenticator.next(undefined, false)).toEqual({ method: "none" });
    for (const methods of [["password"], []]) {
      expect(await authenticator.next(methods, false)).toBeUndefined();
    }
  });

  it("prompts are allowed unless the login says otherwise, and then always", async () => {
    const { needs, config, start } = setUp();
    needs.succeeded(config, { prompted: true, touched: false, waited: false });
    for (let count = 0; count < 3; count++) {
      expect(await start().next(undefined, false)).toEqual({ method: "none" });
    }
    // Nor do they use up the one attempt without prompts.
    expect(await start({ allowPrompts: false }).next(undefined, false)).toEqual({ method: "none" });
    await expect(start({ allowPrompts: false }).next(undefined, false)).rejects.toMatchObject({
      ...{ reason: "needs-person", tried: [], methodsLeft: [] },
    });
  });

  it.each([
    ["keyboard-interactive", { passwordAuthentication: false }],
    ["password", { kbdInteractiveAuthentication: false }],
  ] as const)("of the two methods for passwords, only %s may be on", async (method, changes) => {
    const { prompter, start } = setUp(changes);
    prompter.passwords = ["x"];
    const authenticator = start();
    await authenticator.next(undefined, false);
    expect(await authenticator.next(all, false)).toMatchObject({ method });
  });

  it("a prompt names the login that asks", async () => {
    const { prompter, start } = setUp();
    const targets: unknown[] = [];
    Object.assign(prompter, { password: async (target: unknown) => void targets.push(target) });
    await login(start(), taking("", ["password"]));
    expect(targets).toEqual([{ alias: "web1", user: "alice", hostName: "server.example.org", port: 22 }]);
  });

  it("a server without authentication needs nothing else", async () => {
    const { start, agent } = setUp();
    expect(await login(start(), taking("none"))).toEqual({ result: "success", log: ["none"] });
    expect(agent.paths).toEqual([]);
  });

  it("a server that lists no method gets all available ones", async () => {
    const { agent, start } = setUp({ batchMode: true });
    agent.keys = [fakeKey(1)];
    expect((await login(start(), taking("key 1", []))).result).toBe("success");
  });
});

describe("another engine", () => {
  const gssapi = ["gssapi-with-mic", ...all];

  function withOther(canLogIn: boolean) {
    const asked: (readonly string[])[] = [];
    const canOtherEngine = async (methodsLeft: readonly string[]): Promise<boolean> => {
      asked.push(methodsLeft);
      return canLogIn;
    };
    const parts = setUp({ identityFiles: ["/a"] }, { canOtherEngine });
    parts.reader.files.set("/a", { key: fakeKey(1) });
    return { ...parts, asked };
  }

  it("that can log in takes over after the keys, before any question", async () => {
    const { asked, prompter, start } = withOther(true);
    await expect(login(start(), taking("password x", gssapi))).rejects.toBeInstanceOf(OtherEngineError);
    expect(asked).toEqual([gssapi]);
    expect(prompter.asked).toEqual([]);
  });

  it("that can log in takes over if nothing is left to try", async () => {
    const { start } = withOther(true);
    const only = taking("", ["gssapi-with-mic"]);
    await expect(login(start(), only)).rejects.toBeInstanceOf(OtherEngineError);
  });

  it("is not considered while a key logs in, and only once if it can't", async () => {
    const { asked, prompter, start } = withOther(false);
    expect((await login(start(), taking("key 1", gssapi))).result).toBe("success");
    expect(asked).toEqual([]);
    prompter.passwords = ["wrong", "x"];
    expect((await login(start(), taking("password x", gssapi))).result).toBe("success");
    expect(asked).toHaveLength(1);
  });
});

describe("keys", () => {
  it("no key is offered twice, from the agent or a file", async () => {
    const { agent, reader, prompter, start } = setUp({
      identityFiles: ["/a", "/b", "/a", "/c"],
      batchMode: false,
    });
    agent.keys = [fakeKey(1), fakeKey(1)];
    reader.files.set("/a", { key: fakeKey(2) });
    reader.files.set("/b", { key: fakeKey(2) });
    reader.files.set("/c", { key: fakeKey(1), passphrase: "p", hidden: true });
    prompter.passphrases = ["p"];
    const { log } = await login(start(), taking("", ["publickey"]));
    expect(log).toEqual(["none", "key 1", "key 2"]);
  });

  it("a file that can't be opened is reported, and the next key is offered", async () => {
    const { reader, prompter, start } = setUp({ identityFiles: ["/a", "/b"], numberOfPasswordPrompts: 2 });
    reader.files.set("/a", { key: fakeKey(1), passphrase: "p", hidden: true });
    reader.files.set("/b", { key: fakeKey(2) });
    prompter.passphrases = ["wrong", "wrong"];
    const authenticator = start();
    expect((await login(authenticator, taking("key 2", ["publickey"]))).log).toEqual(["none", "key 2"]);
    expect(authenticator.problems()).toEqual(["/a: the passphrase was wrong 2 times"]);
  });

  it("no key is offered twice after a partial success", async () => {
    const { agent, start } = setUp();
    agent.keys = [fakeKey(1), fakeKey(2), fakeKey(3)];
    const { log, result } = await login(start(), (attempt) =>
      attempt === "key 3" ? "success" : { methodsLeft: ["publickey"], partial: attempt === "key 2" },
    );
    expect({ log, result }).toEqual({ log: ["none", "key 1", "key 2", "key 3"], result: "success" });
  });

  it("an encrypted key is offered first, and its passphrase is requested only when the server accepts it", async () => {
    const { reader, prompter, counts, start } = setUp({ identityFiles: ["/a", "/b"] });
    reader.files.set("/a", { key: fakeKey(1), passphrase: "p" });
    reader.files.set("/b", { key: fakeKey(2), passphrase: "q" });
    prompter.passphrases = ["wrong", "q"];
    const { result, log } = await login(start(), taking("key 2"));
    expect({ result, log }).toEqual({ result: "success", log: ["none", "key 1", "key 2"] });
    expect(prompter.asked).toEqual(["passphrase /b 1", "passphrase /b 2"]);
    expect(counts.pauses).toBeGreaterThan(0);
  });

  it("a passphrase is requested once per file, for all logins of the window", async () => {
    const { reader, prompter, start } = setUp({ identityFiles: ["/a"] });
    reader.files.set("/a", { key: fakeKey(1), passphrase: "p" });
    prompter.passphrases = ["p"];
    const both = [login(start(), taking("key 1")), login(start(), taking("key 1"))];
    expect((await Promise.all(both)).map(({ result }) => result)).toEqual(["success", "success"]);
    expect((await login(start(), taking("key 1"))).result).toBe("success");
    expect(prompter.asked).toHaveLength(1);
  });

  it("after three wrong passphrases the next key is tried, and the error lists the problem", async () => {
    const { reader, prompter, start } = setUp({ identityFiles: ["/a", "/b"], batchMode: false });
    reader.files.set("/a", { key: fakeKey(1), passphrase: "p" });
    reader.files.set("/b", { key: fakeKey(2) });
    prompter.passphrases = ["1", "2", "3"];
    const authenticator = start();
    const { log, result } = await login(authenticator, (attempt) =>
      attempt.startsWith("key") ? "success" : { methodsLeft: ["publickey"] },
    );
    expect({ log, result }).toEqual({ log: ["none", "key 1", "key 2"], result: "success" });
    expect(prompter.asked).toHaveLength(3);
    expect(authenticator.tried()).toEqual(["publickey: /a", "publickey: /b"]);
    expect(authenticator.problems()).toEqual(["/a: the passphrase was wrong 3 times"]);
  });

  it("dismissing the passphrase prompt cancels the login", async () => {
    for (const hidden of [false, true]) {
      const { reader, agent, prompter, start } = setUp({ identityFiles: ["/a"] });
      agent.keys = [fakeKey(7)];
      reader.files.set("/a", { key: fakeKey(1), passphrase: "p", hidden });
      expect((await login(start(), taking("key 1"))).result).toBe("cancelled");
      expect(prompter.asked).toEqual(["passphrase /a 1"]);
    }
  });

  it("an empty passphrase skips the key", async () => {
    const { reader, prompter, start } = setUp({ identityFiles: ["/a"], passwordAuthentication: false });
    reader.files.set("/a", { key: fakeKey(1), passphrase: "p", hidden: true });
    prompter.passphrases = [""];
    expect(await login(start(), taking("key 1", ["publickey"]))).toEqual({
      result: "nothing left",
      log: ["none"],
    });
  });

  it("BatchMode requests no passphrase, but uses a stored one", async () => {
    const { reader, prompter, secrets, start } = setUp({ identityFiles: ["/a"], batchMode: true });
    reader.files.set("/a", { key: fakeKey(1), passphrase: "p" });
    expect((await login(start(), taking("key 1"))).result).toBe("nothing left");
    secrets.values.set("passphrase:/a", "p");
    expect((await login(start(), taking("key 1"))).result).toBe("success");
    expect(prompter.asked).toEqual([]);
  });

  it("a stored passphrase is used silently, and deleted if it is wrong", async () => {
    const { reader, prompter, secrets, start } = setUp({ identityFiles: ["/a"] });
    reader.files.set("/a", { key: fakeKey(1), passphrase: "p" });
    secrets.values.set("passphrase:/a", "old");
    prompter.passphrases = [{ value: "p", remember: false }];
    expect((await login(start(), taking("key 1"))).result).toBe("success");
    expect(prompter.asked).toEqual(["passphrase /a 1"]);
    expect([...secrets.values]).toEqual([]);
  });

  it("a passphrase is stored only on request, and only if it is right", async () => {
    const { reader, prompter, secrets, start } = setUp({ identityFiles: ["/a"] });
    reader.files.set("/a", { key: fakeKey(1), passphrase: "p" });
    prompter.passphrases = [
      { value: "wrong", remember: true },
      { value: "p", remember: true },
    ];
    await login(start(), taking("key 1"));
    expect([...secrets.values]).toEqual([["passphrase:/a", "p"]]);
  });

  it("unusable files are reported, missing default files are not", async () => {
    const fails = { "/p": "permissions", "/u": "unsupported", "/m": "malformed", "/x": "missing" } as const;
    const files = Object.keys(fails);
    for (const identityFilesAreDefault of [true, false]) {
      const { reader, logger, start } = setUp({ identityFiles: files, identityFilesAreDefault });
      for (const [file, reason] of Object.entries(fails)) {
        reader.files.set(file, { fails: reason });
      }
      const authenticator = start();
      await login(authenticator, taking("", ["publickey"]));
      const expected = files
        .filter((file) => !(identityFilesAreDefault && file === "/x"))
        .map((file) => `${file}: ${fails[file as keyof typeof fails]}`);
      expect(authenticator.tried()).toEqual([]);
      expect(authenticator.problems()).toEqual(expected);
      expect(logger.complaints).toEqual(expected.map((text) => `warn: ${text}`));
    }
  });

  it("an agent's security keys and certificates are offered; keys of unknown type are omitted", async () => {
    const { agent, logger, start } = setUp();
    agent.keys = [
      fakeKey(1, "touch me", "sk-ssh-ed25519@openssh.com"),
      fakeKey(2, "cert", "ssh-ed25519-cert-v01@openssh.com"),
      fakeKey(3, "unheard of", "ssh-future"),
      fakeKey(4),
    ];
    expect((await login(start(), taking("", ["publickey"]))).log).toEqual([
      "none",
      "key 1",
      "key 2",
      "key 4",
    ]);
    expect(logger.complaints).toHaveLength(1);
  });

  it("a broken agent does not prevent the use of files", async () => {
    const { agent, reader, logger, start } = setUp({ identityFiles: ["/a"] });
    agent.fails = true;
    reader.files.set("/a", { key: fakeKey(1) });
    expect((await login(start(), taking("key 1"))).result).toBe("success");
    expect(logger.complaints).toEqual(["warn: No keys from the agent: nobody there"]);
  });

  it("a public key without its private key is reported", async () => {
    const { reader, start } = setUp({ identityFiles: ["/a.pub"] });
    reader.files.set("/a.pub", { publicKey: fakeKey(1).publicKey });
    const authenticator = start();
    expect((await login(authenticator, taking("", ["publickey"]))).log).toEqual(["none"]);
    expect(authenticator.problems()[0]).toMatch(/^\/a\.pub: /);
  });
});

describe("passwords", () => {
  it("three wrong passwords end the login with a clear error", async () => {
    const { prompter, start } = setUp();
    prompter.passwords = ["1", "2", "3", "4"];
    expect(await login(start(), taking("", ["password"]))).toEqual({
      result: "nothing left",
      log: ["none", "password 1", "password 2", "password 3"],
    });
    expect(prompter.asked).toEqual(["password 1", "password 2", "password 3"]);
  });

  it("keyboard-interactive and password share the number of attempts", async () => {
    const { prompter, start } = setUp({ numberOfPasswordPrompts: 3 });
    prompter.passwords = ["1", "2", "3", "4"];
    expect((await login(start(), taking(""), [passwordRound])).log).toEqual([
      "none",
      "kbdint 1",
      "kbdint 2",
      "kbdint 3",
    ]);
  });

  it("a dismissed prompt rejects with a reason of its own", async () => {
    const { start } = setUp();
    const authenticator = start();
    await authenticator.next(undefined, false, []);
    await expect(authenticator.next(["password"], false, [])).rejects.toMatchObject({ reason: "dismissed" });
  });

  it("a partial success resets the number of attempts", async () => {
    const { prompter, start } = setUp({ numberOfPasswordPrompts: 2 });
    prompter.passwords = ["wrong", "right"];
    prompter.rounds = [["1"], ["2"]];
    const { log, result } = await login(
      start(),
      (attempt) => {
        if (attempt === "kbdint 2") {
          return "success";
        }
        const partial = attempt === "password right";
        const past = partial || attempt.startsWith("kbdint");
        return { methodsLeft: [past ? "keyboard-interactive" : "password"], partial };
      },
      [otpRound],
    );
    expect({ log, result }).toEqual({
      log: ["none", "password wrong", "password right", "kbdint 1", "kbdint 2"],
      result: "success",
    });
  });

  it("a key and a password log in", async () => {
    const { agent, prompter, start } = setUp();
    agent.keys = [fakeKey(1)];
    prompter.passwords = ["x"];
    const { log, result } = await login(start(), (attempt) => {
      if (attempt === "password x") {
        return "success";
      }
      return attempt === "key 1"
        ? { methodsLeft: ["password"], partial: true }
        : { methodsLeft: ["publickey"] };
    });
    expect({ log, result }).toEqual({ log: ["none", "key 1", "password x"], result: "success" });
  });

  it("dismissing the prompt cancels the login", async () => {
    const { start } = setUp();
    expect(await login(start(), taking("", ["password"]))).toEqual({ result: "cancelled", log: ["none"] });
  });

  it("BatchMode asks nothing, not even the store", async () => {
    const { prompter, secrets, start } = setUp({ batchMode: true });
    secrets.values.set(secret, "x");
    expect(await login(start(), taking("password x"), [passwordRound])).toEqual({
      result: "nothing left",
      log: ["none"],
    });
    expect(prompter.asked).toEqual([]);
  });

  for (const method of ["password", "keyboard-interactive"]) {
    const sent = method === "password" ? "password" : "kbdint";

    it(`${method}: a stored password is used silently`, async () => {
      const { prompter, secrets, start } = setUp();
      secrets.values.set(secret, "kept");
      expect((await login(start(), taking(`${sent} kept`, [method]), [passwordRound])).result).toBe(
        "success",
      );
      expect(prompter.asked).toEqual([]);
      expect(secrets.values.get(secret)).toBe("kept");
    });

    it(`${method}: a refused stored password is deleted, and counts as an attempt`, async () => {
      const { prompter, secrets, start } = setUp();
      secrets.values.set(secret, "old");
      prompter.passwords = ["1", "2", "3"];
      const { log } = await login(start(), taking("", [method]), [passwordRound]);
      expect(log).toEqual(["none", `${sent} old`, `${sent} 1`, `${sent} 2`]);
      expect(prompter.asked).toEqual(["password 2", "password 3"]);
      expect([...secrets.values]).toEqual([]);
    });

    it(`${method}: the right password is stored after the login if the user chose to`, async () => {
      const { prompter, secrets, start } = setUp();
      prompter.passwords = [
        { value: "wrong", remember: true },
        { value: "right", remember: true },
      ];
      await login(start(), taking(`${sent} right`, [method]), [passwordRound]);
      expect([...secrets.values]).toEqual([[secret, "right"]]);
    });
  }

  it("a wrong password is never stored", async () => {
    const { prompter, secrets, start } = setUp({ numberOfPasswordPrompts: 1 });
    prompter.passwords = [{ value: "wrong", remember: true }];
    await login(start(), taking("", ["password"]));
    expect([...secrets.values]).toEqual([]);
  });

  it("a stored password is kept if the server disconnects instead of refusing", async () => {
    const { secrets, start } = setUp();
    secrets.values.set(secret, "old");
    const authenticator = start();
    await authenticator.next(undefined, false);
    expect(await authenticator.next(["password"], false)).toMatchObject({ password: "old" });
    expect(authenticator.tried()).toEqual(["password"]);
    authenticator.failed();
    await new Promise((resolve) => setImmediate(resolve));
    expect([...secrets.values]).toEqual([[secret, "old"]]);
  });

  it("a stored password is kept if a code asked with it is wrong, and deleted if another password is right", async () => {
    const { secrets, prompter, start } = setUp();
    secrets.values.set(secret, "kept");
    prompter.rounds = [["123"], ["456"]];
    prompter.passwords = ["kept"];
    const codes = await login(start(), taking("kbdint kept,456", ["keyboard-interactive"]), [
      passwordRound,
      otpRound,
    ]);
    expect(codes).toEqual({
      result: "success",
      log: ["none", "kbdint kept,123", "kbdint kept,456"],
    });
    expect([...secrets.values]).toEqual([[secret, "kept"]]);

    prompter.rounds = [["123"], ["456"]];
    prompter.passwords = ["new"];
    await login(start(), taking("kbdint new,456", ["keyboard-interactive"]), [passwordRound, otpRound]);
    expect([...secrets.values]).toEqual([]);
  });

  it("a stored password that was accepted is kept, whatever comes after it", async () => {
    const { secrets, prompter, start } = setUp({
      preferredAuthentications: ["password", "keyboard-interactive"],
    });
    const then = (attempt: string): Verdict =>
      attempt.startsWith("password")
        ? { methodsLeft: ["keyboard-interactive"], partial: true }
        : taking("kbdint other", [attempt === "none" ? "password" : "keyboard-interactive"])(attempt);
    secrets.values.set(secret, "kept");
    prompter.rounds = [["wrong"]];
    expect((await login(start(), then, [otpRound])).log).toEqual([
      ...["none", "password kept", "kbdint wrong", "kbdint cancelled"],
    ]);
    expect([...secrets.values]).toEqual([[secret, "kept"]]);
    // A second password, which is not to be stored.
    prompter.passwords = ["other"];
    expect((await login(start(), then, [passwordRound])).result).toBe("success");
    expect([...secrets.values]).toEqual([[secret, "kept"]]);
  });

  it("a typed password that is not stored needs the user at the next login, too", async () => {
    const { needs, config, prompter, start } = setUp();
    prompter.passwords = ["x", { value: "x", remember: true }];
    await login(start(), taking("password x", ["password"]));
    expect(needs.of(config)).toEqual({ prompted: true, touched: false, waited: false });
    await login(start(), taking("password x", ["password"]));
    expect(needs.of(config)).toEqual({ prompted: false, touched: false, waited: false });
  });

  it("a new password is requested as often as an old one, and not stored unless the user chose to", async () => {
    const { secrets, prompter, start } = setUp({ numberOfPasswordPrompts: 2 });
    prompter.passwords = ["old"];
    prompter.changes = ["1", "2", "3"].map((newPassword) => ({
      ...{ oldPassword: "old", newPassword, remember: false },
    }));
    const authenticator = start();
    await authenticator.next(undefined, false);
    const attempt = await authenticator.next(["password"], false);
    const change = attempt?.method === "password" ? attempt.change : undefined;
    expect(await change?.("too short", never)).toMatchObject({ newPassword: "1" });
    expect(await change?.("too short", never)).toMatchObject({ newPassword: "2" });
    await expect(change?.("too short", never)).rejects.toMatchObject({ reason: "password-expired" });
    await authenticator.succeeded();
    expect([...secrets.values]).toEqual([]);
  });

  it("repeated partial successes start neither method more often than allowed", async () => {
    const { prompter, start } = setUp();
    prompter.passwords = Array(50).fill("x");
    prompter.rounds = Array(50).fill(["1"]);
    const endless = (): Verdict => ({ methodsLeft: ["password", "keyboard-interactive"], partial: true });
    expect((await login(start(), endless, [otpRound])).result).toBe("nothing left");
    expect(prompter.asked).toHaveLength(6);
  });

  it("a new password that the server requires replaces the stored one", async () => {
    const { secrets, prompter, start } = setUp();
    secrets.values.set(secret, "old");
    prompter.changes = [{ oldPassword: "old", newPassword: "better", remember: false }];
    const authenticator = start();
    await authenticator.next(undefined, false);
    const attempt = await authenticator.next(["password"], false);
    const change = attempt?.method === "password" ? attempt.change : undefined;
    expect(await change?.("At least 12 letters", never)).toMatchObject({ newPassword: "better" });
    expect(prompter.asked).toEqual(["change 1: At least 12 letters"]);
    await authenticator.succeeded();
    expect([...secrets.values]).toEqual([[secret, "better"]]);
  });

  it("a new password is not requested if prompts are not allowed", async () => {
    const { secrets, start } = setUp();
    secrets.values.set(secret, "old");
    const authenticator = start({ allowPrompts: false });
    await authenticator.next(undefined, false);
    const attempt = await authenticator.next(["password"], false);
    const change = attempt?.method === "password" ? attempt.change : undefined;
    await expect(change?.("", never)).rejects.toMatchObject({ reason: "password-expired" });
    expect([...secrets.values]).toEqual([[secret, "old"]]);
    expect(authenticator.problems()).toEqual([]);
  });

  it("a failing secret store leads to a prompt, not to a failed login", async () => {
    const { prompter, secrets, logger, start } = setUp();
    const broken = (): Promise<never> => Promise.reject(new Error("no keyring"));
    Object.assign(secrets, { get: broken, set: broken, delete: broken });
    prompter.passwords = [{ value: "x", remember: true }];
    expect((await login(start(), taking("password x", ["password"]))).result).toBe("success");
    expect(logger.complaints).toHaveLength(2);
    expect(logger.lines.join()).not.toMatch(/\bx\b/);
  });
});

describe("keyboard-interactive", () => {
  it("several prompts in several rounds, and rounds without prompts", async () => {
    const { prompter, start } = setUp();
    prompter.rounds = [["a", "b"], ["c"]];
    const rounds = [
      {
        name: "Two",
        instructions: "things",
        prompts: [
          { prompt: "One: ", echo: true },
          { prompt: "Two: ", echo: false },
        ],
      },
      { name: "", instructions: "Push sent", prompts: [] },
      otpRound,
    ];
    const { result } = await login(start(), taking("kbdint a,b,c", ["keyboard-interactive"]), rounds);
    expect(result).toBe("success");
    expect(prompter.asked).toEqual(["One: |Two: ", "Verification code: "]);
  });

  it("a keyboard-interactive password question is shown as a password prompt, unless it has further text", async () => {
    for (const prompt of [
      "Password:",
      "password: ",
      "(alice@server) Password: ",
      "alice's password:",
      "Password for alice:",
    ]) {
      const { prompter, start } = setUp();
      prompter.passwords = ["x"];
      const round = { name: "", instructions: "", prompts: [{ prompt, echo: false }] };
      await login(start(), taking("kbdint x", ["keyboard-interactive"]), [round]);
      expect(prompter.asked).toEqual(["password 1"]);
    }
    for (const round of [
      { name: "", instructions: "Mind the gap", prompts: [{ prompt: "Password:", echo: false }] },
      { name: "", instructions: "", prompts: [{ prompt: "Password:", echo: true }] },
      { name: "", instructions: "", prompts: [{ prompt: "New password:", echo: false }] },
      { name: "", instructions: "", prompts: [{ prompt: "One-time password:", echo: false }] },
    ]) {
      const { prompter, secrets, start } = setUp();
      secrets.values.set(secret, "kept");
      prompter.rounds = [["x"]];
      const { result } = await login(start(), taking("kbdint x", ["keyboard-interactive"]), [round]);
      expect(result).toBe("success");
    }
  });

  it("missing answers are sent empty", async () => {
    const { prompter, start } = setUp();
    prompter.rounds = [[]];
    await expect(
      login(start(), taking("kbdint ", ["keyboard-interactive"]), [otpRound]),
    ).resolves.toMatchObject({
      result: "success",
    });
  });

  it.each([1, 3])(
    "a method that asks nothing is tried once and does not count as an attempt, of %d",
    async (numberOfPasswordPrompts) => {
      const { prompter, start } = setUp({ numberOfPasswordPrompts });
      prompter.passwords = ["x"];
      expect((await login(start(), taking("password x"))).log).toEqual(["none", "kbdint ", "password x"]);
    },
  );

  it("a password that is asked for after something else is not the stored one", async () => {
    const { prompter, secrets, start } = setUp();
    secrets.values.set(secret, "kept");
    prompter.rounds = [["123"], ["another"]];
    const server = taking("kbdint 123,another", ["keyboard-interactive"]);
    expect((await login(start(), server, [otpRound, passwordRound])).result).toBe("success");
    expect(prompter.asked).toEqual(["Verification code: ", "Password: "]);
  });

  it("dismissing the prompt cancels the login", async () => {
    const { start } = setUp();
    expect((await login(start(), taking(""), [otpRound])).result).toBe("cancelled");
  });
});

describe("if prompts are not allowed", () => {
  it("keys, unlocked keys and stored passphrases are used", async () => {
    const { reader, secrets, prompter, start } = setUp({ identityFiles: ["/a", "/b"] });
    reader.files.set("/a", { key: fakeKey(1), passphrase: "p" });
    reader.files.set("/b", { key: fakeKey(2), passphrase: "q" });
    secrets.values.set("passphrase:/b", "q");
    expect((await login(start({ allowPrompts: false }), taking("key 1"))).result).toBe("nothing left");
    expect((await login(start({ allowPrompts: false }), taking("key 2"))).result).toBe("success");
    prompter.passphrases = ["p"];
    expect((await login(start(), taking("key 1"))).result).toBe("success");
    expect((await login(start({ allowPrompts: false }), taking("key 1"))).result).toBe("success");
    expect(prompter.asked).toEqual(["passphrase /a 1"]);
  });

  for (const method of ["password", "keyboard-interactive"]) {
    const sent = method === "password" ? "password" : "kbdint";

    it(`${method}: a stored password is tried once`, async () => {
      const { secrets, prompter, start } = setUp();
      const quiet = () => start({ allowPrompts: false });
      secrets.values.set(secret, "kept");
      expect((await login(quiet(), taking(`${sent} kept`, [method]), [passwordRound])).result).toBe(
        "success",
      );
      expect(await login(quiet(), taking("", all), [passwordRound])).toEqual({
        result: "nothing left",
        log: ["none", "kbdint kept"],
      });
      expect([...secrets.values]).toEqual([]);
      expect(await login(quiet(), taking("", [method]), [passwordRound])).toEqual({
        result: "nothing left",
        log: ["none"],
      });
      expect(prompter.asked).toEqual([]);
    });
  }

  it("a question other than the password ends the login as refused, not as cancelled", async () => {
    const { secrets, prompter, start } = setUp();
    secrets.values.set(secret, "kept");
    const attempt = login(start({ allowPrompts: false }), taking("", ["keyboard-interactive"]), [otpRound]);
    await expect(attempt).rejects.toMatchObject({
      ...{ reason: "nothing-to-try", problems: [] },
      ...{ tried: ["keyboard-interactive"], methodsLeft: ["keyboard-interactive"] },
    });
    expect(prompter.asked).toEqual([]);
    expect(secrets.values.get(secret)).toBe("kept");
  });
});

describe("what a login needs from the user", () => {
  const phone = { name: "", instructions: "Approve on your phone", prompts: [] };

  it("a question, a touch or a long wait is remembered until a login that needs none", async () => {
    const { needs, config, agent, prompter, start } = setUp();
    expect(needs.needsPerson(config)).toBe(false);
    prompter.rounds = [["1"]];
    await login(start(), taking("kbdint 1", ["keyboard-interactive"]), [otpRound]);
    expect(needs.of(config)).toEqual({ prompted: true, touched: false, waited: false });
    agent.keys = [fakeKey(1, "touch", "sk-ssh-ed25519@openssh.com")];
    await login(start(), taking("key 1", ["publickey"]));
    expect(needs.of(config)).toEqual({ prompted: false, touched: true, waited: false });
    agent.keys = [fakeKey(1)];
    await login(start(), taking("key 1", ["publickey"]));
    expect(needs.needsPerson(config)).toBe(false);
  });

  it("a server that is slow to decide gets one unattended attempt, used up by the first request", async () => {
    const { needs, config, secrets, clock, start } = setUp();
    secrets.values.set(secret, "x");
    const push = async (allowPrompts: boolean, seconds: number): Promise<Authenticator> => {
      const authenticator = start({ allowPrompts });
      await authenticator.next(undefined, false);
      await authenticator.next(["password"], false);
      await clock.advance(seconds * 1000);
      return authenticator;
    };
    await (await push(true, 5)).succeeded();
    expect(needs.of(config)).toEqual({ prompted: false, touched: false, waited: true });
    // Nothing was sent yet, as when the host could not be reached.
    start({ allowPrompts: false });
    expect(needs.mayTryUnattended(config)).toBe(true);
    (await push(false, 60)).failed();
    expect(needs.mayTryUnattended(config)).toBe(false);
    await expect(start({ allowPrompts: false }).next(undefined, false)).rejects.toMatchObject({
      reason: "needs-person",
    });
    expect([...secrets.values]).toEqual([[secret, "x"]]);
    // The user declined on the phone: the password was not what was refused.
    const refused = await push(true, 20);
    await refused.next(["password"], false).catch(() => {});
    expect([...secrets.values]).toEqual([[secret, "x"]]);
    await (await push(true, 1)).succeeded();
    expect(needs.mayTryUnattended(config)).toBe(true);
  });

  it("a login that ends without a reply after a long wait needs the user", async () => {
    const { needs, config, secrets, clock, start } = setUp();
    secrets.values.set(secret, "x");
    const authenticator = start({ allowPrompts: false });
    await authenticator.next(undefined, false);
    const attempt = await authenticator.next(["keyboard-interactive"], false);
    if (attempt?.method === "keyboard-interactive") {
      await attempt.answer(phone, never);
    }
    await clock.advance(60_000);
    authenticator.failed();
    expect(needs.needsPerson(config)).toBe(true);
    expect(needs.mayTryUnattended(config)).toBe(false);
  });
});

describe("RSA", () => {
  const offered = async (
    accepted: readonly string[] | undefined,
    announced: readonly string[] | undefined,
  ): Promise<string | undefined> => {
    const { agent, start } = setUp({ ...(accepted && { pubkeyAcceptedAlgorithms: accepted }) });
    agent.keys = [fakeKey(1, "rsa", "ssh-rsa")];
    const authenticator = start();
    await authenticator.next(undefined, false);
    const attempt = await authenticator.next(["publickey"], false, announced);
    return attempt?.method === "publickey" ? attempt.algorithm : undefined;
  };

  it("the error says why a key has no signature algorithm: SHA-1 can be allowed, other types can't", async () => {
    const problemsOf = async (type: string, changes: Parameters<typeof setUp>[0]) => {
      const { agent, start } = setUp(changes);
      agent.keys = [fakeKey(1, "mine", type)];
      const authenticator = start();
      await authenticator.next(undefined, false);
      await authenticator.next(["publickey"], false, ["ssh-rsa"]);
      return authenticator.problems().join();
    };
    expect(await problemsOf("ssh-rsa", {})).toContain("+ssh-rsa");
    const accepted = { pubkeyAcceptedAlgorithms: ["rsa-sha2-512"] };
    expect(await problemsOf("ssh-ed25519", accepted)).not.toContain("+ssh-rsa");
    expect(await problemsOf("ssh-ed25519", accepted)).toContain("ssh-ed25519");
  });

  it("a key from a file is added to the agent after it has signed, with a confirmation if configured", async () => {
    const added: string[] = [];
    const { agent, reader, prompter, start } = setUp({
      ...{ identityFiles: ["/a"], addKeysToAgent: { mode: "ask" } },
    });
    const key = { ...fakeKey(1), forAgent: () => Buffer.from("key") };
    reader.files.set("/a", { key });
    const asked: string[] = [];
    Object.assign(prompter, { addToAgent: async (_: unknown, file: string) => asked.push(file) > 1 });
    Object.assign(agent, { add: async (path: string) => added.push(path) });
    await login(start(), taking("key 1"));
    expect([asked, added]).toEqual([["/a"], []]);
    await login(start(), taking("key 1"));
    expect([asked, added]).toEqual([["/a", "/a"], ["/agent"]]);
    Object.assign(prompter, { addToAgent: undefined });
    expect((await login(start(), taking("key 1"))).result).toBe("success");
    expect(added).toHaveLength(1);
  });

  it("signs with SHA-2 if the server announces it, and with SHA-1 only if allowed", async () => {
    expect(await offered(undefined, ["ssh-rsa", "rsa-sha2-256", "rsa-sha2-512"])).toBe("rsa-sha2-512");
    expect(await offered(undefined, ["ssh-rsa", "rsa-sha2-256"])).toBe("rsa-sha2-256");
    expect(await offered(undefined, ["ssh-rsa"])).toBeUndefined();
    expect(await offered(undefined, undefined)).toBeUndefined();
    expect(await offered(["rsa-sha2-512", "ssh-rsa"], undefined)).toBe("ssh-rsa");
    expect(await offered(["ssh-ed25519"], ["rsa-sha2-512"])).toBeUndefined();
  });
});

describe("a cancelled login", () => {
  it("ends with the signal's reason", async () => {
    const { abort, prompter, start } = setUp();
    const authenticator = start();
    await authenticator.next(undefined, false);
    abort.abort(new CancelledError("window closed"));
    await expect(authenticator.next(all, false)).rejects.toThrow("window closed");
    await expect(authenticator.next(["password"], false)).rejects.toThrow("window closed");
    expect(prompter.asked).toEqual([]);
  });

  it("every prompt pauses the deadline", async () => {
    const { prompter, reader, counts, start } = setUp({ identityFiles: ["/a"] });
    reader.files.set("/a", { key: fakeKey(1), passphrase: "p", hidden: true });
    prompter.passphrases = ["p"];
    prompter.rounds = [["1"]];
    prompter.passwords = ["x"];
    const before = counts.pauses;
    await login(
      start(),
      (attempt) => {
        if (attempt === "password x") {
          return "success";
        }
        return { methodsLeft: attempt.startsWith("kbdint") ? ["password"] : all };
      },
      [otpRound],
    );
    expect(prompter.asked).toHaveLength(3);
    expect(counts.pauses - before).toBe(3);
  });
});
