import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect } from "vitest";
import { createAuthenticator } from "../../src/auth/authenticator.ts";
import { KeyRing } from "../../src/auth/keys/keyRing.ts";
import { createKeyReader } from "../../src/engine/ssh2/keyReader.ts";
import { never } from "../engine/contract/channels.ts";
import { FakeAgent, FakePrompter, MemorySecrets } from "../support/authFakes.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { attack, defer, engine } from "./support/attackTest.ts";
import { hostileRequest } from "./support/hostileLogin.ts";
import { bool, msg, readString, str, u32 } from "./support/hostilePackets.ts";
import { hostilePair } from "./support/hostileServer.ts";

/** Strings that nothing else contains. */
const secrets = {
  passphrase: "Pf5-passphrase-Qx",
  wrongPassphrase: "Wv8-wrong-phrase-Zk",
  storedPassphrase: "Sn2-stored-phrase-Lm",
  password: "Rt7-password-Yh",
  storedPassword: "Kd3-stored-password-Bw",
  newPassword: "Gc9-new-password-Np",
  code: "Vj4-code-Ts",
};

const failure = (methods: string): Buffer => msg(51, str(methods), bool(false));

/** PK_OK in reply to a query about a key (RFC 4252 section 7). */
function keyQuery(request: Buffer): Buffer | undefined {
  const service = readString(request, readString(request, 1).next);
  const method = readString(request, service.next);
  if (method.value.toString() !== "publickey" || request[method.next] !== 0) {
    return undefined;
  }
  const algorithm = readString(request, method.next + 1);
  return msg(60, str(algorithm.value), str(readString(request, algorithm.next).value));
}

/** Logs in by all methods to a server that refuses each; returns everything that is kept or thrown. */
async function everySecretUsed(storeFails: boolean): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "secrets-"));
  defer(() => rmSync(folder, { recursive: true, force: true }));
  const key = join(folder, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-a", "1", "-N", secrets.passphrase, "-f", key]);
  const { peer, transport } = hostilePair();
  defer(() => peer.destroy());
  const config = testHostConfig({ identityFiles: [key], identitiesOnly: true });
  const request = hostileRequest({ transport }, { config });
  const { logger } = request;
  const prompter = new FakePrompter();
  prompter.passphrases = [
    { value: secrets.wrongPassphrase, remember: true },
    { value: secrets.passphrase, remember: true },
  ];
  prompter.passwords = Array(3).fill({ value: secrets.password, remember: true });
  prompter.rounds = [[secrets.code]];
  prompter.changes = Array(3).fill({
    oldPassword: secrets.password,
    newPassword: secrets.newPassword,
    remember: true,
  });
  const store = new MemorySecrets();
  store.values.set(`password:${config.user}@${config.hostName}:${config.port}`, secrets.storedPassword);
  store.values.set(`passphrase:${key}`, secrets.storedPassphrase);
  if (storeFails) {
    const fails = (): Promise<never> => Promise.reject(new Error("the keyring is locked"));
    Object.assign(store, { set: fails, delete: fails });
  }
  const reader = createKeyReader();
  const signal = never();
  const authenticator = createAuthenticator({
    ...{ config, prompter, reader, logger, signal },
    secrets: store,
    agent: new FakeAgent(),
    keyRing: new KeyRing(reader, store, logger),
    pause: (work) => work(),
    env: {},
  });
  const words: string[] = [];
  const login = engine.connect(
    { ...request, authenticator, onServerWords: ({ text }) => words.push(text) },
    signal,
  );
  login.catch(() => {});
  await peer.startLogin();
  let left = "publickey,keyboard-interactive,password";
  let attempts = 0;
  for (;;) {
    const message = await peer.nextOf(50);
    if (message === undefined) {
      break;
    }
    attempts++;
    const text = message.toString("latin1");
    const query = keyQuery(message);
    if (query !== undefined) {
      // It accepts the key: now the passphrase is requested.
      peer.send(query);
      continue;
    }
    if (text.includes("keyboard-interactive")) {
      peer.send(msg(60, str("Two"), str("factors"), str(""), u32(1), str("Code: "), bool(false)));
      await peer.nextOf(61);
      left = "password";
      peer.send(failure(left));
    } else if (text.includes(secrets.password) && attempts % 2 === 0) {
      peer.send(msg(60, str("Your password has expired"), str("")));
    } else {
      peer.send(failure(left));
    }
  }
  const error: unknown = await login.catch((thrown: unknown) => thrown);
  expect(prompter.asked.some((question) => question.startsWith("passphrase"))).toBe(true);
  expect(prompter.asked.some((question) => question.startsWith("password"))).toBe(true);
  expect(prompter.asked).toContain("Code: ");
  return [...logger.lines, ...words, inspect(error, { depth: 20, showHidden: true }), String(error)].join(
    "\n",
  );
}

attack.each<[string, boolean]>([
  ["a store that works", false],
  ["a store that fails", true],
])(
  "passwords, passphrases and answers are in no log, no error and no message: %s",
  {
    once: "each secret is used once, or as often as allowed",
    except: { questions: { most: 12, because: "each method asks as often as it may" } },
  },
  async (_, storeFails) => {
    const kept = await everySecretUsed(storeFails);
    expect(kept.length).toBeGreaterThan(100);
    for (const [name, secret] of Object.entries(secrets)) {
      expect(kept.includes(secret), name).toBe(false);
    }
  },
);
