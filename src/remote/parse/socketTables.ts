import { type Steps, stepsOver } from "../../base/turns.ts";
import type { RemoteSocket } from "../remoteFacts.ts";

/** The number of processes kept for one socket. */
const mostOwners = 64;

interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/**
 * `1.2.3.4:22`, `[::1]:22`, `::1:22` (netstat on Linux), `1.2.3.4.22` and `fe80::1%lo0.22` (netstat on the BSDs). An
 * IPv4 address mapped into IPv6 becomes the IPv4 address; a zone is dropped.
 */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^\[?(.+?)\]?[:.](\d+)$/.exec(text);
  return match === null ? undefined : { address: plainAddress(match[1] ?? ""), port: Number(match[2]) };
}

/** A form in which the notations of different tools compare equal. */
export function plainAddress(text: string): string {
  return text
    .toLowerCase()
    .replace(/%.*$/s, "")
    .replace(/^::ffff:(?=\d+\.)/, "");
}

/** Names of states, as `ss` writes them. */
const netstatStates: Readonly<Record<string, string>> = {
  ESTABLISHED: "ESTAB",
  CLOSE_WAIT: "CLOSE-WAIT",
  LAST_ACK: "LAST-ACK",
  CLOSING: "CLOSING",
  CLOSED: "CLOSED",
  FIN_WAIT1: "FIN-WAIT-1",
  FIN_WAIT2: "FIN-WAIT-2",
  FIN_WAIT_1: "FIN-WAIT-1",
  FIN_WAIT_2: "FIN-WAIT-2",
  TIME_WAIT: "TIME-WAIT",
  SYN_RECV: "SYN-RECV",
  SYN_RCVD: "SYN-RECV",
  SYN_RECEIVED: "SYN-RECV",
  SYN_SENT: "SYN-SENT",
};

function socket(
  local: string | undefined,
  peer: string | undefined,
  rest: Pick<RemoteSocket, "state" | "pids" | "retransmits">,
): RemoteSocket[] {
  const from = parseEndpoint(local ?? "");
  const to = parseEndpoint(peer ?? "");
  return from === undefined || to === undefined
    ? []
    : [
        {
          localAddress: from.address,
          localPort: from.port,
          peerAddress: to.address,
          peerPort: to.port,
          ...rest,
        },
      ];
}

/** `ss -tnpo`: State Recv-Q Send-Q Local Peer, then users:(("sshd",pid=1,fd=4)) and timer:(on,1.2sec,5) in any order. */
export function parseSs(lines: readonly string[]): RemoteSocket[] {
  return lines.flatMap((line) => {
    const [state, receiveQueue, , local, peer] = line.trim().split(/\s+/);
    if (state === undefined || !/^\d+$/.test(receiveQueue ?? "")) {
      return [];
    }
    const timer = /timer:\((\w+),[^,]*,(\d+)\)/.exec(line);
    return socket(local, peer, {
      state,
      pids: [...line.matchAll(/pid=(\d+)/g)].slice(0, mostOwners).map((match) => Number(match[1])),
      retransmits: timer === null ? 0 : timer[1] === "on" ? Number(timer[2]) : 0,
    });
  });
}

/**
 * `netstat -tnpo` (net-tools: with timer), `netstat -tn` (busybox), `netstat -an -p tcp` (the BSDs and macOS): all
 * have Proto Recv-Q Send-Q Local Foreign State.
 */
export function parseNetstat(lines: readonly string[]): RemoteSocket[] {
  return lines.flatMap((line) => {
    const [proto, , , local, peer, word] = line.trim().split(/\s+/);
    const state = word === undefined ? undefined : netstatStates[word];
    if (proto === undefined || !/^tcp/.test(proto) || state === undefined) {
      return [];
    }
    const timer = /\b(on|keepalive|off|timewait|probe) \([\d.]+\/(\d+)\/\d+\)/.exec(line);
    const owner = /\s(\d+)\/\S/.exec(line);
    return socket(local, peer, {
      state,
      pids: owner === null ? [] : [Number(owner[1])],
      retransmits: timer === null ? undefined : timer[1] === "on" ? Number(timer[2]) : 0,
    });
  });
}

/** FreeBSD's `sockstat -c`: USER COMMAND PID FD PROTO LOCAL FOREIGN. */
export function parseSockstat(lines: readonly string[]): RemoteSocket[] {
  return lines.flatMap((line) => {
    const match = /\s(\d+)\s+\d+\s+tcp\S*\s+(\S+)\s+(\S+)/.exec(line);
    return match === null
      ? []
      : socket(match[2], match[3], { state: undefined, pids: [Number(match[1])], retransmits: undefined });
  });
}

/** OpenBSD's `fstat`: USER CMD PID FD* internet stream tcp 0xADDR LOCAL <-- PEER. */
export function parseFstat(lines: readonly string[]): RemoteSocket[] {
  return lines.flatMap((line) => {
    const match = /^\S+\s+\S+\s+(\d+)\s+\S+ internet6? stream tcp \S+ (\S+) (?:<--|-->) (\S+)/.exec(line);
    return match === null
      ? []
      : socket(match[2], match[3], { state: undefined, pids: [Number(match[1])], retransmits: undefined });
  });
}

/** Merges the rows of several tools into one per connection. */
export function* mergeSockets(rows: readonly RemoteSocket[]): Steps<RemoteSocket[]> {
  const merged = new Map<string, RemoteSocket>();
  yield* stepsOver(rows, 500, (row) => {
    const key = `${row.localAddress} ${row.localPort} ${row.peerAddress} ${row.peerPort}`;
    const before = merged.get(key);
    if (before === undefined) {
      merged.set(key, row);
      return;
    }
    merged.set(key, {
      ...before,
      state: before.state ?? row.state,
      // An sshd, its monitor and processes that inherited the socket; a longer list would be copied for each row.
      pids: [...new Set([...before.pids, ...row.pids])].slice(0, mostOwners),
      retransmits: before.retransmits ?? row.retransmits,
    });
  });
  return [...merged.values()];
}
