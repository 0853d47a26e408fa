import { printable } from "../base/log.ts";
import type { ChannelTimeout } from "../config/channelTimeouts.ts";
import { describeDuration } from "./remoteWords.ts";
import type { Known, OurTimeouts, ServerTimeouts } from "./timeoutFacts.ts";
import {
  type Ender,
  type Prediction,
  predictEnds,
  type Situation,
  situations,
} from "./timeoutPredictions.ts";

const situationTitles: Readonly<Record<Situation, string>> = {
  "idle-terminal": "An idle terminal at its prompt",
  "idle-command": "A silent command without a terminal",
  "no-session": "A connection without a session",
  "client-gone": "Our machine sleeps or loses its network",
  "server-gone": "The server goes silent",
};

const enders: Readonly<Record<Ender, string>> = {
  shell: "The login shell",
  server: "sshd",
  "server-kernel": "The server's kernel",
  logind: "systemd-logind",
  us: "SSH Sessions",
};

const ended: Readonly<Record<Prediction["ends"], string>> = {
  shell: "itself, and with it the session",
  session: "the session",
  connection: "the whole connection",
};

/** Markdown that says who ends what, when, why, and what prevents it. A function of its arguments alone. */
export function timeoutDocument(server: ServerTimeouts, ours: OurTimeouts): string {
  const predictions = predictEnds(server, ours);
  const sections = [
    `# Who ends an idle session on ${code(ours.host)}`,
    basisText(server),
    ...situations.map((situation) =>
      situationText(
        situation,
        predictions.filter((prediction) => prediction.situation === situation),
        server,
        ours,
      ),
    ),
    betweenText(server, ours),
    table("## What the server says", ["Setting", "Value", "From"], serverRows(server)),
    table("## What we do", ["Setting", "Value", "From"], ourRows(ours)),
    doubtsText(server),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function basisText(server: ServerTimeouts): string {
  const who = `Read as ${code(server.user)}${server.sudo === "used" ? " with `sudo -n`" : ""}`;
  if (server.server === "dropbear") {
    return `${who}. The server is Dropbear: its limits stand in its command line.`;
  }
  switch (server.basis) {
    case "effective":
      return `${who}. sshd itself told its values for this login (\`sshd -T\`).`;
    case "files":
      return `${who}. sshd does not tell its values to this user: they are read from its configuration files.`;
    case "none":
      return `${who}. sshd's configuration can't be read by this user: OpenSSH's defaults are assumed.`;
  }
}

function situationText(
  situation: Situation,
  predictions: readonly Prediction[],
  server: ServerTimeouts,
  ours: OurTimeouts,
): string {
  const heading = `## ${situationTitles[situation]}`;
  const [first, ...later] = predictions;
  if (first === undefined) {
    return `${heading}\n\n${nobodyText(situation, server, ours)}`;
  }
  const lines = [
    `**${enders[first.by]} ends ${ended[first.ends]} after ${describeDuration(first.afterSeconds)}${first.uncertain ? ", if that line is reached" : ""}.**`,
    "",
    `- Because of: ${code(first.setting)} (${code(first.source)})`,
    `- What prevents it: ${first.prevention}`,
    ...later.map(
      (other) =>
        `- Otherwise ${enders[other.by]} would after ${describeDuration(other.afterSeconds)}: ${code(other.setting)} (${code(other.source)})`,
    ),
    ...(situation === "client-gone" ? [pendingData] : []),
  ];
  return `${heading}\n\n${lines.join("\n")}`;
}

const pendingData =
  "- Sooner or later, whatever is set: output that the server can't deliver ends the connection after about 15 minutes (Linux: `tcp_retries2`)";

function nobodyText(situation: Situation, server: ServerTimeouts, ours: OurTimeouts): string {
  switch (situation) {
    case "idle-terminal":
    case "idle-command":
      return `**Nobody ends it.** No setting that we can read limits how long it may stay idle.${aliveText(server)}`;
    case "no-session":
      return "**Nobody ends it.** It stays until it is disconnected.";
    case "client-gone":
      return [
        "**Nobody ends it while nothing is sent.** The session stays on the server as a hung one.",
        "",
        "- What would end it: `ClientAliveInterval` greater than 0 on the server",
        pendingData,
      ].join("\n");
    case "server-gone":
      return ours.probesIgnored
        ? "**We don't.** This server never answers probes, so its silence proves nothing."
        : "**We don't notice.** Probing is switched off: set `ServerAliveInterval`.";
  }
}

function aliveText(server: ServerTimeouts): string {
  return server.clientAliveInterval.value > 0
    ? " sshd's probes (`ClientAliveInterval`) are answered as long as we are there."
    : "";
}

/** Firewalls and address translation between: nobody can read their limits, but the heartbeat answers them all. */
function betweenText(server: ServerTimeouts, ours: OurTimeouts): string {
  const heartbeat = ours.probesIgnored ? 0 : ours.serverAliveInterval.value;
  const theirs = server.clientAliveInterval.value;
  const speaks = [heartbeat, theirs].filter((seconds) => seconds > 0);
  const own =
    server.conntrack === undefined
      ? ""
      : ` The server's own firewall forgets a silent connection after ${describeDuration(server.conntrack)} (\`nf_conntrack_tcp_timeout_established\`).`;
  const text =
    speaks.length === 0
      ? "Neither side sends anything while a session is idle: a router or firewall between may forget the connection, often after 5 to 60 minutes. `ServerAliveInterval` prevents it."
      : `Something is sent at least every ${describeDuration(Math.min(...speaks))}, so that routers and firewalls between, which often forget a connection after 5 to 60 silent minutes, keep it.`;
  return `## Between\n\n${text}${own}`;
}

type Row = readonly [setting: string, value: string, source: string];

function serverRows(server: ServerTimeouts): Row[] {
  const rows: Row[] = [];
  if (server.server === "dropbear") {
    if (server.dropbearIdle !== undefined && server.dropbearKeepalive !== undefined) {
      rows.push(
        ["-I (idle)", seconds(server.dropbearIdle.value, "never"), server.dropbearIdle.source],
        ["-K (keepalive)", seconds(server.dropbearKeepalive.value, "off"), server.dropbearKeepalive.source],
      );
    }
  } else {
    rows.push(
      [
        "ClientAliveInterval",
        seconds(server.clientAliveInterval.value, "off"),
        server.clientAliveInterval.source,
      ],
      [
        "ClientAliveCountMax",
        server.clientAliveCountMax.value === 0 ? "0 (never ends)" : String(server.clientAliveCountMax.value),
        server.clientAliveCountMax.source,
      ],
      yesNoRow("TCPKeepAlive", server.tcpKeepAlive),
      channelRow(server.channelTimeouts),
      [
        "UnusedConnectionTimeout",
        seconds(server.unusedConnectionTimeout.value, "none"),
        server.unusedConnectionTimeout.source,
      ],
      ["RekeyLimit (ends nothing)", server.rekeyLimit.value, server.rekeyLimit.source],
    );
  }
  rows.push(
    server.tmout === undefined
      ? ["TMOUT", "not set", `start files of ${server.shell}`]
      : ["TMOUT", seconds(server.tmout.value, "off"), server.tmout.source],
  );
  if (server.logind !== undefined) {
    const { stopIdleSession, killUserProcesses } = server.logind;
    rows.push(
      ["StopIdleSessionSec", seconds(stopIdleSession ?? 0, "never"), "systemd-logind"],
      ["KillUserProcesses", killUserProcesses ? "yes (after logout, nohup too)" : "no", "systemd-logind"],
    );
  }
  if (server.kernel !== undefined) {
    const { keepaliveTime, keepaliveInterval, keepaliveProbes } = server.kernel;
    rows.push([
      "TCP keepalive",
      `after ${describeDuration(keepaliveTime)}, then ${keepaliveProbes} probes every ${describeDuration(keepaliveInterval)}`,
      "the server's kernel",
    ]);
  }
  return rows;
}

function ourRows(ours: OurTimeouts): Row[] {
  return [
    ["ServerAliveInterval", seconds(ours.serverAliveInterval.value, "off"), ours.serverAliveInterval.source],
    ["ServerAliveCountMax", String(ours.serverAliveCountMax.value), ours.serverAliveCountMax.source],
    yesNoRow("TCPKeepAlive", ours.tcpKeepAlive),
    channelRow(ours.channelTimeouts),
    ["Idle limit", seconds(ours.idleLimit.value, "none"), ours.idleLimit.source],
    ["Time limit", seconds(ours.timeLimit.value, "none"), ours.timeLimit.source],
    [
      "Linger without a session",
      Number.isFinite(ours.linger.value) ? seconds(ours.linger.value, "none") : "for ever",
      ours.linger.source,
    ],
  ];
}

function yesNoRow(name: string, known: Known<boolean>): Row {
  return [name, known.value ? "yes" : "no", known.source];
}

function channelRow(known: Known<readonly ChannelTimeout[]>): Row {
  const words = known.value.map(({ pattern, seconds: limit }) => `${pattern}=${limit}s`);
  return ["ChannelTimeout", words.length === 0 ? "none" : words.join(" "), known.source];
}

function seconds(value: number, zero: string): string {
  return value === 0 ? zero : describeDuration(value);
}

function doubtsText(server: ServerTimeouts): string {
  const lines = [
    ...server.perhaps.map(
      ({ line, criteria, source }) =>
        `- ${code(line)} (${code(source)}) applies only under ${code(`Match ${criteria}`)}, which can't be told from here.`,
    ),
    ...server.unreadable.map((file) => `- ${code(file)} can't be read by this user.`),
    ...(server.tmout !== undefined && server.tmout.source !== "the environment"
      ? [
          "- TMOUT is read from the shell's start files without running them: a condition around it is not seen.",
        ]
      : []),
    ...(server.kernel === undefined ? ["- The kernel's TCP keepalive times can't be read here."] : []),
  ];
  return lines.length === 0 ? "" : `## What is not certain\n\n${lines.join("\n")}`;
}

function table(heading: string, columns: readonly string[], rows: readonly Row[]): string {
  const lines = [
    `| ${columns.join(" | ")} |`,
    `| ${columns.map(() => "---").join(" | ")} |`,
    ...rows.map((row) => `| ${row.map((cell) => code(cell).replace(/\|/g, "\\|")).join(" | ")} |`),
  ];
  return `${heading}\n\n${lines.join("\n")}`;
}

/** Remote text as inline code, so that nothing in it is Markdown, a link or HTML. */
function code(text: string): string {
  return `\`${printable(text, 200).replace(/`/g, "'")}\``;
}
