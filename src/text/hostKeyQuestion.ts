import { plural, t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { FingerprintComparison } from "../trust/fingerprintComparison.ts";
import type { HostKeyQuestion } from "../trust/hostKeyPorts.ts";
import { mostOtherNames, type OtherName } from "../trust/otherNames.ts";
import { randomart } from "../trust/randomart.ts";
import { certificateProblemText } from "./certificateText.ts";
import { shortPath } from "./valueSourceText.ts";

/**
 * The text of the question about an unknown host key. No vscode.
 * @param home the home directory, shown as `~`.
 */
export function hostKeyDialog(
  question: HostKeyQuestion,
  home: string,
  comparison?: FingerprintComparison,
): {
  readonly message: string;
  readonly detail: string;
} {
  const { presented, knownTypes, otherNames = [], savedTo } = question;
  const at = [
    ...(question.address === undefined ? [] : [t("address {0}", printable(question.address))]),
    t("port {0}", question.port),
  ].join(", ");
  const known =
    knownTypes.length === 0
      ? otherNames.length === 0
        ? t("Its key is not in your known_hosts file.")
        : otherNamesText(otherNames, home)
      : t(
          "Your known_hosts file has another key for this host ({0}), but not this one. Servers can have several keys, but this could also be an impostor.",
          knownTypes.map((type) => printable(type)).join(", "),
        );
  return {
    message: t(`Do you trust the server that answers as "{0}"?`, printable(question.alias)),
    detail: [
      ...(comparison === undefined ? [] : [comparisonText(comparison)]),
      `${printable(question.host)} (${at})`,
      known,
      ...(question.certificateProblem === undefined
        ? []
        : [certificateProblemText(question.certificateProblem)]),
      `${printable(presented.type)}\n${printable(presented.fingerprint)}`,
      ...(comparison === "matches"
        ? []
        : [t("Compare the fingerprint with the one from the server's owner.")]),
      // Then there is no button to accept it.
      ...(comparison === "differs"
        ? []
        : [
            t(
              "If you accept the key, it is saved in {0}, and you will not be asked again.",
              savedTo === undefined ? "known_hosts" : printable(shortPath(savedTo, home)),
            ),
          ]),
    ].join("\n\n"),
  };
}

/** As OpenSSH says it, with file and line (other_hostkeys_message in sshconnect.c). */
function otherNamesText(names: readonly OtherName[], home: string): string {
  const omitted = names.length - mostOtherNames;
  return [
    t(
      "This name is not in your known_hosts file, but the same key is known by the following other names or addresses:",
    ),
    ...names
      .slice(0, mostOtherNames)
      .map(
        ({ file, line, name }) =>
          `${printable(shortPath(file, home))}:${line}: ${name === undefined ? t("[hashed name]") : printable(name, 80)}`,
      ),
    ...(omitted > 0 ? [t("… and {0}", plural(omitted, "{0} more name", "{0} more names"))] : []),
  ].join("\n");
}

/** The buttons of the question, without Cancel. */
export function hostKeyActions(): {
  readonly accept: string;
  readonly compare: string;
  readonly picture: string;
} {
  return {
    accept: t("Connect and Save"),
    compare: t("Compare Fingerprint…"),
    picture: t("Show Randomart"),
  };
}

/** The key as `ssh-keygen -lv` shows it, for a document. */
export function hostKeyPicture(question: HostKeyQuestion): { readonly name: string; readonly text: string } {
  const { alias, host, presented } = question;
  return {
    name: t("Host Key"),
    text: [
      // First, because the question may cover the rest.
      ...randomart(presented.key),
      "",
      t(`Key of the server that answers as "{0}" ({1}):`, printable(alias), printable(host)),
      `${printable(presented.type)} ${printable(presented.fingerprint)}`,
      "",
      t("ssh-keygen -lv -f FILE.pub prints the same picture of this key on the server."),
      "",
    ].join("\n"),
  };
}

function comparisonText(comparison: FingerprintComparison): string {
  switch (comparison) {
    case "matches":
      return t("The fingerprint that you entered matches the server's key.");
    case "differs":
      return t(
        "The fingerprint that you entered differs from the server's key. Another server may be pretending to be this one.",
      );
    case "no-fingerprint":
      return t("The text is neither a fingerprint nor a public key. Nothing was compared.");
  }
}

/** Above the box for a fingerprint. */
export function fingerprintPrompt(): string {
  return t("Paste the fingerprint that the server's owner gave you (SHA256 or MD5), or its public key.");
}
