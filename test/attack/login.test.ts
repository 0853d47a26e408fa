import { afterEach, describe, expect, test } from "vitest";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import type { ConnectionEnd, ConnectRequest, EngineConnection } from "../../src/engine/connectionEngine.ts";
import { ConnectError } from "../../src/engine/engineErrors.ts";
import { Ssh2Engine } from "../../src/engine/ssh2/ssh2Engine.ts";
import { never } from "../engine/contract/channels.ts";
import { fakeKey, setUp } from "../support/authFakes.ts";
import { growthOf } from "./support/growth.ts";
import { hostileRequest } from "./support/hostileLogin.ts";
import { bool, msg, str, u32 } from "./support/hostilePackets.ts";
import { type HostilePeer, hostilePair } from "./support/hostileServer.ts";

const failure = (methods = "password,keyboard-interactive,publickey", partial = false): Buffer =>
  msg(51, str(methods), bool(partial));
const success = msg(52);
const banner = (text: string): Buffer => msg(53, str(text), str(""));
const infoRequest = (...prompts: readonly string[]): Buffer =>
  msg(
    60,
    ...[str(""), str(""), str(""), u32(prompts.length)],
    ...prompts.flatMap((prompt) => [str(prompt), bool(false)]),
  );

const connections: EngineConnection[] = [];

afterEach(() => {
  for (const connection of connections.splice(0)) {
    connection.destroy();
  }
});

/** A login by all that a person has, and the server at the other end. */
function attack(config: Partial<HostConfig> = {}, changes: Partial<ConnectRequest> = {}) {
  const { peer, transport } = hostilePair();
  const world = setUp(config);
  const request = hostileRequest(
    { transport },
    { config: world.config, authenticator: world.start(), ...changes },
  );
  const login = new Ssh2Engine().connect(request, never());
  login.then(
    (connection) => connections.push(connection),
    () => {},
  );
  return { ...world, peer, login, log: request.logger.lines };
}

async function violation(login: Promise<unknown>): Promise<void> {
  const error: unknown = await login.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConnectError);
  expect(error).toMatchObject({ reason: "protocol" });
}

/** Sends all in one write. */
function flood(peer: HostilePeer, messages: readonly Buffer[]): void {
  peer.raw(Buffer.concat(messages.map((message) => peer.seal(message))));
}

const secret = "password:alice@server.example.org:22";

describe("an answer to nothing ends the connection", () => {
  const unasked: readonly (readonly [string, Buffer])[] = [
    ["a refusal", failure()],
    ["a partial success", failure("password", true)],
    ["a second success", success],
    ["PK_OK or a change request", msg(60, str("ssh-ed25519"), str("x"))],
    ["a question", infoRequest("Password: ")],
    ["a second SERVICE_ACCEPT", msg(6, str("ssh-userauth"))],
    ["an authentication request", msg(50, str("root"), str("ssh-connection"), str("none"))],
    ["an answer to a question", msg(61, u32(0))],
    ["an unknown message of authentication", msg(79)],
  ];

  test.each(unasked)("after the login: %s", async (_name, message) => {
    const { peer, login, secrets, prompter } = attack();
    secrets.values.set(secret, "stored");
    await peer.letIn();
    const connection = await login;
    const requests = peer.counts.get(50);
    const ended = new Promise<ConnectionEnd>((resolve) => connection.onDidClose(resolve));
    peer.send(message);
    expect(await ended).toMatchObject({ reason: "protocol", error: { reason: "protocol" } });
    expect(peer.counts.get(50)).toBe(requests);
    expect(prompter.asked).toEqual([]);
    expect([...secrets.values]).toEqual([[secret, "stored"]]);
  });

  test.each(unasked.slice(0, 5))("before the service is accepted: %s", async (_name, message) => {
    const { peer, login, prompter } = attack();
    await peer.start();
    await peer.nextOf(5);
    peer.send(message);
    await violation(login);
    expect(prompter.asked).toEqual([]);
  });

  test("2,000 refusals at once: no more attempts and questions than a login has", async () => {
    const { peer, login, prompter } = attack();
    await peer.startLogin();
    await peer.nextOf(50);
    flood(peer, Array(2_000).fill(failure()));
    // Either a refusal comes while nothing is asked of the server, or each of the few attempts has found one.
    await expect(login).rejects.toThrow();
    expect(peer.counts.get(50)).toBeLessThanOrEqual(4);
    expect(prompter.asked.length).toBeLessThanOrEqual(3);
  });

  test("40 questions at once: one is asked", async () => {
    const { peer, login, prompter } = attack();
    await peer.startLogin();
    await peer.nextOf(50);
    peer.send(failure("keyboard-interactive"));
    await peer.nextOf(50);
    flood(peer, Array(40).fill(infoRequest("Code: ")));
    await violation(login);
    expect(prompter.asked.length).toBeLessThanOrEqual(1);
  });

  test("a success in place of a signature, or while waiting for the key to sign", async () => {
    for (const order of ["taken", "signing"] as const) {
      const { peer, login, agent } = attack();
      let signed = (): void => {};
      const key = fakeKey(1);
      agent.keys = [
        { ...key, sign: () => new Promise((resolve) => (signed = () => resolve(Buffer.from("x")))) },
      ];
      await peer.startLogin();
      await peer.nextOf(50);
      peer.send(failure("publickey"));
      await peer.nextOf(50);
      const blob = order === "taken" ? Buffer.from("another key") : key.publicKey;
      flood(peer, [msg(60, str("ssh-ed25519"), str(blob)), success]);
      await violation(login);
      signed();
      expect(peer.counts.get(50)).toBe(2);
    }
  });

  test("channels and global requests before the login", async () => {
    for (const message of [
      msg(80, str("keepalive@openssh.com"), bool(true)),
      msg(90, str("session"), u32(0), u32(1), u32(1)),
      msg(94, u32(0), str("data")),
    ]) {
      const { peer, login } = attack();
      await peer.startLogin();
      await peer.nextOf(50);
      peer.send(message);
      await violation(login);
    }
  });
});

describe("what a server may repeat has an end", () => {
  test("partial successes without end ask no more often than NumberOfPasswordPrompts, for each method", async () => {
    const { peer, login, prompter } = attack();
    prompter.passwords = Array(100).fill("x");
    await peer.startLogin();
    const serving = (async () => {
      while ((await peer.nextOf(50)) !== undefined) {
        peer.send(failure("password", true));
      }
    })();
    await expect(login).rejects.toMatchObject({ reason: "refused" });
    await serving;
    expect(prompter.asked).toHaveLength(3);
  });

  test("rounds of questions without end", async () => {
    const { peer, login, prompter } = attack();
    prompter.rounds = Array(1000).fill(["x"]);
    await peer.startLogin();
    await peer.nextOf(50);
    peer.send(failure("keyboard-interactive"));
    await peer.nextOf(50);
    const serving = (async () => {
      do {
        peer.send(infoRequest("More? "));
      } while ((await peer.nextOf(61)) !== undefined);
    })();
    await violation(login);
    await serving;
    expect(prompter.asked).toHaveLength(20);
  });

  test("rounds that ask nothing, without end", async () => {
    const { peer, login, prompter } = attack();
    await peer.startLogin();
    await peer.nextOf(50);
    peer.send(failure("keyboard-interactive"));
    await peer.nextOf(50);
    const serving = (async () => {
      do {
        peer.send(infoRequest());
      } while ((await peer.nextOf(61)) !== undefined);
    })();
    await violation(login);
    await serving;
    expect(peer.counts.get(61)).toBeLessThanOrEqual(500);
    expect(prompter.asked).toEqual([]);
  });

  test("requests for a new password without end", async () => {
    const { peer, login, prompter, secrets } = attack();
    secrets.values.set(secret, "stored");
    prompter.changes = Array(100).fill({ oldPassword: "a", newPassword: "b", remember: false });
    await peer.startLogin();
    await peer.nextOf(50);
    peer.send(failure("password"));
    const serving = (async () => {
      while ((await peer.nextOf(50)) !== undefined) {
        peer.send(msg(60, str("Not that one"), str("")));
      }
    })();
    await expect(login).rejects.toMatchObject({ reason: "password-expired" });
    await serving;
    expect(prompter.asked).toHaveLength(3);
    expect([...secrets.values]).toEqual([[secret, "stored"]]);
  });

  test("banners of 6 MB leave few lines in the log, and few words", async () => {
    const words: string[] = [];
    const { peer, login, log } = attack({}, { onServerWords: ({ text }) => words.push(text) });
    await peer.startLogin();
    await peer.nextOf(50);
    for (let count = 0; count < 300; count++) {
      peer.send(banner("x\n".repeat(10_000)));
    }
    peer.send(success);
    await login;
    expect(log.length).toBeLessThan(300);
    expect(words.join().length).toBeLessThan(32_000);
  });

  test("banners after the login are not shown", async () => {
    const words: string[] = [];
    const { peer, login, log } = attack({}, { onServerWords: ({ text }) => words.push(text) });
    await peer.letIn();
    const connection = await login;
    const lines = log.length;
    flood(peer, Array(2_000).fill(banner("late\n")));
    peer.send(msg(80, str("anything@example.org"), bool(true)));
    await peer.nextOf(82);
    expect(connection.ended).toBeUndefined();
    expect(words).toEqual([]);
    expect(log.length).toBeLessThanOrEqual(lines + 1);
  });

  test("BANNER, EXT_INFO, DEBUG and IGNORE are legal at any time", async () => {
    const { peer, login } = attack();
    const legal = [
      banner("hello"),
      msg(7, u32(1), str("server-sig-algs"), str("ssh-ed25519,rsa-sha2-512")),
      msg(4, bool(true), str("debug"), str("")),
      msg(2, str("ignored")),
    ];
    await peer.startLogin();
    flood(peer, legal);
    await peer.nextOf(50);
    flood(peer, [...legal, success, ...legal]);
    const connection = await login;
    flood(peer, [...legal, msg(80, str("anything@example.org"), bool(true))]);
    expect(await peer.nextOf(82)).toBeDefined();
    expect(connection.ended).toBeUndefined();
  });
});

describe("malformed and oversized messages", () => {
  const cases: readonly (readonly [string, Buffer])[] = [
    ["more prompts than there are bytes", msg(60, str(""), str(""), str(""), u32(0xffff_ffff))],
    ["prompts cut short", msg(60, str(""), str(""), str(""), u32(1), u32(100))],
    ["33 prompts", infoRequest(...Array(33).fill("x"))],
    ["a refusal that is cut short", Buffer.of(51)],
    ["a banner that is cut short", msg(53, u32(9))],
    ["EXT_INFO with more extensions than bytes", msg(7, u32(0xffff_ffff), str("a"), str("b"))],
  ];
  test.each(cases)("%s", async (_name, message) => {
    const { peer, login, prompter } = attack();
    await peer.startLogin();
    await peer.nextOf(50);
    peer.send(failure("keyboard-interactive"));
    await peer.nextOf(50);
    peer.send(message);
    await violation(login);
    expect(prompter.asked).toEqual([]);
  });

  test("long prompts cost no more than their length", async () => {
    const { start } = setUp();
    const growth = await growthOf(16_000, async (size) => {
      const authenticator = start();
      await authenticator.next(undefined, false);
      const attempt = await authenticator.next(["keyboard-interactive"], false);
      for (let round = 0; round < 40; round++) {
        const prompt = `${" ".repeat(size)}'s password for ${"x ".repeat(size)}`;
        const request = { name: "", instructions: "", prompts: [{ prompt, echo: false }] };
        if (attempt?.method === "keyboard-interactive") {
          await attempt.answer(request, never());
        }
      }
    });
    expect(growth.factor).toBeLessThan(2.7);
  });

  test("words of the server are harmless: no control sequence gets through", async () => {
    const words: string[] = [];
    const { peer, login } = attack({}, { onServerWords: ({ text }) => words.push(text) });
    await peer.startLogin();
    await peer.nextOf(50);
    flood(peer, [
      banner("\u001b]0;owned\u0007To log in, visit https://example.org/x\r\n\u202egnp.exe\n"),
      success,
    ]);
    await login;
    expect(words).toEqual(["\\u{1b}]0;owned\\u{7}To log in, visit https://example.org/x\n\\u{202e}gnp.exe"]);
  });

  test("LogLevel ERROR hides the banner, and not what a question says", async () => {
    const words: string[] = [];
    const { peer, login } = attack({ logLevel: "ERROR" }, { onServerWords: ({ text }) => words.push(text) });
    await peer.startLogin();
    await peer.nextOf(50);
    flood(peer, [banner("Welcome"), failure("keyboard-interactive")]);
    await peer.nextOf(50);
    peer.send(msg(60, str("Push"), str("Approve on your phone"), str(""), u32(0)));
    await peer.nextOf(61);
    peer.send(success);
    await login;
    expect(words).toEqual(["Push\nApprove on your phone"]);
  });
});

describe("links in what a server asks", () => {
  test("stand in the terminal that waits, also those in a question; other questions do not", async () => {
    const words: string[] = [];
    const { peer, login, prompter } = attack({}, { onServerWords: ({ text }) => words.push(text) });
    prompter.rounds = [["123456", "0000"]];
    await peer.startLogin();
    await peer.nextOf(50);
    peer.send(failure("keyboard-interactive"));
    await peer.nextOf(50);
    peer.send(infoRequest("Code from https://example.org/x\u001b[2J: ", "PIN: "));
    await peer.nextOf(61);
    peer.send(success);
    await login;
    expect(words).toEqual(["Code from https://example.org/x\\u{1b}[2J:"]);
  });
});

describe("no answer is not a refusal", () => {
  const ends: readonly (readonly [string, (peer: HostilePeer) => void])[] = [
    ["the connection is closed", (peer) => peer.end()],
    ["the connection is reset", (peer) => peer.destroy()],
    ["the account is locked", (peer) => peer.send(msg(1, u32(2), str("account locked"), str("")))],
    ["the server stops", (peer) => peer.send(msg(1, u32(11), str("bye"), str("")))],
    ["the server breaks the rules", (peer) => peer.send(msg(79))],
  ];
  test.each(ends)("a stored password stays when %s while it is judged", async (_name, end) => {
    const { peer, login, secrets } = attack();
    secrets.values.set(secret, "stored");
    await peer.startLogin();
    await peer.nextOf(50);
    peer.send(failure("password"));
    await peer.nextOf(50);
    end(peer);
    await expect(login).rejects.toThrow();
    expect([...secrets.values]).toEqual([[secret, "stored"]]);
  });

  test("it goes when the server refuses it in so many words, and nothing is sent after the login is given up", async () => {
    const { peer, login, secrets } = attack();
    secrets.values.set(secret, "stored");
    await peer.startLogin();
    await peer.nextOf(50);
    peer.send(failure("password"));
    await peer.nextOf(50);
    peer.send(failure("password"));
    await expect(login).rejects.toMatchObject({ name: "CancelledError" });
    expect([...secrets.values]).toEqual([]);
    expect(peer.counts.get(50)).toBe(2);
  });

  test("a server that decides without waiting for the answer closes the question", async () => {
    let dismissed = false;
    const answer = (_request: unknown, signal: AbortSignal): Promise<readonly string[]> =>
      new Promise((resolve) =>
        signal.addEventListener("abort", () => {
          dismissed = true;
          resolve(["late"]);
        }),
      );
    const { peer, transport } = hostilePair();
    const request = hostileRequest({ transport }, { attempts: [{ method: "keyboard-interactive", answer }] });
    const login = new Ssh2Engine().connect(request, never());
    await peer.startLogin();
    await peer.nextOf(50);
    flood(peer, [infoRequest("Code, or approve on your phone: "), success]);
    connections.push(await login);
    expect(dismissed).toBe(true);
    expect(peer.counts.get(61)).toBeUndefined();
  });

  test("an unattended login ends after so much silence, and one that hears something does not", async () => {
    const silent = attack({}, { silenceLimit: 150 });
    await silent.peer.startLogin();
    await expect(silent.login).rejects.toMatchObject({ reason: "timed-out" });

    const slow = attack({}, { silenceLimit: 400 });
    await slow.peer.startLogin();
    await slow.peer.nextOf(50);
    for (let count = 0; count < 8; count++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      slow.peer.send(msg(2, str("still here")));
    }
    slow.peer.send(success);
    await slow.login;
  });
});
