import * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import { inform, pickMany } from "../messages/messages.ts";
import { rememberedSecrets } from "../prompts/rememberedSecrets.ts";
import { command, optional } from "./command.ts";
import type { CommandContext } from "./commandContext.ts";
import { theHost } from "./hostFinders.ts";

/** Deletes stored passwords and passphrases: those of one host, or chosen ones. */
export const forgetPassword = command(
  optional(theHost),
  async (context, { given }) =>
    await (given === undefined ? forgetChosen(context) : forgetHost(context, given)),
);

async function forgetHost({ resolver, loginMemory, presenter }: CommandContext, host: string): Promise<void> {
  try {
    const forgotten = await loginMemory.forgetHost(await resolver.resolve(host));
    const list = forgotten.map((what) => printable(what)).join(", ");
    inform(list === "" ? t(`Nothing is saved for "{0}".`, printable(host)) : t("Forgotten: {0}.", list));
  } catch (error) {
    await presenter.present(error, host);
  }
}

async function forgetChosen({ secrets, loginMemory, presenter, home }: CommandContext): Promise<void> {
  const remembered = rememberedSecrets(secrets.keys(), loginMemory.keyFiles(), home);
  if (remembered.length === 0) {
    inform(t("No SSH password or passphrase is saved."));
    return;
  }
  const chosen = await pickMany(
    remembered.map((secret) => ({ ...secret, iconPath: new vscode.ThemeIcon("key") })),
    {
      title: t("Forget Password"),
      placeHolder: t("Choose what to forget"),
      matchOnDescription: true,
    },
  );
  for (const { name, label } of chosen ?? []) {
    try {
      await loginMemory.forget(name);
    } catch (error) {
      await presenter.present(error, label);
    }
  }
}
