/** Attacks at their full size, for `npm run bench -- attack`. Each does its work the way the extension does it. */
import { inTurns } from "../../../src/base/turns.ts";
import { probeSteps } from "../../../src/remote/parse/probeOutput.ts";
import { parseTimeouts } from "../../../src/remote/parse/timeoutOutput.ts";
import { sessionSteps } from "../../../src/remote/remoteModel.ts";
import { splitParts } from "../../../src/remote/remoteScript.ts";
import { plainOutput } from "../../../src/session/run/plainOutput.ts";

export interface AttackCase {
  readonly name: string;
  /** Done when the extension is done with the input. */
  readonly run: () => Promise<void>;
}

/** Bytes that a probe may print at most. */
const probeBytes = 8 * 1024 * 1024;
const timeoutBytes = 1024 * 1024;

function filled(line: string, bytes: number): string {
  return `${line}\n`.repeat(Math.floor(bytes / (line.length + 1)));
}

async function probe(part: string, line: string): Promise<void> {
  const parts = splitParts(`B begin \nB ${part}\n${filled(line, probeBytes - 100)}\nB end `, "B");
  const facts = await inTurns(probeSteps(parts));
  await inTurns(
    sessionSteps(facts, { limits: { idleSeconds: 1, settlingSeconds: 0, unansweredRetransmits: 1 } }),
  );
}

export const attackCases: readonly AttackCase[] = [
  { name: "/proc/PID/stat, 8 MB of `) S`", run: () => probe("procstat", `1 (${") S ".repeat(1000)}`) },
  { name: "/proc/PID/stat, 8 MB of blanks", run: () => probe("procstat", `1 (a) S ${" ".repeat(4000)}`) },
  { name: "netstat, 8 MB of numbers", run: () => probe("netstat", `tcp ${"1 ".repeat(2000)}`) },
  { name: "ps, 8 MB of processes", run: () => probe("ps full", psRow) },
  {
    name: "who, 8 MB of logins",
    run: () => probe("who", "root pts/0 2024-11-21 02:38 00:10 1 (1.2.3.4)".padEnd(90)),
  },
  {
    name: "sshd_config, 1 MB of blanks",
    run: async () => {
      const lines = filled(`1:ClientAliveInterval${" ".repeat(4000)}!`, timeoutBytes);
      parseTimeouts(splitParts(`B file /x\n${lines}\nB end `, "B"));
    },
  },
  {
    name: "sshd_config, 1 MB of Match patterns",
    run: async () => {
      const lines = filled(`1:Match User ${"*a".repeat(200)}b`, timeoutBytes);
      parseTimeouts(splitParts(`B meta\nuser ${"a".repeat(256)}\nB file /x\n${lines}\nB end `, "B"));
    },
  },
  {
    name: "a command's output, 4 MB of `ESC ] 7 ;`",
    run: async () => {
      plainOutput(Buffer.from("\u001b]7;".repeat(1024 * 1024)));
    },
  },
];

const psRow = "10 1 1 0 root pts/0 S Thu Nov 21 02:38:00 2024 sshd: root@pts/0".padEnd(100);
