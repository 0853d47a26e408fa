/** The parts of a destination that its name does not show already. No vscode. */
import { t } from "../base/localize.ts";
import { isHost, parseHostSpec } from "../config/hostSpec.ts";
import { destinationText } from "./humanText.ts";

const defaultPort = 22;

/** @param name an alias, or the typed host. @param destination `user` may be empty: it is unknown. */
export function destinationBeside(
  name: string,
  destination: { readonly user: string; readonly hostName: string; readonly port: number },
): string {
  const { user, hostName, port } = destination;
  const [named, host] = [name.toLowerCase(), hostName.toLowerCase()];
  if (host.startsWith(`${named}.`)) {
    return withoutNobody(destinationText({ ...destination, hostName: `…${hostName.slice(name.length)}` }));
  }
  if (!wordsOf(named).includes(host)) {
    return withoutNobody(destinationText(destination));
  }
  return [
    ...(user === "" || wordsOf(named).includes(user.toLowerCase()) ? [] : [t("as {0}", user)]),
    ...(port === defaultPort || wordsOf(named).includes(String(port)) ? [] : [t("port {0}", port)]),
  ].join(", ");
}

/** @param name what a row shows of the typed host `spec` */
export function typedBeside(name: string, spec: string): string {
  if (name === spec || !isHost(spec)) {
    return name === spec ? "" : spec;
  }
  const { alias, user = "", port = defaultPort } = parseHostSpec(spec);
  return destinationBeside(name, { user, hostName: alias, port });
}

/** `me`, `build1` and `2222` of `me@build1:2222`; an IPv6 address is one part. */
function wordsOf(name: string): readonly string[] {
  return [name, ...name.split("@"), ...name.split(/[@[\]]|:(?=\d+$)/)];
}

function withoutNobody(text: string): string {
  return text.startsWith("@") ? text.slice(1) : text;
}
