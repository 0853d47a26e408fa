import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { ChannelTimeout } from "../config/channelTimeouts.ts";
import type { Known, OurTimeouts, ServerTimeouts } from "../remote/timeoutFacts.ts";
import {
  type Ender,
  type Prediction,
  predictEnds,
  type Situation,
  situations,
} from "../remote/timeoutPredictions.ts";
import { formatDuration } from "./durations.ts";
import { following } from "./messageParts.ts";
import { neverText, noneText, offText, yesNoText } from "./stateWords.ts";
import { preventionText, settingText } from "./timeoutRuleText.ts";

const situationTitles = (): Readonly<Record<Situation, string>> => ({
  "idle-terminal": t("An idle terminal at its prompt"),
  "idle-command": t("A silent command without a terminal"),
  "no-session": t("A connection without a session"),
  "client-gone": t("Our machine sleeps or loses its network"),
  "server-gone": t("The server stops responding"),
});

const enders = (): Readonly<Record<Ender, string>> => ({
  shell: t("The login shell"),
  server: "sshd",
  "server-kernel": t("The server's kernel"),
  logind: "systemd-logind",
  us: "SSH Sessions",
});

const ended = (): Readonly<Record<Prediction["ends"], string>> => ({
  shell: t("itself and the session"),
  session: t("the session"),
  connection: t("the whole connection"),
});

/**
 * Markdown that explains which timeout ends what, when, why, and what prevents it. A pure function of its arguments.
 */
export function timeoutDocument(server: ServerTimeouts, ours: OurTimeouts): string {
  const predictions = predictEnds(server, ours);
  const sections = [
    t("# What ends an idle session on {0}", code(ours.host)),
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
    table(t("## Settings of the server"), [t("Setting"), t("Value"), t("From")], serverRows(server)),
    table(t("## Settings of SSH Sessions"), [t("Setting"), t("Value"), t("From")], ourRows(ours)),
    doubtsText(server),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function basisText(server: ServerTimeouts): string {
  const who =
    server.sudo === "used"
      ? t("Read as {0} with `sudo -n`", code(server.user))
      : t("Read as {0}", code(server.user));
  if (server.server === "dropbear") {
    return t("{0}. The server is Dropbear: its limits are in its command line.", who);
  }
  switch (server.basis) {
    case "effective":
      return t("{0}. sshd reported its values for this login (`sshd -T`).", who);
    case "files":
      return t(
        "{0}. sshd does not report its values to this user, so they are read from its configuration files.",
        who,
      );
    case "none":
      return t("{0}. This user can't read sshd's configuration, so OpenSSH's defaults are assumed.", who);
  }
}

function situationText(
  situation: Situation,
  predictions: readonly Prediction[],
  server: ServerTimeouts,
  ours: OurTimeouts,
): string {
  const heading = `## ${situationTitles()[situation]}`;
  const [first, ...later] = predictions;
  if (first === undefined) {
    return `${heading}\n\n${nobodyText(situation, server, ours)}`;
  }
  const [by, what] = [enders()[first.by], ended()[first.ends]];
  const after = formatDuration(first.afterSeconds * 1000);
  const lines = [
    first.uncertain
      ? t("**{0} ends {1} after {2}, if that line applies.**", by, what, after)
      : t("**{0} ends {1} after {2}.**", by, what, after),
    "",
    t("- Reason: {0} ({1})", code(settingText(first.rule)), code(first.source)),
    t("- To prevent it: {0}", preventionText(first.rule)),
    ...later.map((other) =>
      t(
        "- Otherwise: {0} after {1}, {2} ({3})",
        enders()[other.by],
        formatDuration(other.afterSeconds * 1000),
        code(settingText(other.rule)),
        code(other.source),
      ),
    ),
    ...(situation === "client-gone" ? [pendingData()] : []),
  ];
  return `${heading}\n\n${lines.join("\n")}`;
}

const pendingData = () =>
  t(
    "- In any case, output that the server can't deliver ends the connection after about 15 minutes (Linux: `tcp_retries2`)",
  );

function nobodyText(situation: Situation, server: ServerTimeouts, ours: OurTimeouts): string {
  switch (situation) {
    case "idle-terminal":
    case "idle-command":
      return t(
        "**Nothing ends it.** No readable setting limits how long it may stay idle.{0}",
        aliveText(server),
      );
    case "no-session":
      return t("**Nothing ends it.** It stays open until you disconnect it.");
    case "client-gone":
      return [
        t("**Nothing ends it while nothing is sent.** The session stays on the server as a hung one."),
        "",
        t("- What would end it: `ClientAliveInterval` greater than 0 on the server"),
        pendingData(),
      ].join("\n");
    case "server-gone":
      return ours.probesIgnored
        ? t(
            "**SSH Sessions does not end it.** This server never replies to keepalive requests, so the keepalive timeout is disabled.",
          )
        : t("**SSH Sessions does not notice.** Keepalive is off: set `ServerAliveInterval`.");
  }
}

function aliveText(server: ServerTimeouts): string {
  return server.clientAliveInterval.value > 0
    ? following(
        t("sshd's own keepalive requests (`ClientAliveInterval`) are answered while the connection works."),
      )
    : "";
}

/**
 * Firewalls and address translation in between: their limits can't be read, but the keepalive works against all of
 * them.
 */
function betweenText(server: ServerTimeouts, ours: OurTimeouts): string {
  const keepalive = ours.probesIgnored ? 0 : ours.serverAliveInterval.value;
  const theirs = server.clientAliveInterval.value;
  const speaks = [keepalive, theirs].filter((seconds) => seconds > 0);
  const own =
    server.conntrack === undefined
      ? ""
      : following(
          t(
            "The server's own firewall drops a silent connection after {0} (`nf_conntrack_tcp_timeout_established`).",
            formatDuration(server.conntrack * 1000),
          ),
        );
  const text =
    speaks.length === 0
      ? t(
          "Neither side sends anything while a session is idle. Routers and firewalls may drop the connection, often after 5 to 60 minutes. `ServerAliveInterval` prevents it.",
        )
      : t(
          "Data is sent at least every {0}, so routers and firewalls, which often drop a connection after 5 to 60 silent minutes, keep it.",
          formatDuration(Math.min(...speaks) * 1000),
        );
  return `## Between\n\n${text}${own}`;
}

type Row = readonly [setting: string, value: string, source: string];

function serverRows(server: ServerTimeouts): Row[] {
  const rows: Row[] = [];
  if (server.server === "dropbear") {
    if (server.dropbearIdle !== undefined && server.dropbearKeepalive !== undefined) {
      rows.push(
        ["-I (idle)", seconds(server.dropbearIdle.value, neverText()), server.dropbearIdle.source],
        [
          "-K (keepalive)",
          seconds(server.dropbearKeepalive.value, offText()),
          server.dropbearKeepalive.source,
        ],
      );
    }
  } else {
    rows.push(
      [
        "ClientAliveInterval",
        seconds(server.clientAliveInterval.value, offText()),
        server.clientAliveInterval.source,
      ],
      [
        "ClientAliveCountMax",
        server.clientAliveCountMax.value === 0 ? t("0 (no limit)") : String(server.clientAliveCountMax.value),
        server.clientAliveCountMax.source,
      ],
      yesNoRow("TCPKeepAlive", server.tcpKeepAlive),
      channelRow(server.channelTimeouts),
      [
        "UnusedConnectionTimeout",
        seconds(server.unusedConnectionTimeout.value, noneText()),
        server.unusedConnectionTimeout.source,
      ],
      [t("RekeyLimit (does not end the session)"), server.rekeyLimit.value, server.rekeyLimit.source],
    );
  }
  rows.push(
    server.tmout === undefined
      ? ["TMOUT", t("not set"), t("startup files of {0}", server.shell)]
      : ["TMOUT", seconds(server.tmout.value, offText()), server.tmout.source],
  );
  if (server.logind !== undefined) {
    const { stopIdleSession, killUserProcesses } = server.logind;
    rows.push(
      ["StopIdleSessionSec", seconds(stopIdleSession ?? 0, neverText()), "systemd-logind"],
      [
        "KillUserProcesses",
        killUserProcesses ? t("yes (after logout, including nohup)") : "no",
        "systemd-logind",
      ],
    );
  }
  if (server.kernel !== undefined) {
    const { keepaliveTime, keepaliveInterval, keepaliveProbes } = server.kernel;
    rows.push([
      t("TCP keepalive"),
      t(
        "after {0}, then {1} probes every {2}",
        formatDuration(keepaliveTime * 1000),
        keepaliveProbes,
        formatDuration(keepaliveInterval * 1000),
      ),
      t("the server's kernel"),
    ]);
  }
  return rows;
}

function ourRows(ours: OurTimeouts): Row[] {
  return [
    [
      "ServerAliveInterval",
      seconds(ours.serverAliveInterval.value, offText()),
      ours.serverAliveInterval.source,
    ],
    ["ServerAliveCountMax", String(ours.serverAliveCountMax.value), ours.serverAliveCountMax.source],
    yesNoRow("TCPKeepAlive", ours.tcpKeepAlive),
    channelRow(ours.channelTimeouts),
    [t("Idle limit"), seconds(ours.idleLimit.value, noneText()), ours.idleLimit.source],
    [t("Time limit"), seconds(ours.timeLimit.value, noneText()), ours.timeLimit.source],
    [
      t("Linger without a session"),
      Number.isFinite(ours.linger.value) ? seconds(ours.linger.value, noneText()) : t("forever"),
      ours.linger.source,
    ],
  ];
}

function yesNoRow(name: string, known: Known<boolean>): Row {
  return [name, yesNoText(known.value), known.source];
}

function channelRow(known: Known<readonly ChannelTimeout[]>): Row {
  const words = known.value.map(({ pattern, seconds: limit }) => `${pattern}=${limit}s`);
  return ["ChannelTimeout", words.length === 0 ? noneText() : words.join(" "), known.source];
}

function seconds(value: number, zero: string): string {
  return value === 0 ? zero : formatDuration(value * 1000);
}

function doubtsText(server: ServerTimeouts): string {
  const lines = [
    ...server.perhaps.map(({ line, criteria, source }) =>
      t(
        "- {0} ({1}) applies only under {2}, which can't be checked from here.",
        code(line),
        code(source),
        code(`Match ${criteria}`),
      ),
    ),
    ...server.unreadable.map((file) => t("- This user can't read {0}.", code(file))),
    ...(server.tmout !== undefined && server.tmout.source !== "the environment"
      ? [
          t(
            "- TMOUT is read from the shell's startup files without running them: conditions around it are ignored.",
          ),
        ]
      : []),
    ...(server.kernel === undefined ? [t("- The kernel's TCP keepalive times can't be read here.")] : []),
  ];
  return lines.length === 0 ? "" : t("## Uncertain\n\n{0}", lines.join("\n"));
}

function table(heading: string, columns: readonly string[], rows: readonly Row[]): string {
  const lines = [
    `| ${columns.join(" | ")} |`,
    `| ${columns.map(() => "---").join(" | ")} |`,
    ...rows.map((row) => `| ${row.map((cell) => code(cell).replace(/\|/g, "\\|")).join(" | ")} |`),
  ];
  return `${heading}\n\n${lines.join("\n")}`;
}

/** Remote text as inline code, so that it can't contain Markdown, a link or HTML. */
function code(text: string): string {
  return `\`${printable(text, 200).replace(/`/g, "'")}\``;
}
