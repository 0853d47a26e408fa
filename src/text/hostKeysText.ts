/** Texts about the keys of a host in known_hosts. No vscode. */
import { plural, t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { HostKeyUpdateQuestion, PresentedHostKey } from "../trust/hostKeyPorts.ts";
import type { Forgetting, HostKeyRecord } from "../trust/hostKeyRecords.ts";
import { randomart } from "../trust/randomart.ts";
import { type LinkedText, LinkedTextBuilder } from "./linkedText.ts";
import { sentence } from "./messageParts.ts";
import { plainMessage } from "./plainMessage.ts";
import { shortPath } from "./valueSourceText.ts";

/** The document of a host's keys: each with its fingerprint and its line. */
export function hostKeysDocument(host: string, records: readonly HostKeyRecord[], home: string): LinkedText {
  const builder = new LinkedTextBuilder().line(t(`Host keys of "{0}"`, printable(host)));
  for (const record of records) {
    builder.heading(meaning(record));
    builder.line(`${record.type} ${record.fingerprint}`);
    builder.line(t("Name: {0}", printable(record.name)));
    const { file, line } = record;
    builder.line({ text: `${shortPath(file, home)}:${line}`, target: { kind: "file", file, line } });
    builder.line();
    for (const row of randomart(record.key)) {
      builder.line(row);
    }
  }
  if (records.length === 0) {
    builder.line().line(t("No known_hosts file has a key of this host. You will be asked when you connect."));
  }
  return builder.build();
}

function meaning({ marker }: HostKeyRecord): string {
  switch (marker) {
    case "none":
      return t("Known key");
    case "cert-authority":
      return t("Authority whose certificates prove the host (@cert-authority)");
    case "revoked":
      return t("Revoked key (@revoked)");
  }
}

/** The question before a host's keys are forgotten. */
export function forgetHostKeysQuestion(
  host: string,
  records: readonly HostKeyRecord[],
): { readonly message: string; readonly detail: string; readonly forget: string } {
  return {
    message: plainMessage(t(`Forget the host keys of "{0}"?`, printable(host))),
    detail: [
      ...records.map(({ type, fingerprint }) => `${printable(type)} ${fingerprint}`),
      "",
      t(
        "The next connection asks about the key that the server shows. Do this only if you know why the key has changed. The file is kept with the ending .old.",
      ),
    ].join("\n"),
    forget: t("Forget Host Keys"),
  };
}

/** The result of forgetting a host's keys. */
export function forgottenText(host: string, { forgotten, kept }: Forgetting, home: string): string {
  const name = printable(host);
  const places = kept.map(({ file, line }) => `${shortPath(file, home)}:${line}`).join(", ");
  const left = kept.length === 0 ? [] : [t("These lines still name it: {0}.", printable(places, 500))];
  const done =
    forgotten.length === 0
      ? t(`known_hosts has no key of "{0}" that could be forgotten.`, name)
      : plural(forgotten.length, `Forgotten: {0} key of "{1}".`, `Forgotten: {0} keys of "{1}".`, name);
  return plainMessage([done, ...left].join(" "));
}

/** A key was accepted but could not be saved. */
export function hostKeyNotSaved(alias: string, file: string, why: string, home: string): string {
  return plainMessage(
    t(
      `The host key of "{0}" was accepted, but could not be saved in {1}: {2} It is unknown again at the next connection.`,
      printable(alias),
      printable(shortPath(file, home)),
      sentence(why),
    ),
  );
}

/** The question of UpdateHostKeys `ask`. */
export function hostKeyUpdateQuestion({ host, alias, added, removed }: HostKeyUpdateQuestion): {
  readonly message: string;
  readonly detail: string;
  readonly update: string;
} {
  const list = (keys: readonly PresentedHostKey[]): string =>
    keys.map(({ type, fingerprint }) => `${printable(type)} ${fingerprint}`).join("\n");
  return {
    message: plainMessage(t(`Update the host keys of "{0}" in known_hosts?`, printable(alias))),
    detail: [
      printable(host),
      ...(added.length === 0 ? [] : [t("New keys, which the server has proven to hold:"), list(added)]),
      ...(removed.length === 0 ? [] : [t("Keys that the server no longer has:"), list(removed)]),
    ].join("\n\n"),
    update: t("Update"),
  };
}
