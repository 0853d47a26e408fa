import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { HostKeyQuestion } from "../../trust/hostKeyPorts.ts";

/** The words of the question about an unknown host key. */
export function hostKeyDialog(question: HostKeyQuestion): {
  readonly message: string;
  readonly detail: string;
} {
  const { presented, knownTypes } = question;
  const at = [
    ...(question.address === undefined ? [] : [t("address {0}", printable(question.address))]),
    t("port {0}", question.port),
  ].join(", ");
  const known =
    knownTypes.length === 0
      ? t("Its key is not in your known_hosts file.")
      : t(
          "Your known_hosts file has another key of this host ({0}), but not this one. A server may have several; so would a server that only pretends to be it.",
          knownTypes.map((type) => printable(type)).join(", "),
        );
  return {
    message: t(`Do you trust the server that answers as "{0}"?`, printable(question.alias)),
    detail: [
      `${printable(question.host)} (${at})`,
      known,
      `${printable(presented.type)}\n${printable(presented.fingerprint)}`,
      t(
        "Compare the fingerprint with the one that the server's owner gave you. If you accept it, the key is saved and you will not be asked again.",
      ),
    ].join("\n\n"),
  };
}
