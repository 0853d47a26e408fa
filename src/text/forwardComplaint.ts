/** What is wrong with a forward that the user types. No vscode. */
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { ForwardSpecError } from "../config/forwardSpec.ts";

/** The mistake in a typed text. */
export function forwardComplaint(error: unknown): string {
  if (!ForwardSpecError.is(error)) {
    return t("This is not a forward.");
  }
  const part = `"${printable(error.part, 60)}"`;
  switch (error.reason) {
    case "empty":
      return t("Type a port, such as 8080.");
    case "no-port":
      return t("{0} has no port after its last colon. Type port:port or port:host:port.", part);
    case "too-many-parts":
      return t("{0} has too many parts. Type address:port:host:port, or less of it.", part);
    case "port":
      return error.part === "0"
        ? t("0 is not a port to connect to. To listen at any free port here, type 0:localhost:8080.")
        : t("{0} is not a port: ports are numbers from 1 to 65535.", part);
    case "option":
      return t("{0} is not an option of forwards. Type -L, -R or -D, or none of them.", part);
    case "parts":
      return t("{0} is incomplete. Type port:host:port, for example 8080:localhost:80.", part);
    case "brackets":
      return t("{0} has no closing bracket. Type an IPv6 address as [::1].", part);
    case "host":
      return t("{0} is not the name or address of a host.", part);
    case "path":
      return t("{0} is not an absolute path of at most 103 characters.", part);
  }
}
