import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { certificateDate } from "../trust/certificate.ts";
import type { CertificateProblem } from "../trust/hostCertificateCheck.ts";

/** The number of certificate names that are shown. */
const mostNames = 5;

/** Why a server's host certificate did not count, as a sentence. Its names are made printable. */
export function certificateProblemText(problem: CertificateProblem): string {
  switch (problem.kind) {
    case "not-a-host-certificate":
      return t("Its certificate was ignored: it is for a user, not for a host.");
    case "not-yet-valid":
      return t("Its certificate was ignored: it is not valid before {0}.", certificateDate(problem.from));
    case "expired":
      return t("Its certificate was ignored: it expired on {0}.", certificateDate(problem.at));
    case "no-names":
      return t("Its certificate was ignored: it names no host.");
    case "other-name":
      return t(
        "Its certificate was ignored: it is for {0}, not for {1}.",
        listed(problem.names),
        printable(problem.asked, 100),
      );
    case "critical-option":
      return t(
        "Its certificate was ignored: it has an unknown critical option ({0}).",
        listed(problem.names),
      );
    case "weak-signature":
      return t(
        "Its certificate was ignored: its authority signed it with {0}, which CASignatureAlgorithms does not allow.",
        printable(problem.algorithm, 60),
      );
    case "unknown-authority":
      return t(
        "Its certificate was ignored: no line of known_hosts trusts its authority for this host (@cert-authority).",
      );
  }
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, mostNames).map((name) => printable(name, 100));
  return (names.length > mostNames ? [...shown, "…"] : shown).join(", ");
}
