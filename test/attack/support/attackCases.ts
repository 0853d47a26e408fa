/** Attacks at their full size, processed as in the extension. */
import { inTurns } from "../../../src/base/turns.ts";
import { probeSteps } from "../../../src/remote/parse/probeOutput.ts";
import { parseTimeouts } from "../../../src/remote/parse/timeoutOutput.ts";
import { timeoutBounds } from "../../../src/remote/readTimeouts.ts";
import { RemoteViewError } from "../../../src/remote/remoteErrors.ts";
import { sessionSteps } from "../../../src/remote/remoteModel.ts";
import { splitParts } from "../../../src/remote/remoteScript.ts";
import type { OurTimeouts } from "../../../src/remote/timeoutFacts.ts";
import type { HostRun } from "../../../src/session/run/fleetRun.ts";
import { runReportSteps } from "../../../src/text/runReport.ts";
import { timeoutDocument } from "../../../src/text/timeoutDocument.ts";

export interface AttackCase {
  readonly name: string;
  /** Resolves when the extension has processed the input. */
  readonly run: () => Promise<void>;
}

/** The most bytes of a probe's output. */
const probeBytes = 8 * 1024 * 1024;

function filled(line: string, bytes: number): string {
  return `${line}\n`.repeat(Math.floor(bytes / (line.length + 1)));
}

async function probe(part: string, line: string): Promise<void> {
  await probeOf(`B begin \nB ${part}\n${filled(line, probeBytes - 100)}\nB end `);
}

async function probeOf(text: string): Promise<void> {
  const facts = await inTurns(probeSteps(splitParts(text, "B")));
  try {
    await inTurns(
      sessionSteps(facts, { limits: { idleSeconds: 1, settlingSeconds: 0, unansweredRetransmits: 1 } }),
    );
  } catch (error) {
    // A refusal is a valid result, too.
    if (!(RemoteViewError.is(error) && error.reason === "too-much")) {
      throw error;
    }
  }
}

/** As many processes as fit, each with its own pid: Linux's two tables of them, and the output of `sshd`. */
function processes(args: (pid: number) => string): Promise<void> {
  const count = Math.floor(probeBytes / 175);
  const pids = Array.from({ length: count }, (_, index) => count + 1 - index);
  const listed = pids.map(
    (pid) => `${pid} ${pid - 1} ${pid} 0 root pts/0 S Thu Nov 21 02:38:00 2024 ${args(pid)}`,
  );
  const stats = pids.map(
    (pid) => `${pid} (sshd) S ${pid - 1} 1 1 34816 1 4194304 1 1 1 1 1 1 1 1 20 0 1 0 ${pid} 1 1 1`,
  );
  return probeOf(["B begin ", "B ps full", ...listed, "B procstat", ...stats, "B end "].join("\n"));
}

const none = { value: 0, source: "x" } as const;
const ourTimeouts: OurTimeouts = {
  host: "x",
  ...{ serverAliveInterval: none, serverAliveCountMax: none, idleLimit: none, timeLimit: none, linger: none },
  tcpKeepAlive: { value: true, source: "x" },
  probesIgnored: false,
  channelTimeouts: { value: [], source: "x" },
  serverVersion: undefined,
};

/** The work of Explain Timeouts with as many lines as it reads, after `before`, for a user with a long name. */
async function timeouts(line: string, before = ""): Promise<void> {
  const meta = `B meta\nuser ${"a".repeat(256)}\nshell /bin/bash`;
  const most = timeoutBounds.mostLines - 10;
  const lines = filled(line, timeoutBounds.maxOutputBytes).split("\n", most).join("\n");
  const text = `${meta}\nB file /x\n${before}\n${lines}\nB end `;
  const server = parseTimeouts(splitParts(text, "B", timeoutBounds.mostLines));
  timeoutDocument(server, ourTimeouts);
}

/** The document with the output of a command on two hosts, each of which fills both streams. */
async function report(shape: string): Promise<void> {
  const stream = Buffer.from(shape.repeat((4 * 1024 * 1024) / Buffer.byteLength(shape)));
  const runs = ["a", "b"].map((host): HostRun => {
    const outcome = { kind: "exited", code: 0 } as const;
    const execution = { outcome, stdout: stream, stderr: stream, truncated: false };
    return { kind: "done", host, milliseconds: 1, execution };
  });
  await inTurns(runReportSteps("x", runs, stream.length, () => ""));
}

export const attackCases: readonly AttackCase[] = [
  { name: "/proc/PID/stat, 8 MB of `) S`", run: () => probe("procstat", `1 (${") S ".repeat(1000)}`) },
  { name: "/proc/PID/stat, 8 MB of blanks", run: () => probe("procstat", `1 (a) S ${" ".repeat(4000)}`) },
  { name: "netstat, 8 MB of numbers", run: () => probe("netstat", `tcp ${"1 ".repeat(2000)}`) },
  { name: "ps, 8 MB of one process", run: () => probe("ps full", psRow) },
  { name: "8 MB of nested processes", run: () => processes(() => "sh") },
  { name: "8 MB of nested servers", run: () => processes((pid) => `sshd: root@pts/${pid}`) },
  { name: "8 MB of nested monitors", run: () => processes(() => "sshd: root [priv]") },
  {
    name: "ss, 8 MB of sockets",
    run: () => probe("ss", `ESTAB 0 0 1.1.1.1:22 2.2.2.2:5 users:(("a",pid=1,fd=1))`.padEnd(100)),
  },
  {
    name: "times of terminals, 8 MB",
    run: () => probe("tty", "/dev/pts/0 1732156680 1732156680".padEnd(85)),
  },
  {
    name: "environments, 8 MB",
    run: () => probe("environ", "/proc/1/environ SSH_CONNECTION=2.2.2.2 5 1.1.1.1 22".padEnd(85)),
  },
  {
    name: "loginctl, 8 MB of sessions",
    run: () =>
      probe(
        "loginctl",
        ["Id=1", "Name=a", "TTY=pts/1", ""].map((line) => line.padEnd(line === "" ? 0 : 115)).join("\n"),
      ),
  },
  {
    name: "who, 8 MB of logins",
    run: () => probe("who", "root pts/0 2024-11-21 02:38 00:10 1 (1.2.3.4)".padEnd(90)),
  },
  { name: "sshd_config, blanks", run: () => timeouts(`1:ClientAliveInterval${" ".repeat(4000)}!`) },
  { name: "sshd_config, Match patterns", run: () => timeouts(`1:Match User ${"*a".repeat(200)}b`) },
  { name: "sshd_config, lines that may apply", run: () => timeouts("1:x y", "1:Match Host x") },
  {
    name: "sshd_config, files that include each other",
    run: () => timeouts("B file /1\n1:Include /x\nB include /x"),
  },
  { name: "sshd_config, unreadable files", run: () => timeouts("B file /1\nB unreadable /1") },
  {
    name: "sshd -T, channel timeouts",
    run: () => timeouts(`channeltimeout ${"1 ".repeat(2000)}`, "B effective"),
  },
  { name: "sshd -T, channels", run: () => timeouts(`channeltimeout ${"a=1 ".repeat(1000)}`, "B effective") },
  { name: "TMOUT in startup files", run: () => timeouts("1:declare TMOUT=1", "B tmout /x") },
  {
    name: "a command's output on two hosts, 4 MB of invisible characters in each stream",
    run: () => report("\u2028"),
  },
  {
    name: "a command's output on two hosts, 4 MB of `ESC ] 7 ;` in each stream",
    run: () => report("\u001b]7;"),
  },
];

const psRow = "10 1 1 0 root pts/0 S Thu Nov 21 02:38:00 2024 sshd: root@pts/0".padEnd(100);
