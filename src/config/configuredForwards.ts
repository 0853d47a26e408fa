import type { EffectiveValues } from "./effectiveValues.ts";
import type { Evaluation, SettingLine } from "./evaluationTypes.ts";
import {
  type ForwardKind,
  type ForwardSpec,
  ForwardSpecError,
  formatForward,
  formatListen,
  parseForwardArgument,
} from "./forwardSpec.ts";
import type { ConfiguredForward, ConfigWarning, ForwardConfig } from "./hostConfig.ts";

const keywords = [
  ["localforward", "local"],
  ["remoteforward", "remote"],
  ["dynamicforward", "dynamic"],
] as const satisfies readonly (readonly [string, ForwardKind])[];

/** OpenSSH's default of StreamLocalBindMask: only the owner can use the socket. */
const defaultMask = 0o177;

/**
 * The forwards in a host's ssh_config.
 * @param expand tokens and variables in the path of a unix socket.
 * @returns also a warning for each line that OpenSSH accepts and this parser does not.
 */
export function configuredForwards(
  values: EffectiveValues,
  { settings }: Evaluation,
  expand: (path: string) => string,
): { readonly config: ForwardConfig; readonly warnings: readonly ConfigWarning[] } {
  const first = (name: string): string | undefined => values.get(name)?.[0];
  const isYes = (name: string): boolean => /^(?:yes|true)$/.test(first(name) ?? "");
  const warnings: ConfigWarning[] = [];
  const forwards: ConfiguredForward[] = [];
  for (const [keyword, kind] of isYes("clearallforwardings") ? [] : keywords) {
    const lines = settings.get(keyword) ?? [];
    for (const value of values.get(keyword) ?? []) {
      const spec = parse(kind, value, expand);
      if (spec === undefined) {
        const at = lines.find((line) => line.values.includes(value));
        warnings.push({ kind: "keyword", keyword, value, ...placeOf(at), isSystemWide: false });
      } else if (!forwards.some((other) => isSame(other.spec, spec)) && !isEcho(spec, forwards)) {
        const text = formatForward(spec);
        const line = lines.find(({ values: written }) =>
          written.some((each) => {
            const same = parse(kind, each, expand);
            return same !== undefined && formatForward(same) === text;
          }),
        );
        forwards.push({ spec, source: { kind: "sshConfig", ...placeOf(line) } });
      }
    }
  }
  const permitted = (values.get("permitremoteopen") ?? []).flatMap((text) => text.split(/\s+/));
  const mask = first("streamlocalbindmask");
  return {
    config: {
      forwards,
      gatewayPorts: isYes("gatewayports"),
      exitOnForwardFailure: isYes("exitonforwardfailure"),
      escapeCommandLine: isYes("enableescapecommandline"),
      streamLocalBindMask:
        mask !== undefined && /^[0-7]{1,4}$/.test(mask) ? Number.parseInt(mask, 8) : defaultMask,
      streamLocalBindUnlink: isYes("streamlocalbindunlink"),
      ...(permitted.length > 0 &&
        permitted[0] !== "any" && {
          permitRemoteOpen: permitted.filter((pattern) => pattern !== "none"),
        }),
    },
    warnings,
  };
}

/** A value as written or as `ssh -G` prints it: the listening address, a blank, and the target. */
function parse(kind: ForwardKind, value: string, expand: (path: string) => string): ForwardSpec | undefined {
  try {
    const parts = value.trim().split(/\s+/);
    const expanded = parts.map((part) => (part.includes("/") && /[%$]/.test(part) ? expand(part) : part));
    return parseForwardArgument(kind, expanded.join(":"));
  } catch (error) {
    if (ForwardSpecError.is(error)) {
      return undefined;
    }
    throw error;
  }
}

function isSame(one: ForwardSpec, other: ForwardSpec): boolean {
  return formatForward(one) === formatForward(other);
}

/** `ssh -G` prints a LocalForward of a unix socket a second time, as a DynamicForward (dump_cfg_forwards in readconf.c). */
function isEcho(spec: ForwardSpec, forwards: readonly ConfiguredForward[]): boolean {
  return (
    spec.kind === "dynamic" &&
    forwards.some(
      ({ spec: other }) =>
        other.kind === "local" &&
        (other.listen.type === "unix" || other.target.type === "unix") &&
        formatListen(other.listen) === formatListen(spec.listen),
    )
  );
}

function placeOf(line: SettingLine | undefined): { readonly file?: string; readonly line?: number } {
  return {
    ...(line?.file !== undefined && { file: line.file }),
    ...(line?.line !== undefined && { line: line.line }),
  };
}
