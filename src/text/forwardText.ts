/** Texts about forwards. No vscode. */
import { plural, t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { type ForwardSpec, formatForward, formatListen, formatTarget } from "../config/forwardSpec.ts";
import { ChannelError, ForwardError } from "../engine/engineErrors.ts";
import type { ForwardOrigin, ForwardSnapshot, LocalProgram } from "../forward/forwardTypes.ts";
import type { DetectedPort } from "../forward/portOffers.ts";
import { shortDuration } from "./durations.ts";
import { saying, sentence } from "./messageParts.ts";
import { formatBytes } from "./sessionDetails.ts";
import { valueSourceText } from "./valueSourceText.ts";

/** `8080 → db:5432`: where it listens, and what it reaches. Not escaped. */
export function forwardLabel({
  spec,
  port,
  state,
}: Pick<ForwardSnapshot, "spec" | "port" | "state">): string {
  const { listen } = spec;
  const isAny = listen.type === "tcp" && listen.port === 0;
  const known = isAny && port !== undefined && state.kind !== "stopped";
  const from =
    isAny && !known ? t("any port") : printable(formatListen(known ? { ...listen, port } : listen));
  const target =
    spec.kind === "dynamic" || spec.target === undefined ? "SOCKS" : printable(formatTarget(spec.target));
  return spec.kind === "remote" ? `${target} ← ${from}` : `${from} → ${target}`;
}

/** Letters of a name in a row: a side bar of 250 pixels then shows the state beside two of them. */
const shownOfName = 15;

/** As `forwardLabel`, with long names and paths shortened: `5432 → db-main…:5432`. */
export function shortForwardLabel(forward: Pick<ForwardSnapshot, "spec" | "port" | "state">): string {
  const { spec } = forward;
  const listen =
    spec.listen.type === "unix" ? { ...spec.listen, path: shortPath(spec.listen.path) } : spec.listen;
  if (spec.kind === "dynamic" || spec.target === undefined) {
    return forwardLabel({ ...forward, spec: { ...spec, listen } });
  }
  const target =
    spec.target.type === "unix"
      ? { ...spec.target, path: shortPath(spec.target.path) }
      : { ...spec.target, host: shortHost(spec.target.host) };
  return forwardLabel({ ...forward, spec: { ...spec, listen, target } });
}

/** Its first label, which usually names the machine. Addresses stay. */
function shortHost(host: string): string {
  if (host.length <= shownOfName || host.includes(":")) {
    return host;
  }
  const [first = host] = host.split(".");
  return first.length < shownOfName ? `${first}…` : `${first.slice(0, 6)}…${first.slice(-7)}`;
}

/** Its end, which usually names the program. */
function shortPath(path: string): string {
  return path.length <= shownOfName ? path : `…${path.slice(1 - shownOfName)}`;
}

/** The effect of the typed text. */
export function forwardEffect(spec: ForwardSpec, host: string): string {
  const name = printable(host);
  const at = printable(listenText(spec));
  switch (spec.kind) {
    case "local":
      return t("Listens here at {0}; {1} connects to {2}", at, name, printable(formatTarget(spec.target)));
    case "dynamic":
      return t(
        "Listens here at {0} as a SOCKS server; {1} connects to the targets that its clients request",
        at,
        name,
      );
    case "remote":
      return spec.target === undefined
        ? t(
            "{0} listens at {1} as a SOCKS server; this computer connects to the targets that its clients request",
            name,
            at,
          )
        : t(
            "{0} listens at {1}; this computer connects to {2}",
            name,
            at,
            printable(formatTarget(spec.target)),
          );
  }
}

function listenText({ listen }: ForwardSpec): string {
  if (listen.type === "unix") {
    return listen.path;
  }
  const port = listen.port === 0 ? t("any free port") : t("port {0}", listen.port);
  const { host } = listen;
  return host === undefined
    ? port
    : host === "" || host === "*"
      ? t("{0} on all addresses", port)
      : t("{0} on {1}", port, host);
}

/** Why a forward, or a connection through it, failed. */
export function forwardFailure(error: Error, owner?: LocalProgram): string {
  if (ForwardError.is(error)) {
    return reasonText(error, owner);
  }
  if (ChannelError.is(error)) {
    const said = saying(error.description);
    switch (error.code) {
      case 1:
        return t(
          "The server does not allow this connection.{0} AllowTcpForwarding, PermitOpen and the options of your key decide that.",
          said,
        );
      case 2:
        return t("The server can't reach the target.{0}", said);
      default:
        return error.reason === "connection-ended"
          ? t("The connection to the server has ended.")
          : t("The server did not open the connection.{0}", said);
    }
  }
  return sentence(error.message);
}

function reasonText({ reason, cause }: ForwardError, owner: LocalProgram | undefined): string {
  switch (reason) {
    case "refused-by-server":
      return t(
        "The server refused to listen. The port may be in use there, or AllowTcpForwarding, PermitListen, GatewayPorts or the options of your key forbid it.",
      );
    case "port-taken":
      return owner === undefined
        ? t("Another program listens there.")
        : t("{0} (process {1}) listens there.", printable(owner.name), owner.pid);
    case "not-allowed":
      return t(
        "The system does not allow listening there: {0}",
        sentence(cause instanceof Error ? cause.message : ""),
      );
    case "no-descriptors":
      return t("Too many connections are open. Close some, or raise the limit of open files.");
    case "not-connected":
      return t("The connection to the server was not restored in time.");
    case "timed-out":
      return t("The server did not respond in time.");
    case "bad-socks":
      return t(
        "A client sent no supported SOCKS request: only CONNECT of SOCKS 4, 4a and 5, without a password, is supported.",
      );
    case "not-permitted":
      return t("PermitRemoteOpen does not list the address that a client requested.");
    case "target-refused":
      return t("The target can't be reached from this computer.");
    case "loop":
      return t(
        "The target leads back to this forward, directly or through other forwards, so that each connection would cause another one. Choose another port or target.",
      );
    case "too-many":
      return t("The window has too many forwards. Remove some first.");
  }
}

/** A few words for a row: a side bar is narrow. */
export function forwardStateText({ state }: ForwardSnapshot): string {
  switch (state.kind) {
    case "starting":
      return t("starting");
    case "listening":
      return t("listening");
    case "waiting":
      return state.onDemand ? t("on demand") : t("waiting for the connection");
    case "refused":
      return ForwardError.is(state.error) && state.error.reason === "port-taken"
        ? state.owner === undefined
          ? t("port taken")
          : t("port taken by {0} ({1})", printable(state.owner.name), state.owner.pid)
        : ForwardError.is(state.error) && state.error.reason === "refused-by-server"
          ? t("refused by the server")
          : ForwardError.is(state.error) && state.error.reason === "loop"
            ? t("leads back to itself")
            : t("failed");
    case "stopped":
      return state.servedBy !== undefined
        ? state.servedBy.isWindow === true
          ? t("forwarded by another window ({0})", state.servedBy.pid)
          : t("forwarded by your ssh ({0})", state.servedBy.pid)
        : state.isFromBefore === true
          ? t("from before")
          : t("stopped");
  }
}

export function forwardOriginText(origin: ForwardOrigin, home: string): string {
  switch (origin.kind) {
    case "person":
      return t("by Forward Port…");
    case "extension":
      return origin.claim === undefined
        ? t("by another extension")
        : t(`by another extension that calls itself "{0}"`, printable(origin.claim, 60));
    case "sshConfig":
      return t("{0}, for {1}", valueSourceText(origin, home), origin.alias);
    case "setting":
      return valueSourceText({ kind: "hostSetting", pattern: origin.pattern }, home);
  }
}

/** `3 open`, and what went through. */
export function forwardTraffic(forward: ForwardSnapshot): readonly string[] {
  const { openConnections, rate } = forward;
  return [
    ...(openConnections === 0 ? [] : [t("{0} open", openConnections)]),
    ...(rate < 1 ? [] : [t("{0}/s", formatBytes(rate))]),
  ];
}

export function connectionsTaken(forward: ForwardSnapshot): string {
  const { taken, failed, openConnections } = forward;
  const all = plural(taken, "{0} connection so far", "{0} connections so far");
  return [
    failed === 0 ? all : t("{0}, {1} of them failed", all, failed),
    ...(openConnections === 0 ? [] : [t("{0} open", openConnections)]),
  ].join(", ");
}

export function openSince(since: number, now: number): string {
  return shortDuration(now - since);
}

/** As `ssh` takes it, with the host: for `~#` and for copying. */
export function forwardCommand({ spec, port }: Pick<ForwardSnapshot, "spec" | "port">): string {
  const { listen } = spec;
  return formatForward(
    listen.type === "tcp" && listen.port === 0 && port !== undefined
      ? { ...spec, listen: { ...listen, port } }
      : spec,
  );
}

/** Whether others may reach a listener of this computer. */
export function openListenerQuestion(
  host: string,
  spec: ForwardSpec,
): {
  readonly message: string;
  readonly detail: string;
  readonly refuse: string;
  readonly action: string;
} {
  return {
    message: t("Let other computers use this forward?"),
    detail: t(
      "{0} of {1} listens at an address that is not loopback: any computer that can reach this one can use it without a login.",
      printable(formatForward(spec)),
      `"${printable(host)}"`,
    ),
    refuse: t("Don't Listen"),
    action: t("Listen"),
  };
}

/** The question whether the forwards of ssh_config may start. */
export function configuredQuestion(
  host: string,
  specs: readonly ForwardSpec[],
): { readonly message: string; readonly action: string } {
  return {
    message: t(
      "ssh_config forwards ports for {0}: {1}. Start them?",
      `"${printable(host)}"`,
      printable(specs.map(formatForward).join(", ")),
    ),
    action: t("Start"),
  };
}

/** What to do if another program uses the port of a configured forward. */
export function takenPortQuestion(forward: ForwardSnapshot): {
  readonly message: string;
  readonly another: string;
  readonly retry: string;
} {
  const { state, host } = forward;
  return {
    message: t(
      "{0} of {1} is not forwarded. {2}",
      forwardLabel(forward),
      `"${printable(host)}"`,
      state.kind === "refused" ? forwardFailure(state.error, state.owner) : "",
    ),
    another: t("Use Another Port"),
    retry: t("Retry"),
  };
}

/** A forward that listens only at some of its addresses. */
export function partlyTakenWarning(forward: ForwardSnapshot): {
  readonly message: string;
  readonly another: string;
} {
  return {
    message: t(
      "{0} of {1} listens only at {2}: another program listens at {3}.",
      forwardLabel(forward),
      `"${printable(forward.host)}"`,
      forward.addresses.join(", "),
      forward.takenAddresses.join(", "),
    ),
    another: t("Use Another Port"),
  };
}

/** Whether a program's connection may log in. */
export function demandQuestion(forward: ForwardSnapshot): {
  readonly message: string;
  readonly detail: string;
  readonly refuse: string;
  readonly action: string;
} {
  const host = `"${printable(forward.host)}"`;
  return {
    message: t("Log in to {0}?", host),
    detail: t(
      "A program on this computer connects to {0}, which is forwarded to {1} and needs a login first. If you did not start such a program, refuse it.",
      forward.addresses.join(", "),
      host,
    ),
    refuse: t("Refuse"),
    action: t("Log In"),
  };
}

/** @param address where the forward listens on the computer of the extension */
export function otherMachineText(address: string): string {
  return t(
    "The browser can't be opened at {0}: in the window of a remote machine, VS Code opens that port of another machine.",
    address,
  );
}

/** The offer of a port that a program printed, or began to listen on. */
export function detectedPortText({ host, port, how }: DetectedPort): {
  readonly message: string;
  readonly forward: string;
  readonly open: string;
  readonly never: string;
} {
  const name = `"${printable(host)}"`;
  return {
    message:
      how === "printed"
        ? t("A program on {0} printed an address with port {1}. Forward the port?", name, port)
        : t("A program on {0} began to listen on port {1}. Forward the port?", name, port),
    forward: t("Forward"),
    open: t("Forward and Open"),
    never: t("Not for This Host"),
  };
}

export function detectionOffText(host: string): string {
  return t(
    "Ports of {0} are not offered any more. The setting is {1}.",
    `"${printable(host)}"`,
    "sshSessions.hosts",
  );
}
