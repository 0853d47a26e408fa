import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { EnvironmentVariableCollection } from "vscode";
import type { ProgramSharing } from "../../../../src/share/programSharing.ts";
import type { PassingMessage, PassingMessages } from "../../../../src/vscode/messages/passingMessage.ts";
import { TerminalSharing } from "../../../../src/vscode/terminals/terminalSharing.ts";
import { terminalsAreHere } from "../../../../src/vscode/terminals/terminalsAreHere.ts";
import { RecordingLogger } from "../../../support/recordingLogger.ts";

const { env, window, workspace, shown, written } = vi.hoisted(() => {
  const questions: string[] = [];
  const settings: unknown[] = [];
  return {
    shown: questions,
    written: settings,
    workspace: {
      getConfiguration: () => ({
        update: async (...args: unknown[]) => void settings.push(args.slice(0, 2)),
      }),
    },
    env: { remoteName: undefined as string | undefined },
    window: {
      terminals: [{ creationOptions: {} }],
      onDidOpenTerminal: () => ({ dispose: () => {} }),
    },
  };
});

vi.mock("vscode", () => ({
  env,
  window,
  ExtensionKind: { UI: 1, Workspace: 2 },
  ConfigurationTarget: { Global: 1 },
  workspace,
}));

let storage: string;

beforeEach(async () => {
  storage = await mkdtemp(join(tmpdir(), "ssh-sessions-storage-"));
  shown.length = 0;
  written.length = 0;
});

afterEach(async () => await rm(storage, { recursive: true, force: true }));

function signal(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}

const none = { dispose: () => {} };

/** What a window does to the environment of its terminals. */
async function windowWith(
  value: "ask" | "on" | "off",
  here: boolean,
  answer: (message: PassingMessage, settings: { sharesWithPrograms: string }) => string | undefined = () =>
    undefined,
) {
  const settings = { sharesWithPrograms: value as string, configFile: "", onDidChange: () => none };
  const set = new Map<string, string>();
  const put = (name: string, text: string): void => void set.set(name, text);
  const cleared = signal();
  const environment = {
    ...{ replace: put, prepend: put, delete: (name: string) => void set.delete(name) },
    clear: () => {
      set.clear();
      cleared.resolve();
    },
  };
  const turnedOn = signal();
  const programs = {
    turnOff: async () => {},
    turnOn: async () => {
      turnedOn.resolve();
      return { SSH_SESSIONS_SOCKETS: "/sockets" };
    },
  };
  let changed: () => void = () => {};
  const sharing = new TerminalSharing({
    programs: programs as unknown as ProgramSharing,
    service: {
      masters: () => [{ state: { kind: "ready" } }],
      onDidChange: (listener: () => void) => {
        changed = listener;
        return none;
      },
    } as never,
    settings: settings as never,
    logger: new RecordingLogger(),
    messages: {
      show: async (message: PassingMessage) => {
        shown.push(message.text);
        return answer(message, settings);
      },
    } as unknown as PassingMessages,
    environment: environment as unknown as EnvironmentVariableCollection,
    ...{ storage, terminalsAreHere: here },
  });
  await (value === "on" && here ? turnedOn : cleared).promise;
  await vi.waitFor(() => expect(set.size > 0).toBe(value === "on" && here));
  // A connection is ready.
  changed();
  await new Promise((resolve) => setImmediate(resolve));
  sharing.dispose();
  return { set, files: await readdir(storage) };
}

test("terminals of this computer get the wrapper first in PATH when sharing is on", async () => {
  const { set, files } = await windowWith("on", true);
  expect(Object.fromEntries(set)).toEqual({
    PATH: `${join(storage, "bin")}:`,
    SSH_SESSIONS_SOCKETS: "/sockets",
  });
  expect([files, shown]).toEqual([["bin"], []]);
});

test.each(["on", "ask", "off"] as const)(
  "where terminals run on another computer, nothing is set and nothing asked: %s",
  async (value) => {
    const { set, files } = await windowWith(value, false);
    expect([set.size, files, shown]).toEqual([0, [], []]);
  },
);

test("with a connection and a terminal here, it is asked once, and nothing is set before the answer", async () => {
  const { set, files } = await windowWith("ask", true);
  expect([set.size, files, shown.length]).toEqual([0, [], 1]);
});

test.each([
  ["Use the Connections", "on"],
  ["Never", "off"],
])("the answer %s is written", async (chosen, value) => {
  await windowWith("ask", true, ({ isTrue }) => (isTrue() ? chosen : undefined));
  expect(written).toEqual([["sharing.programs", value]]);
});

test("when another window has answered, the question is over, and a late answer changes nothing", async () => {
  const wasTrue: boolean[] = [];
  await windowWith("ask", true, ({ isTrue }, settings) => {
    wasTrue.push(isTrue());
    settings.sharesWithPrograms = "on";
    wasTrue.push(isTrue());
    return "Never";
  });
  expect([wasTrue, written]).toEqual([[true, false], []]);
});

test.each([
  ["a local window", undefined, 1, "linux", true],
  ["a remote window, with the extension on this computer", "ssh-remote", 1, "linux", false],
  ["a remote window, with the extension on the other computer", "ssh-remote", 2, "linux", true],
  ["Windows", undefined, 1, "win32", false],
] as const)("the terminals run where the extension does: %s", (_, remoteName, kind, platform, here) => {
  env.remoteName = remoteName;
  expect(terminalsAreHere(kind, platform)).toBe(here);
});
