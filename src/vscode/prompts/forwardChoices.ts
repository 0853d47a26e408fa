/** The rows of the box of *Forward Port…* for the typed text. No vscode. */
import { t } from "../../base/localize.ts";
import { type ForwardSpec, formatForward, parseForward } from "../../config/forwardSpec.ts";
import type { ForwardSnapshot } from "../../forward/forwardTypes.ts";
import { forwardComplaint } from "../../text/forwardComplaint.ts";
import { forwardEffect } from "../../text/forwardText.ts";

export interface ForwardChoice {
  readonly label: string;
  readonly detail: string;
  readonly icon: "arrow-right" | "arrow-left" | "globe" | "edit" | "warning";
  /** The forward of the row. */
  readonly spec?: ForwardSpec;
  /** The user typed it earlier, and can have it forgotten. */
  readonly isTyped?: boolean;
  /** The text that the row puts into the box. */
  readonly completion?: string;
}

/**
 * @param configured the host's LocalForward and similar lines.
 * @param earlier what the user typed for the host, newest first.
 * @param existing the host's forwards. A stopped one can be started again by choosing it.
 */
export function forwardChoices(
  typed: string,
  host: string,
  configured: readonly ForwardSpec[],
  earlier: readonly ForwardSpec[],
  existing: readonly Pick<ForwardSnapshot, "spec" | "state">[],
): readonly ForwardChoice[] {
  const text = typed.trim();
  const known = new Set(
    existing.filter(({ state }) => state.kind !== "stopped").map(({ spec }) => formatForward(spec)),
  );
  const own = text === "" ? [] : [typedChoice(text, host)];
  const same = own[0]?.spec && formatForward(own[0].spec);
  const typedBefore = new Set(earlier.map(formatForward));
  const offered = [
    ...earlier.map((spec) => ({ ...specChoice(spec, host), isTyped: true })),
    ...configured
      .filter((spec) => !typedBefore.has(formatForward(spec)))
      .map((spec) => specChoice(spec, host)),
  ].filter(({ spec }) => !known.has(formatForward(spec)));
  return [
    ...own,
    // Leave out rows that only repeat the typed text, or can't work (a port above 65535).
    ...[...offered, ...completions(text).filter((each) => ![same, undefined].includes(meaning(each)))].filter(
      ({ label }) =>
        label !== own[0]?.label &&
        (text === "" ||
          [label, label.replace(/^-L /, "")].some((each) =>
            each.toLowerCase().startsWith(text.toLowerCase()),
          )),
    ),
  ];
}

function typedChoice(text: string, host: string): ForwardChoice {
  try {
    return specChoice(parseForward(text), host);
  } catch (error) {
    return { label: text, detail: forwardComplaint(error), icon: "warning" };
  }
}

function meaning({ label }: ForwardChoice): string | undefined {
  try {
    return formatForward(parseForward(label));
  } catch {
    return undefined;
  }
}

function specChoice(spec: ForwardSpec, host: string): ForwardChoice & { readonly spec: ForwardSpec } {
  const icon = spec.kind === "remote" ? "arrow-left" : spec.kind === "dynamic" ? "globe" : "arrow-right";
  return { label: formatForward(spec), detail: forwardEffect(spec, host), icon, spec };
}

/** The start of each kind. */
function completions(text: string): readonly ForwardChoice[] {
  const port = /^(?:-[LRD] ?)?(\d{1,5})/.exec(text)?.[1] ?? "8080";
  const kinds: readonly (readonly [string, string, string])[] = [
    [`${port}:`, `${port}:localhost:${port}`, t("A port of the server, or of a host that it reaches")],
    ["unix:/", "unix:/run/docker.sock", t("A unix socket of the server, on a free port here")],
    ["-L ", `-L ${port}:localhost:${port}`, t("Like ssh -L: listens here, connects from the server")],
    ["-R ", `-R ${port}:localhost:${port}`, t("Like ssh -R: listens on the server, connects from here")],
    ["-D ", "-D 1080", t("Like ssh -D: a SOCKS server here, connects from the server")],
  ];
  return kinds
    .filter(([, example]) => example !== text)
    .map(([, example, detail]) => ({ label: example, detail, icon: "edit", completion: example }));
}
