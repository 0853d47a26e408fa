import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { AuthPrompter } from "../../src/auth/authPorts.ts";
import type { LoginNews } from "../../src/master/masterTypes.ts";
import type { HostKeyPrompter } from "../../src/trust/hostKeyPorts.ts";
import { msg, str, u32 } from "../attack/support/hostilePackets.ts";
import {
  type HostileListener,
  type HostileOptions,
  type HostilePeer,
  listenHostile,
} from "../attack/support/hostileServer.ts";
import { noPrompts, type TestStack, testStack } from "../support/testStack.ts";

/** A whole login through the stack, to a slow server. */
const listeners: HostileListener[] = [];
const stacks: TestStack[] = [];
const files: string[] = [];

afterEach(async () => {
  for (const stack of stacks.splice(0)) {
    await stack[Symbol.asyncDispose]();
  }
  for (const listener of listeners.splice(0)) {
    listener.close();
  }
  await Promise.all(files.splice(0).map((file) => rm(file, { recursive: true })));
});

function deferred<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve: (value) => resolve(value) };
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

async function setUp(
  serve: (peer: HostilePeer) => Promise<void>,
  lines: (port: number) => readonly string[],
  prompts: Partial<AuthPrompter & HostKeyPrompter> = {},
  options: HostileOptions = {},
  hostKeyLines = ["StrictHostKeyChecking no", "UserKnownHostsFile /dev/null"],
): Promise<{ readonly stack: TestStack; readonly news: LoginNews[]; connect(): Promise<string> }> {
  const listener = await listenHostile(serve, options);
  listeners.push(listener);
  const { port } = listener;
  const configFile = join(tmpdir(), `login-waiting-${process.pid}-${port}`);
  files.push(configFile);
  await writeFile(
    configFile,
    [
      "Host slow",
      "  HostName 127.0.0.1",
      `  Port ${port}`,
      ...hostKeyLines.map((line) => `  ${line}`),
      "  IdentityAgent none",
      "  IdentityFile none",
      ...lines(port).map((line) => `  ${line}`),
      "",
    ].join("\n"),
  );
  const stack = await testStack(configFile, {
    authPrompter: { ...noPrompts, ...prompts },
    hostKeyPrompter: { ...noPrompts, ...prompts },
  });
  stacks.push(stack);
  const news: LoginNews[] = [];
  return {
    stack,
    news,
    connect: () => stack.service.connect("slow", undefined, (each) => news.push(each)),
  };
}

test("ConnectTimeout ends with the key exchange: a server may take longer to check a password", async () => {
  const { connect, news } = await setUp(
    async (peer) => {
      await peer.startLogin();
      await peer.nextOf(50);
      peer.send(msg(53, str("To authenticate, visit https://example.org/device\n"), str("")));
      peer.send(msg(51, str("password"), Buffer.of(0)));
      await peer.nextOf(50);
      await pause(2_500);
      peer.send(msg(52));
    },
    () => ["ConnectTimeout 1"],
    { password: async () => ({ value: "x", remember: false }) },
  );
  await connect();
  expect(news).toContainEqual({
    kind: "words",
    alias: "slow",
    words: { source: "banner", text: "To authenticate, visit https://example.org/device" },
  });
  expect(news).toContainEqual({ kind: "wait", alias: "slow", wait: { on: "server", judging: "password" } });
});

test("while the user is asked, also again after a refusal, the login waits for the user, not for the server", async () => {
  const waits: unknown[] = [];
  const set = await setUp(
    async (peer) => {
      await peer.startLogin();
      for (const _ of ["none", "wrong"]) {
        await peer.nextOf(50);
        peer.send(msg(51, str("password"), Buffer.of(0)));
      }
      await peer.nextOf(50);
      peer.send(msg(52));
    },
    () => [],
    {
      password: async (_target, attempt) => {
        const last = set.news.filter(({ kind }) => kind === "wait").at(-1);
        waits.push(last?.kind === "wait" ? last.wait : "none yet");
        return { value: attempt === 1 ? "wrong" : "right", remember: false };
      },
    },
  );
  await set.connect();
  expect(waits).toEqual([{ on: "person" }, { on: "person" }]);
});

test("a host key that is accepted after the server has ended the login is saved, and the connection is made", async () => {
  const folder = await mkdtemp(join(tmpdir(), "login-waiting-keys-"));
  files.push(folder);
  const knownHosts = join(folder, "known_hosts");
  const asked = deferred<void>();
  const answer = deferred<boolean>();
  const left = deferred<void>();
  let logins = 0;
  let questions = 0;
  const { connect } = await setUp(
    async (peer) => {
      if (++logins > 1) {
        await peer.letIn();
        return;
      }
      const starting = peer.startLogin();
      starting.catch(() => {});
      await asked.promise;
      peer.end();
      await peer.gone;
      left.resolve();
    },
    () => [],
    {
      confirmUnknown: async () => {
        questions++;
        asked.resolve();
        return await answer.promise;
      },
    },
    { hostKey: generateKeyPairSync("ed25519").privateKey },
    ["StrictHostKeyChecking ask", `UserKnownHostsFile ${knownHosts}`],
  );
  const connecting = connect();
  await left.promise;
  answer.resolve(true);
  await connecting;
  expect([logins, questions]).toEqual([2, 1]);
  expect(await readFile(knownHosts, "utf8")).toMatch(/^\[127\.0\.0\.1\]:\d+ ssh-/);
});

test("a server that ends the login while a password is asked for is the reported cause", async () => {
  const asked = deferred<void>();
  const { connect } = await setUp(
    async (peer) => {
      await peer.startLogin();
      await peer.nextOf(50);
      peer.send(msg(51, str("password"), Buffer.of(0)));
      await asked.promise;
      peer.end();
    },
    () => [],
    {
      password: async (_target, _attempt, signal) => {
        asked.resolve();
        return await new Promise((resolve) => {
          signal.addEventListener("abort", () => resolve(undefined), { once: true });
        });
      },
    },
  );
  await expect(connect()).rejects.toMatchObject({ reason: "closed-while-asking" });
});

test("a ProxyCommand that exits with success but without a connection is the reported cause, with its last output", async () => {
  const { connect } = await setUp(
    (peer) => peer.letIn(),
    () => [`ProxyCommand sh -c 'printf "session "; printf "expired\\n"; exit 0' >&2`],
  );
  await expect(connect()).rejects.toMatchObject({
    reason: "proxy-failed",
    message: expect.stringContaining("without a connection"),
    serverText: "session expired",
  });
});

test("ConnectTimeout still ends a key exchange that does not complete", async () => {
  const { connect } = await setUp(
    async (peer) => peer.sendVersion(),
    () => ["ConnectTimeout 1"],
    {},
    { exchanges: false },
  );
  await expect(connect()).rejects.toMatchObject({ reason: "timed-out" });
});

test("the output of a ProxyCommand is shown to the user, and the login continues", async () => {
  const { connect, news } = await setUp(
    (peer) => peer.letIn(),
    (port) => [
      `ProxyCommand sh -c 'echo "waking \\033[31mthe codespace" >&2; exec ${process.execPath} -e "const s=require(String.fromCharCode(110,101,116)).connect(${port},String.fromCharCode(49,50,55,46,48,46,48,46,49));process.stdin.pipe(s).pipe(process.stdout)"'`,
    ],
  );
  await connect();
  const words = news.flatMap((each) => (each.kind === "words" ? [each.words] : []));
  expect(words).toHaveLength(1);
  expect(words[0]).toMatchObject({ source: "proxy" });
  expect(words[0]?.text).toMatch(/^waking .*the codespace$/);
  expect(words[0]?.text).not.toContain("\u001b");
});

test("the output of a ProxyCommand that fails is shown to the user as well", async () => {
  const { connect, news } = await setUp(
    (peer) => peer.letIn(),
    () => [`ProxyCommand sh -c 'echo "error: codespace not found" >&2; exit 3'`],
  );
  await expect(connect()).rejects.toMatchObject({
    reason: "proxy-failed",
    message: expect.stringContaining("3"),
  });
  expect(news).toContainEqual({
    kind: "words",
    alias: "slow",
    words: { source: "proxy", text: "error: codespace not found" },
  });
});

test("a session shows the messages of its jump host's login", async () => {
  const { stack, news } = await setUp(
    async (peer) => {
      await peer.startLogin();
      await peer.nextOf(50);
      peer.send(msg(51, str("keyboard-interactive"), Buffer.of(0)));
      await peer.nextOf(50);
      peer.send(msg(60, str(""), str("Approve on your phone"), str(""), u32(0)));
      await peer.nextOf(61);
      await pause(100);
      peer.send(msg(1, u32(2), str("No approval"), str("")));
    },
    () => ["", "Host behind", "  HostName 127.0.0.1", "  ProxyJump slow"],
  );
  const opening = stack.service.open({
    host: "behind",
    kind: "terminal",
    request: { type: "shell" },
    onLogin: (each) => news.push(each),
  });
  await expect(opening).rejects.toThrow();
  const words = news.flatMap((each) => (each.kind === "words" ? [`${each.alias}: ${each.words.text}`] : []));
  expect(words).toEqual(["slow: Approve on your phone", "slow: No approval"]);
});
