import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "vitest";
import type { ServerWords } from "../../src/engine/connectionEngine.ts";
import type { LoginNews } from "../../src/master/masterTypes.ts";
import { failureClass } from "../../src/reconnect/failureClass.ts";
import { userMessage } from "../../src/text/userMessages.ts";
import { bool, msg, readString, str, u32 } from "../attack/support/hostilePackets.ts";
import { type HostilePeer, listenHostile } from "../attack/support/hostileServer.ts";
import { MemorySecrets } from "../support/authFakes.ts";
import { healthStack } from "../support/healthStack.ts";
import { deviceConfig } from "../support/hostConfigs.ts";
import { LiveTab } from "../support/liveTab.ts";
import { noPrompts } from "../support/testStack.ts";

function config(port: number): string {
  return deviceConfig(port, "IdentityAgent none", "IdentityFile none");
}

/** The output of OpenSSH's `ssh`. */
async function saysSsh(port: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-words-"));
  const file = join(folder, "config");
  await writeFile(file, config(port));
  const ssh = spawn("ssh", ["-F", file, "-N", "lab"], { stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  ssh.stderr.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  await once(ssh, "close");
  await rm(folder, { recursive: true });
  return text;
}

/** `none` is refused, so that only that method is left. */
async function asksFor(peer: HostilePeer, method: string): Promise<void> {
  await peer.startLogin();
  await peer.nextOf(50);
  peer.send(msg(51, str(method), bool(false)));
}

async function login(
  serve: (peer: HostilePeer) => Promise<void>,
): Promise<{ readonly error: unknown; readonly words: readonly ServerWords[]; readonly ssh: string }> {
  const hostile = await listenHostile(serve);
  const secrets = new MemorySecrets();
  secrets.values.set(`password:device@127.0.0.1:${hostile.port}`, "right");
  const stack = await healthStack(config(hostile.port), undefined, { secrets, authPrompter: noPrompts });
  const news: LoginNews[] = [];
  try {
    const error = await stack.service
      .connect("lab", undefined, (each) => news.push(each))
      .catch((thrown: unknown) => thrown);
    return {
      error,
      words: news.flatMap((each) => (each.kind === "words" ? [each.words] : [])),
      ssh: await saysSsh(hostile.port),
    };
  } finally {
    await stack[Symbol.asyncDispose]();
    hostile.close();
  }
}

describe.concurrent("a server's messages", () => {
  test("are readable in ISO-8859-1 with lines that end with CR, where ssh shows octal numbers", async ({
    expect,
  }) => {
    const { words, ssh } = await login(async (peer) => {
      await peer.startLogin();
      await peer.nextOf(50);
      peer.send(msg(53, str(Buffer.from("Zugang nur für Befugte\rAccès surveillé", "latin1")), str("")));
      peer.send(msg(1, u32(2), str(Buffer.from("Gesperrt für heute", "latin1")), str("")));
    });
    expect(words).toEqual([
      { source: "banner", text: "Zugang nur für Befugte\nAccès surveillé" },
      { source: "disconnect", text: "Gesperrt für heute" },
    ]);
    expect(ssh).toContain("f\\374r Befugte");
  });

  test("are all shown after a legal notice of 150 lines: the instructions, and the reason of the failure", async ({
    expect,
  }) => {
    const { words, ssh } = await login(async (peer) => {
      await peer.startLogin();
      await peer.nextOf(50);
      peer.send(
        msg(53, str(`${"Unauthorised use of this system is prohibited. ".repeat(4)}\n`.repeat(150)), str("")),
      );
      peer.send(msg(51, str("keyboard-interactive"), bool(false)));
      await peer.nextOf(50);
      peer.send(msg(60, str(""), str("Approve on your phone"), str(""), u32(0)));
      await peer.nextOf(61);
      peer.send(msg(1, u32(2), str("No approval came"), str("")));
    });
    expect(words.filter(({ source }) => source !== "banner").map(({ text }) => text)).toEqual([
      "Approve on your phone",
      "No approval came",
    ]);
    expect(ssh).toMatch(/Approve on your phone[\s\S]*No approval came/);
  });

  test("contain the whole address of a login page, however long it is", async ({ expect }) => {
    const address = `https://login.example.org/device?code=${"a1".repeat(800)}&end`;
    const hostile = await listenHostile(async (peer) => {
      await asksFor(peer, "keyboard-interactive");
      await peer.nextOf(50);
      peer.send(msg(60, str(""), str(`Visit ${address}`), str(""), u32(0)));
      await peer.nextOf(61);
    });
    const stack = await healthStack(config(hostile.port), undefined);
    try {
      const tab = new LiveTab(stack);
      await tab.waitFor(/&end$/m);
      expect((await tab.text()).replaceAll("\n", "")).toContain(address);
      tab.controller.dispose();
    } finally {
      await stack[Symbol.asyncDispose]();
      hostile.close();
    }
  });

  test("at the end of a connection are shown in the tab that it ends, as in ssh", async ({ expect }) => {
    const hostile = await listenHostile(async (peer) => {
      await peer.letIn();
      for (let message = await peer.next(); message !== undefined; message = await peer.next()) {
        if (message[0] === 90) {
          const sender = message.readUInt32BE(readString(message, 1).next);
          peer.send(msg(91, u32(sender), u32(sender), u32(1_000_000), u32(32_768)));
        } else if (message[0] === 98 && readString(message, 5).value.toString() === "shell") {
          peer.send(msg(99, message.subarray(1, 5)));
          peer.send(msg(94, message.subarray(1, 5), str("welcome")));
        } else if (message[0] === 94) {
          peer.send(msg(1, u32(11), str("Back\u001b[31m at noon"), str("")));
        }
      }
    });
    const stack = await healthStack(config(hostile.port), undefined);
    try {
      const tab = new LiveTab(stack);
      await tab.waitFor(/welcome/);
      tab.type("x");
      const said = /lost: the server closed the connection: "Back\\u\{1b\}\[31m at noon"/;
      expect((await tab.waitFor(said)).length).toBe(1);
      tab.controller.dispose();
    } finally {
      await stack[Symbol.asyncDispose]();
      hostile.close();
    }
  });

  test("are part of the error when the connection ends instead of opening a session", async ({ expect }) => {
    const hostile = await listenHostile(async (peer) => {
      await peer.letIn();
      await peer.nextOf(90);
      peer.send(msg(1, u32(11), str("All lines are busy"), str("")));
    });
    const stack = await healthStack(config(hostile.port), undefined);
    try {
      const opening = stack.service.open({ host: "lab", kind: "command", request: { type: "shell" } });
      const error = await opening.catch((thrown: unknown) => thrown);
      expect(error instanceof Error && userMessage(error, "lab", "")?.text).toContain(
        "It says: All lines are busy",
      );
    } finally {
      await stack[Symbol.asyncDispose]();
      hostile.close();
    }
  });
});

describe.concurrent("a server that disconnects in the middle of a login, after it refused a key or received a password", () => {
  // RFC 4253 section 11.1.
  test.for([
    ["SERVICE_NOT_AVAILABLE", 7, "transient"],
    ["CONNECTION_LOST", 10, "transient"],
    ["TOO_MANY_CONNECTIONS", 12, "transient"],
    ["PROTOCOL_ERROR (too many failures in sshd)", 2, "needs-person"],
    ["NO_MORE_AUTH_METHODS_AVAILABLE", 14, "needs-person"],
  ] as const)("with %s (%i): %s", async ([, code, expected], { expect }) => {
    const { error, words } = await login(async (peer) => {
      await asksFor(peer, "password");
      await peer.nextOf(50);
      peer.send(msg(1, u32(code), str("not now"), str("")));
    });
    expect(failureClass(error)).toBe(expected);
    expect(words).toEqual([{ source: "disconnect", text: "not now" }]);
  });
});
