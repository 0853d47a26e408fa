import { describe, expect } from "vitest";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import type { ConnectionEnd, ConnectRequest } from "../../src/engine/connectionEngine.ts";
import { ConnectError } from "../../src/engine/engineErrors.ts";
import { never } from "../engine/contract/channels.ts";
import { fakeKey, setUp } from "../support/authFakes.ts";
import { attack, defer, engine, onePeer } from "./support/attackTest.ts";
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

/** A login with every method, and the server at the other end. */
function begin(config: Partial<HostConfig> = {}, changes: Partial<ConnectRequest> = {}) {
  const { peer, transport } = hostilePair();
  const world = setUp(config);
  const request = hostileRequest(
    { transport },
    { config: world.config, authenticator: world.start(), ...changes },
  );
  const login = engine.connect(request, never());
  login.then(
    (connection) => defer(() => connection.destroy()),
    () => {},
  );
  defer(() => peer.destroy());
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

/** Sends all messages in one write. */
function flood(peer: HostilePeer, messages: readonly Buffer[]): void {
  peer.raw(Buffer.concat(messages.map((message) => peer.seal(message))));
}

const secret = "password:alice@server.example.org:22";

describe("a reply without a request ends the connection", () => {
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

  attack.each(unasked)("after the login: %s", onePeer, async (_name, message) => {
    const { peer, login, secrets, prompter } = begin();
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

  attack.each(unasked.slice(0, 5))("before the service is accepted: %s", onePeer, async (_name, message) => {
    const { peer, login, prompter } = begin();
    await peer.start();
    await peer.nextOf(5);
    peer.send(message);
    await violation(login);
    expect(prompter.asked).toEqual([]);
  });

  attack(
    "2,000 refusals at once cause no more attempts and questions than a login allows",
    { size: 1_000 },
    async (size) => {
      const { peer, login, prompter } = begin();
      await peer.startLogin();
      await peer.nextOf(50);
      flood(peer, Array(size).fill(failure()));
      // Either a refusal comes without a request, or each of the few attempts has received one.
      await expect(login).rejects.toThrow();
      expect(peer.counts.get(50)).toBeLessThanOrEqual(4);
      expect(prompter.asked.length).toBeLessThanOrEqual(3);
    },
  );

  attack("of 40 questions at once, one is asked", { size: 20 }, async (size) => {
    const { peer, login, prompter } = begin();
    let asked = 0;
    // The user has not answered yet: a dismissed question would end the login on its own.
    prompter.keyboardInteractive = () => {
      asked++;
      return new Promise(() => {});
    };
    await peer.startLogin();
    await peer.nextOf(50);
    peer.send(failure("keyboard-interactive"));
    await peer.nextOf(50);
    flood(peer, Array(size).fill(infoRequest("Code: ")));
    await violation(login);
    expect(asked).toBeLessThanOrEqual(1);
  });

  attack("a success instead of a request to sign, or while the key signs", onePeer, async () => {
    for (const order of ["taken", "signing"] as const) {
      const { peer, login, agent } = begin();
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

  attack("channels and global requests before the login", onePeer, async () => {
    for (const message of [
      msg(80, str("keepalive@openssh.com"), bool(true)),
      msg(90, str("session"), u32(0), u32(1), u32(1)),
      msg(94, u32(0), str("data")),
    ]) {
      const { peer, login } = begin();
      await peer.startLogin();
      await peer.nextOf(50);
      peer.send(message);
      await violation(login);
    }
  });
});

describe("repeated messages are limited", () => {
  const untilStopped = { once: "the server continues until it is stopped" };

  attack(
    "endless partial successes ask no more often than NumberOfPasswordPrompts, for each method",
    untilStopped,
    async () => {
      const { peer, login, prompter } = begin();
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
    },
  );

  attack(
    "endless rounds of questions",
    {
      ...untilStopped,
      except: { questions: { most: 20, because: "a login by keyboard-interactive may have so many rounds" } },
    },
    async () => {
      const { peer, login, prompter } = begin();
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
    },
  );

  attack("endless rounds without questions", untilStopped, async () => {
    const { peer, login, prompter } = begin();
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

  attack("endless requests for a new password", untilStopped, async () => {
    const { peer, login, prompter, secrets } = begin();
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

  attack("banners of 6 MB leave few and short lines in the log", { size: 150 }, async (size) => {
    const words: string[] = [];
    const { peer, login, log } = begin({}, { onServerWords: ({ text }) => words.push(text) });
    await peer.startLogin();
    await peer.nextOf(50);
    for (let count = 0; count < size; count++) {
      peer.send(banner("x\n".repeat(10_000)));
    }
    peer.send(success);
    await login;
    expect(log.length).toBeLessThan(300);
    expect(words.join().length).toBeLessThan(32_000);
  });

  attack("banners after the login are not shown", { size: 2_000 }, async (size) => {
    const words: string[] = [];
    const { peer, login, log } = begin({}, { onServerWords: ({ text }) => words.push(text) });
    await peer.letIn();
    const connection = await login;
    const lines = log.length;
    flood(peer, Array(size).fill(banner("late\n")));
    peer.send(msg(80, str("anything@example.org"), bool(true)));
    await peer.nextOf(82);
    expect(connection.ended).toBeUndefined();
    expect(words).toEqual([]);
    expect(log.length).toBeLessThanOrEqual(lines + 1);
  });

  attack("BANNER, EXT_INFO, DEBUG and IGNORE are legal at any time", onePeer, async () => {
    const { peer, login } = begin();
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

describe("EXT_INFO", () => {
  const algorithms = (names: string): Buffer => msg(7, u32(1), str("server-sig-algs"), str(names));

  attack("takes effect four times at most; further ones are ignored", onePeer, async () => {
    const { peer, transport } = hostilePair();
    const seen: (readonly string[] | undefined)[] = [];
    const request = hostileRequest({ transport });
    const { authenticator } = request;
    const next = authenticator.next.bind(authenticator);
    authenticator.next = (left, partial, names) => {
      seen.push(names);
      return next(left, partial, names);
    };
    const login = engine.connect(request, never());
    await peer.start();
    for (const name of ["a", "b", "c", "d", "e", "f"]) {
      peer.send(algorithms(name));
    }
    await peer.nextOf(5);
    peer.send(msg(6, str("ssh-userauth")));
    await peer.nextOf(50);
    peer.send(success);
    const connection = await login;
    defer(() => connection.destroy());
    expect(seen).toEqual([["d"]]);
  });

  attack("after the login is ignored, and ends nothing", onePeer, async () => {
    const { peer, login } = begin();
    await peer.letIn();
    const connection = await login;
    flood(peer, [algorithms("x"), algorithms("y"), msg(80, str("anything@example.org"), bool(true))]);
    await peer.nextOf(82);
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
  attack.each(cases)("%s", onePeer, async (_name, message) => {
    const { peer, login, prompter } = begin();
    await peer.startLogin();
    await peer.nextOf(50);
    peer.send(failure("keyboard-interactive"));
    await peer.nextOf(50);
    peer.send(message);
    await violation(login);
    expect(prompter.asked).toEqual([]);
  });

  attack(
    "long prompts cost no more than their length",
    {
      size: 16_000,
      except: { questions: { most: 40, because: "a login without a server is asked 40 times" } },
    },
    async (size) => {
      const authenticator = setUp().start();
      await authenticator.next(undefined, false);
      const attempt = await authenticator.next(["keyboard-interactive"], false);
      for (let round = 0; round < 40; round++) {
        const prompt = `${" ".repeat(size)}'s password for ${"x ".repeat(size)}`;
        const request = { name: "", instructions: "", prompts: [{ prompt, echo: false }] };
        if (attempt?.method === "keyboard-interactive") {
          await attempt.answer(request, never());
        }
      }
    },
  );

  attack("server text contains no control sequences when shown", onePeer, async () => {
    const words: string[] = [];
    const { peer, login } = begin({}, { onServerWords: ({ text }) => words.push(text) });
    await peer.startLogin();
    await peer.nextOf(50);
    flood(peer, [
      banner("\u001b]0;owned\u0007To log in, visit https://example.org/x\r\n\u202egnp.exe\n"),
      success,
    ]);
    await login;
    expect(words).toEqual(["\\u{1b}]0;owned\\u{7}To log in, visit https://example.org/x\n\\u{202e}gnp.exe"]);
  });

  attack("LogLevel ERROR hides the banner, but not the text of a question", onePeer, async () => {
    const words: string[] = [];
    const { peer, login } = begin({ logLevel: "ERROR" }, { onServerWords: ({ text }) => words.push(text) });
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

describe("links in a server's questions", () => {
  attack("are printed in the waiting terminal; other questions are not", onePeer, async () => {
    const words: string[] = [];
    const { peer, login, prompter } = begin({}, { onServerWords: ({ text }) => words.push(text) });
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

describe("a missing reply is not a refusal", () => {
  const ends: readonly (readonly [string, (peer: HostilePeer) => void])[] = [
    ["the connection is closed", (peer) => peer.end()],
    ["the connection is reset", (peer) => peer.destroy()],
    ["the account is locked", (peer) => peer.send(msg(1, u32(2), str("account locked"), str("")))],
    ["the server stops", (peer) => peer.send(msg(1, u32(11), str("bye"), str("")))],
    ["the server breaks the rules", (peer) => peer.send(msg(79))],
  ];
  attack.each(ends)("a stored password is kept if %s while it is checked", onePeer, async (_name, end) => {
    const { peer, login, secrets } = begin();
    secrets.values.set(secret, "stored");
    await peer.startLogin();
    await peer.nextOf(50);
    peer.send(failure("password"));
    await peer.nextOf(50);
    end(peer);
    await expect(login).rejects.toThrow();
    expect([...secrets.values]).toEqual([[secret, "stored"]]);
  });

  attack(
    "it is deleted when the server refuses it explicitly, and nothing is sent after the login was cancelled",
    onePeer,
    async () => {
      const { peer, login, secrets } = begin();
      secrets.values.set(secret, "stored");
      await peer.startLogin();
      await peer.nextOf(50);
      peer.send(failure("password"));
      await peer.nextOf(50);
      peer.send(failure("password"));
      await expect(login).rejects.toMatchObject({ name: "CancelledError" });
      expect([...secrets.values]).toEqual([]);
      expect(peer.counts.get(50)).toBe(2);
    },
  );

  attack("a server that decides without waiting for the answer closes the question", onePeer, async () => {
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
    const login = engine.connect(request, never());
    await peer.startLogin();
    await peer.nextOf(50);
    flood(peer, [infoRequest("Code, or approve on your phone: "), success]);
    const connection = await login;
    defer(() => connection.destroy());
    expect(dismissed).toBe(true);
    expect(peer.counts.get(61)).toBeUndefined();
  });

  attack(
    "an unattended login ends after a period of silence, and one that receives data does not",
    onePeer,
    async () => {
      const silent = begin({}, { silenceLimit: 150 });
      await silent.peer.startLogin();
      await expect(silent.login).rejects.toMatchObject({ reason: "timed-out" });

      const slow = begin({}, { silenceLimit: 400 });
      await slow.peer.startLogin();
      await slow.peer.nextOf(50);
      for (let count = 0; count < 8; count++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        slow.peer.send(msg(2, str("still here")));
      }
      slow.peer.send(success);
      await slow.login;
    },
  );
});
